"""To clickhouse-connect the gateway is a ClickHouse server, and each of its faults is what it says."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from tests.clickhouse_gateway import ClickHouseGateway
from tests.clickhouse_gateway.rules import When

pytestmark = pytest.mark.integration

_AT = datetime(2016, 8, 1, 7, 0, 12, tzinfo=UTC)
_COLUMNS = ["id", "at", "properties"]
_INSERTS = "INSERT INTO"


@pytest.fixture
def table(clickhouse_gateway: ClickHouseGateway) -> Iterator[str]:
    """An empty table of its own, so that counts are the test's."""
    client = clickhouse_gateway.client()
    client.command("DROP TABLE IF EXISTS events SYNC")
    client.command(
        "CREATE TABLE events (id UInt64, at DateTime64(6, 'UTC'), properties JSON) ENGINE = MergeTree ORDER BY id"
    )
    yield "events"
    client.close()


@pytest.fixture
def client(clickhouse_gateway: ClickHouseGateway) -> Iterator[Client]:
    with clickhouse_gateway.client(send_receive_timeout=1) as connected:
        yield connected


def _row(number: int) -> list[object]:
    return [number, _AT, {"page_path": f"/{number}", "nested": {"price": 1.5}}]


def _insert(client: Client, table: str, *numbers: int) -> int:
    return client.insert(table, [_row(number) for number in numbers], column_names=_COLUMNS).written_rows


def _count(gateway: ClickHouseGateway, table: str) -> int:
    with gateway.client() as client:
        return int(str(client.command(f"SELECT count() FROM {table}")))


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip", False])
def test_rows_with_a_json_column_come_back_as_they_were_inserted(
    clickhouse_gateway: ClickHouseGateway, table: str, compress: str | bool
) -> None:
    with clickhouse_gateway.client(compress=compress, tz_mode="aware") as client:
        assert _insert(client, table, 1, 2) == 2
        assert client.query(f"SELECT * FROM {table} ORDER BY id").result_rows == [
            tuple(_row(1)),
            tuple(_row(2)),
        ]


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip", False])
def test_an_insert_of_many_blocks_arrives_whole(
    clickhouse_gateway: ClickHouseGateway, table: str, compress: str | bool
) -> None:
    # 300 bytes a row: clickhouse-connect makes blocks of about 2 MB and compresses each by itself.
    rows = [[number, _AT, {"text": f"{number:0300}"}] for number in range(20_000)]
    with clickhouse_gateway.client(compress=compress) as client:
        client.insert(table, rows, column_names=_COLUMNS)
        totals = client.query(f"SELECT count(), sum(id), min(length(properties.text::String)) FROM {table}").first_row
    assert totals == (20_000, sum(range(20_000)), 300)


def test_binary_rows_may_hold_what_looks_like_an_empty_line(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client
) -> None:
    # 0x0A0A is two line ends; inline behind their INSERT, chDB would end the rows there.
    assert _insert(client, table, 0x0A0A, 1) == 2
    assert _count(clickhouse_gateway, table) == 2


def test_columns_are_inserted_as_well_as_rows(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client
) -> None:
    columns: list[list[object]] = [[1, 2], [_AT, _AT], [{"a": 1}, {"a": 2}]]
    client.insert(table, columns, column_names=_COLUMNS, column_oriented=True)
    assert client.query(f"SELECT sum(properties.a::Int64) FROM {table}").first_row == (3,)


def test_json_lines_are_inserted_with_their_own_format(table: str, client: Client) -> None:
    client.raw_insert(table, insert_block=b'{"id": 7, "properties": {"b": [1, 2]}}\n', fmt="JSONEachRow")
    assert client.query(f"SELECT id, properties FROM {table}").result_rows == [(7, {"b": [1, 2]})]


def test_commands_queries_and_empty_results_answer_as_a_server_does(table: str, client: Client) -> None:
    assert client.ping()
    assert client.command(f"EXISTS TABLE {table}") == 1
    assert client.command(f"SELECT id FROM {table}") == ""
    assert client.query(f"SELECT id FROM {table} LIMIT 0").column_names == ("id",)
    assert client.query("SELECT {text:String}", parameters={"text": "it's"}).first_row == ("it's",)


def test_parameters_too_long_for_a_url_arrive(table: str, client: Client) -> None:
    _insert(client, table, 1, 2, 3)
    wanted = list(range(2, 50_000))
    query = f"SELECT count() FROM {table} WHERE id IN {{wanted:Array(UInt64)}}"
    assert client.query(query, parameters={"wanted": wanted}).first_row == (2,)


def test_a_setting_holds_for_its_request_only(client: Client) -> None:
    asked = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    before = client.query(asked).first_row
    assert client.query(asked, settings={"max_block_size": 77}).first_row == ("77",)
    assert client.query(asked).first_row == before


def test_the_database_of_a_client_is_where_its_statements_run(clickhouse_gateway: ClickHouseGateway) -> None:
    with clickhouse_gateway.client() as client:
        client.command("CREATE DATABASE IF NOT EXISTS elsewhere")
    with clickhouse_gateway.client(database="elsewhere") as client:
        assert client.command("SELECT currentDatabase()") == "elsewhere"


def test_an_error_of_the_engine_carries_its_code(client: Client) -> None:
    with pytest.raises(DatabaseError) as refused:
        client.query("SELECT * FROM nowhere")
    assert (refused.value.code, refused.value.name) == (60, "UNKNOWN_TABLE")


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip", False])
def test_a_value_that_the_client_cannot_serialize_is_the_clients_own_error(
    clickhouse_gateway: ClickHouseGateway, table: str, compress: str | bool
) -> None:
    # clickhouse-connect takes the column's first value as the kind of all: text here, and then an object.
    rows = [[1, _AT, '{"a": 1}'], [2, _AT, {"a": 2}]]
    with clickhouse_gateway.client(compress=compress) as client, pytest.raises(AttributeError, match="encode"):
        client.insert(table, rows, column_names=_COLUMNS)
    assert _count(clickhouse_gateway, table) == 0


def test_requests_are_served_side_by_side(clickhouse_gateway: ClickHouseGateway) -> None:
    clickhouse_gateway.faults.stall(matching="held", times=1)
    with (
        ThreadPoolExecutor(1) as pool,
        clickhouse_gateway.client() as held,
        clickhouse_gateway.client() as free,
    ):
        waiting = pool.submit(held.command, "SELECT 'held'")
        clickhouse_gateway.faults.wait_until_held()
        assert free.command("SELECT 'free'") == "free"
        clickhouse_gateway.faults.clear()
        assert waiting.result(10) == "held"


def test_a_token_deduplicates_a_second_insert_where_the_table_has_a_window(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client
) -> None:
    client.command(f"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 100")
    for _ in range(2):
        client.insert(table, [_row(1)], column_names=_COLUMNS, settings={"insert_deduplication_token": "one"})
    client.insert(table, [_row(1)], column_names=_COLUMNS, settings={"insert_deduplication_token": "two"})
    assert _count(clickhouse_gateway, table) == 2


def test_refused_clients_fail_at_once_and_are_served_again_after_clear(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client
) -> None:
    clickhouse_gateway.faults.refuse()
    with pytest.raises(OperationalError, match="refused"):
        _insert(client, table, 1)
    with pytest.raises(OperationalError, match="refused"):
        clickhouse_gateway.client()
    clickhouse_gateway.faults.clear()
    _insert(client, table, 2)
    assert _count(clickhouse_gateway, table) == 1


def test_a_stalled_insert_times_out_and_is_dropped_when_its_client_has_gone(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client
) -> None:
    clickhouse_gateway.faults.stall(matching=_INSERTS)
    with pytest.raises(OperationalError, match="timed out"):
        _insert(client, table, 1)
    clickhouse_gateway.faults.clear()
    assert _insert(client, table, 2) == 1
    assert _count(clickhouse_gateway, table) == 1


def test_a_stalled_insert_goes_on_when_its_client_still_waits(
    clickhouse_gateway: ClickHouseGateway, table: str
) -> None:
    clickhouse_gateway.faults.stall(matching=_INSERTS)
    with ThreadPoolExecutor(1) as pool, clickhouse_gateway.client() as patient:
        inserting = pool.submit(_insert, patient, table, 1)
        clickhouse_gateway.faults.wait_until_held()
        assert _count(clickhouse_gateway, table) == 0
        clickhouse_gateway.faults.clear()
        assert inserting.result(10) == 1


def test_an_abandoned_insert_lands_late_when_asked_to(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client
) -> None:
    before = clickhouse_gateway.faults.executed(_INSERTS)
    clickhouse_gateway.faults.stall(matching=_INSERTS, times=1, even_if_abandoned=True)
    with pytest.raises(OperationalError, match="timed out"):
        _insert(client, table, 1)
    assert _insert(client, table, 1) == 1
    clickhouse_gateway.faults.clear()
    clickhouse_gateway.faults.wait_until_executed(_INSERTS, before + 2)
    assert _count(clickhouse_gateway, table) == 2


def test_an_insert_stalled_after_it_was_executed_is_in_the_table(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client
) -> None:
    clickhouse_gateway.faults.stall(matching=_INSERTS, when="after")
    with pytest.raises(OperationalError, match="timed out"):
        _insert(client, table, 1)
    assert _count(clickhouse_gateway, table) == 1


@pytest.mark.parametrize(("when", "rows"), [("before", 0), ("after", 1)])
def test_a_cut_command_fails_before_or_after_it_is_executed(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client, when: When, rows: int
) -> None:
    clickhouse_gateway.faults.cut(when=when, matching=_INSERTS)
    with pytest.raises(OperationalError, match="Connection aborted"):
        client.command(f"INSERT INTO {table} (id) VALUES (1)")
    assert _count(clickhouse_gateway, table) == rows


@pytest.mark.parametrize(("when", "rows"), [("before", 1), ("after", 2)])
def test_clickhouse_connect_sends_a_cut_insert_again_by_itself(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client, when: When, rows: int
) -> None:
    clickhouse_gateway.faults.cut(when=when, matching=_INSERTS, times=1)
    assert _insert(client, table, 1) == 1  # no error: a row inserted once is there twice
    assert _count(clickhouse_gateway, table) == rows


def test_an_insert_that_is_cut_every_time_fails(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client
) -> None:
    clickhouse_gateway.faults.cut(when="before", matching=_INSERTS)
    with pytest.raises(OperationalError, match="Connection aborted"):
        _insert(client, table, 1)
    assert _count(clickhouse_gateway, table) == 0


def test_an_injected_error_meets_only_the_next_requests_that_match(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client
) -> None:
    clickhouse_gateway.faults.error(252, "Too many parts (TOO_MANY_PARTS)", matching=_INSERTS, times=2)
    assert client.command("SELECT 1") == 1
    for _ in range(2):
        with pytest.raises(DatabaseError, match=r"Code: 252\. DB::Exception: Too many parts") as refused:
            _insert(client, table, 1)
        assert refused.value.code == 252
    assert _insert(client, table, 1) == 1


def test_an_injected_error_may_follow_an_insert_that_was_executed(
    clickhouse_gateway: ClickHouseGateway, table: str, client: Client
) -> None:
    clickhouse_gateway.faults.error(319, "Unknown status (UNKNOWN_STATUS_OF_INSERT)", when="after", matching=_INSERTS)
    with pytest.raises(DatabaseError) as unsure:
        _insert(client, table, 1)
    assert unsure.value.code == 319
    assert _count(clickhouse_gateway, table) == 1


def test_a_wrong_password_is_error_516_for_new_and_for_old_clients(
    clickhouse_gateway: ClickHouseGateway, client: Client
) -> None:
    clickhouse_gateway.faults.wrong_password()
    with pytest.raises(DatabaseError) as old:
        client.command("SELECT 1")
    with pytest.raises(DatabaseError) as new:
        clickhouse_gateway.client()
    assert old.value.code == new.value.code == 516


def test_what_was_inserted_is_there_after_a_kill(clickhouse_gateway: ClickHouseGateway, table: str) -> None:
    with clickhouse_gateway.client() as client:
        _insert(client, table, 1)
    clickhouse_gateway.kill()
    clickhouse_gateway.start()
    assert _count(clickhouse_gateway, table) == 1


def test_a_pattern_that_is_no_regex_is_refused_by_the_test_side(
    clickhouse_gateway: ClickHouseGateway,
) -> None:
    with pytest.raises(re.error, match="unterminated"):
        clickhouse_gateway.faults.error(60, matching="(")
