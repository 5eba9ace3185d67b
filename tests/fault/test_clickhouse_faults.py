"""ClickHouse refuses, stalls, cuts and fails: rows land once, or the sink stops and says why."""

import threading
import traceback
import uuid

import pytest
from bytewax.outputs import StatefulSinkPartition
from pydantic import SecretStr

from config.clickhouse_url import ClickHouseUrl
from operators.records import Chunk
from sinks.clickhouse.archive import ArchiveSink
from sinks.clickhouse.batch import insert_batch
from sinks.clickhouse.client import connect
from sinks.clickhouse.database import Database
from sinks.clickhouse.decision_rows import late_columns
from sinks.clickhouse.migrate import read_migrations
from sinks.clickhouse.tables import LATE
from sinks.errors import (
    AuthenticationFailed,
    RetriesExhausted,
    RowsRefused,
    SchemaError,
    SinkError,
    TerminalSinkError,
)
from sinks.retry import Retry
from tests.clickhouse_gateway import ClickHouseGateway
from tests.unit.sinks.samples import PART, chunk, late_event
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

EVENTS_INSERT = r"INSERT INTO \S*events\b"
QUICK = Retry(first_s=0.02, longest_s=0.05, deadline_s=10.0, attempt_s=1)
IMPATIENT = Retry(first_s=0.02, longest_s=0.05, deadline_s=0.5, attempt_s=1)


@pytest.fixture
def url(clickhouse_gateway: ClickHouseGateway) -> ClickHouseUrl:
    """An empty database of the test's own."""
    gateway = clickhouse_gateway
    return ClickHouseUrl("http", host=gateway.host, port=gateway.port, database=f"test_{uuid.uuid4().hex}")


def partition(url: ClickHouseUrl, retry: Retry = QUICK) -> StatefulSinkPartition[Chunk, int | None]:
    return ArchiveSink(url, [PART], retry=retry).build_part("archive", PART, None)


def write(to: StatefulSinkPartition[Chunk, int | None], *chunks: Chunk) -> None:
    to.write_batch(list(chunks))
    to.snapshot()


def offsets(url: ClickHouseUrl) -> list[int]:
    return [row[0] for row in connect(url).query("SELECT `offset` FROM events ORDER BY `offset`").result_rows]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_insert_that_is_cut_lands_once(url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway, when: str) -> None:
    to = partition(url)
    faults = clickhouse_gateway.faults
    executed_before = faults.executed(EVENTS_INSERT)
    faults.cut(when=when, times=4, matching=EVENTS_INSERT)  # type: ignore[arg-type]
    write(to, chunk(range(100)))
    to.close()
    assert faults.executed(EVENTS_INSERT) - executed_before == (5 if when == "after" else 1)
    assert offsets(url) == list(range(100))


@pytest.mark.parametrize(
    ("code", "when"),
    [
        (252, "before"),
        (241, "before"),
        (243, "before"),
        (202, "before"),
        (242, "before"),
        (319, "after"),
        (159, "after"),
    ],
)
def test_a_transient_code_is_retried_and_doubles_nothing(
    url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway, code: int, when: str
) -> None:
    to = partition(url)
    clickhouse_gateway.faults.error(code, when=when, times=2, matching=EVENTS_INSERT)  # type: ignore[arg-type]
    write(to, chunk(range(100)))
    to.close()
    assert offsets(url) == list(range(100))


def test_an_insert_that_lands_late_doubles_nothing(url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway) -> None:
    to = partition(url)
    faults = clickhouse_gateway.faults
    landed_before = faults.executed(EVENTS_INSERT)
    faults.stall(when="before", even_if_abandoned=True, times=1, matching=EVENTS_INSERT)
    write(to, chunk(range(100)))
    to.close()
    faults.clear()
    faults.wait_until_executed(EVENTS_INSERT, landed_before + 2)
    assert offsets(url) == list(range(100))


def test_an_insert_over_several_months_that_is_cut_lands_once(
    url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway
) -> None:
    # A hundred parts are written and flushed to the disk: on a busy machine that takes more than a second.
    to = partition(url, Retry(first_s=0.02, longest_s=0.05, deadline_s=60.0, attempt_s=20))
    written = chunk(range(100))
    written.record_times_us = [i * 30 * 86_400_000_000 for i in range(100)]
    clickhouse_gateway.faults.cut(when="after", times=2, matching=EVENTS_INSERT)
    write(to, written)
    to.close()
    assert offsets(url) == list(range(100))


@pytest.mark.parametrize("refusals", [1, 2, 3, 4, 5])
def test_a_row_that_is_refused_for_no_known_reason_is_found_and_kept_as_text(
    url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway, refusals: int
) -> None:
    """All eight are refused, then four, two, and one."""
    unchanged = '{"price":1.5}'
    to = partition(url)
    clickhouse_gateway.faults.error(117, "INCORRECT_DATA", times=refusals, matching=EVENTS_INSERT)
    if refusals == 5:
        with pytest.raises(RowsRefused, match="report the message"):
            write(to, chunk(range(8), properties=unchanged))
        return
    write(to, chunk(range(8), properties=unchanged))
    to.close()
    sql = "SELECT `offset`, toJSONString(properties) FROM events ORDER BY `offset`"
    text = '{"_text":"{\\"price\\":1.5}"}' if refusals == 4 else '{"price":1.5}'
    assert connect(url).query(sql).result_rows == [(0, text), *((offset, '{"price":1.5}') for offset in range(1, 8))]


def test_equal_rows_in_different_batches_are_all_kept(url: ClickHouseUrl) -> None:
    """What is recognised is the attempt, not the content."""
    database = Database.open(url, QUICK)
    for _ in range(2):
        insert_batch(database, LATE, late_columns([late_event(1)]))
    assert connect(url).query("SELECT count() FROM late").result_rows == [(2,)]
    database.close()


def test_a_stalled_server_is_asked_again(url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway) -> None:
    to = partition(url)
    clickhouse_gateway.faults.stall(times=1, matching=EVENTS_INSERT)
    write(to, chunk(range(10)))
    to.close()
    assert offsets(url) == list(range(10))


def test_a_server_that_restarts_is_waited_for(url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway) -> None:
    to = partition(url)
    write(to, chunk(range(10)))
    clickhouse_gateway.faults.refuse()
    again = threading.Timer(0.5, clickhouse_gateway.faults.clear)
    again.start()
    write(to, chunk(range(10, 20)))
    again.join()
    to.close()
    assert offsets(url) == list(range(20))


def test_a_server_that_is_away_for_too_long_stops_the_sink(
    url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway
) -> None:
    to = partition(url, IMPATIENT)
    clickhouse_gateway.faults.refuse()
    to.write_batch([chunk(range(10))])
    with pytest.raises(RetriesExhausted, match=r"attempts in .* start the job again"):
        to.snapshot()
    with pytest.raises(RetriesExhausted):
        to.write_batch([chunk(range(10, 20))])
    to.close()
    clickhouse_gateway.faults.clear()
    assert offsets(url) == []


def test_a_disk_that_stays_full_stops_the_sink_and_says_so(
    url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway
) -> None:
    to = partition(url, IMPATIENT)
    clickhouse_gateway.faults.error(243, matching=EVENTS_INSERT)
    to.write_batch([chunk(range(10))])
    with pytest.raises(RetriesExhausted, match=r"Free or add disk space.* start the job again"):
        to.snapshot()
    to.close()


def test_a_server_that_never_comes_stops_the_start(url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway) -> None:
    clickhouse_gateway.faults.refuse()
    with pytest.raises(RetriesExhausted, match="open the ClickHouse database at http://default@"):
        partition(url, IMPATIENT)


@pytest.mark.parametrize("code", [62, 987654])
def test_what_will_not_pass_is_not_retried(
    url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway, code: int
) -> None:
    to = partition(url)
    clickhouse_gateway.faults.error(code, times=1, matching=EVENTS_INSERT)
    with pytest.raises(TerminalSinkError):
        write(to, chunk(range(10)))
    to.close()
    assert offsets(url) == []


def test_a_wrong_password_is_named_and_not_shown(clickhouse_gateway: ClickHouseGateway) -> None:
    gateway = clickhouse_gateway
    gateway.faults.wrong_password()
    # Not written out as one text here: a traceback quotes the source.
    password = "hunter" + "2"
    address = ClickHouseUrl("http", gateway.host, gateway.port, "default", "job", SecretStr(password))
    with pytest.raises(AuthenticationFailed, match="Check the user and the password") as caught:
        partition(address)
    assert password not in "".join(traceback.format_exception(caught.value))


def test_a_dropped_table_stops_the_sink(url: ClickHouseUrl) -> None:
    to = partition(url)
    write(to, chunk(range(10)))
    connect(url).command("DROP TABLE events")
    with pytest.raises(SchemaError, match="events"):
        write(to, chunk(range(10, 20)))
    to.close()


def test_a_crash_with_an_unknown_insert_is_healed_by_the_resume(
    url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway
) -> None:
    crashed = partition(url, IMPATIENT)
    clickhouse_gateway.faults.cut(when="after", matching=EVENTS_INSERT)
    with pytest.raises(SinkError):
        write(crashed, chunk(range(10)))
    crashed.close()
    clickhouse_gateway.faults.clear()
    assert offsets(url) == list(range(10))
    resumed = partition(url)
    write(resumed, chunk(range(20)))
    resumed.close()
    assert offsets(url) == list(range(20))


def test_an_insert_that_a_dead_run_left_running_is_waited_for(
    url: ClickHouseUrl, clickhouse_gateway: ClickHouseGateway
) -> None:
    partition(url).close()
    slow = (
        "INSERT INTO events (topic, kafka_partition, `offset`, record_time) "
        "SELECT 'shop-events', 3, number, toDateTime64('2026-01-05 10:00:00', 3, 'UTC') + number + sleepEachRow(0.3) "
        "FROM numbers(5)"
    )
    dead_run = threading.Thread(target=lambda: connect(url).command(slow))
    dead_run.start()
    observer = connect(url)
    running = "SELECT count() FROM system.processes WHERE query_kind = 'Insert'"
    wait_until(lambda: observer.query(running).result_rows[0][0], what="the dead run's INSERT under way")
    resumed = partition(url)
    write(resumed, chunk(range(10)))
    resumed.close()
    dead_run.join()
    assert offsets(url) == list(range(10))


def test_processes_that_start_together_make_the_tables_once(url: ClickHouseUrl) -> None:
    failures: list[SinkError] = []

    def start() -> None:
        try:
            partition(url).close()
        except SinkError as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    made = connect(url).query("SELECT DISTINCT version FROM schema_migrations ORDER BY version").result_rows
    assert made == [(migration.version,) for migration in read_migrations()]
