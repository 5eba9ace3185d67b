"""`flows.run`: when one process dies all end and start again; it stops in order; it knows when not to try again."""

import re
import signal
import time
from typing import Final

import pytest

from flows.exit_status import ExitStatus
from tests.clickhouse_gateway import ClickHouseGateway
from tests.integration.live_site import Site
from tests.integration.live_topics import Sent, event
from tests.integration.recovery_store import RecoveryStore
from tests.integration.supervised_flow import SupervisedFlow, is_alive
from tests.kafka.topics import add_partitions

pytestmark = pytest.mark.integration

ARCHIVED: Final = "SELECT count() FROM events"
START_MS: Final = 1_767_600_000_000
MORE_TO_COME: Final = {"CT_IDLE_AFTER": "1h"}


def views(first: int, count: int) -> list[Sent]:
    return [event(f"view-{i}", "page_view", f"c{i % 97}", START_MS + i) for i in range(first, first + count)]


def archives(site: Site, flow: SupervisedFlow, count: int) -> None:
    flow.wait_until(lambda: site.number(ARCHIVED) == count, what=f"{count} events archived", within_s=60)


def test_when_one_process_is_killed_all_start_again_and_nothing_is_lost_or_doubled(site: Site) -> None:
    site.abandonment()
    site.produce(views(0, 2_000))
    store = site.folder / "store"
    with site.supervised(recovery=store, settings=MORE_TO_COME) as flow:
        archives(site, flow, 2_000)
        for process in (0, 1):
            lives = len(flow.lives)
            dying, other = flow.lives[-1][process], flow.lives[-1][1 - process]
            flow.kill_process(process)
            flow.wait_until(lambda: len(flow.lives) > lives, what="a new start")  # noqa: B023
            assert not is_alive(other)
            (said,) = (line for line in flow.said() if f"(id {dying})" in line)
            assert f"pipeline process {process} " in said
            assert "was killed by SIGKILL (kill -9, or out of memory) after" in said
            assert "Starting all 2 again in" in said
            site.produce(views(2_000 + process * 500, 500))
            archives(site, flow, 2_500 + process * 500)
        assert flow.stop() == ExitStatus.STOPPED
    assert site.rows("SELECT count(), uniqExact(event_id) FROM events") == [(3_000, 3_000)]


def test_a_stop_closes_the_open_epoch_and_prints_no_backtrace(site: Site) -> None:
    """With epochs of ten minutes all of it is in the open one."""
    site.abandonment()
    site.produce(views(0, 2_000))
    store = site.folder / "store"
    for by in (signal.SIGTERM, signal.SIGINT):
        with site.supervised(recovery=store, settings=MORE_TO_COME, epoch_s=600) as flow:
            read = 2_000 if by is signal.SIGTERM else 0
            flow.wait_until(
                lambda: sum(flow.metrics(each).of("events_total", fate="matched") for each in (0, 1)) >= 0,
                what="both serve their metrics, at ports of their own",
            )
            if read:
                flow.wait_until(
                    lambda: sum(flow.metrics(each).of("events_read_total") for each in (0, 1)) == 2_000,
                    what="everything read",
                )
            flow.signal(by)
            assert flow.wait() == ExitStatus.STOPPED
            assert "Traceback" not in flow.output
            assert "panicked" not in flow.output
            assert flow.said()[-1] == "flows.run | stopped"
            assert (
                len(re.findall(r"^pipeline \d \| stopped; everything read is in a closed epoch$", flow.output, re.M))
                == 2
            )
    assert site.rows("SELECT count(), uniqExact(event_id) FROM events") == [(2_000, 2_000)]
    assert RecoveryStore(store).closed_epoch() > 0


def test_a_stop_that_a_sink_holds_up_gives_the_epoch_up_within_the_grace_time(
    site: Site, clickhouse_gateway: ClickHouseGateway
) -> None:
    site.abandonment()
    store = site.folder / "store"
    with site.supervised("archive", processes=1, recovery=store, arguments=["--grace", "1s"]) as flow:
        flow.wait_until(lambda: flow.metrics().of("events_read_total") == 0, what="the flow")
        clickhouse_gateway.faults.stall(matching=r"(?i)^\s*insert into\s+\S*events\b")
        site.produce(views(0, 10))
        clickhouse_gateway.faults.wait_until_held()
        flow.signal(signal.SIGTERM)
        assert flow.wait() == ExitStatus.STOPPED
        assert "the open epoch did not close within 1 s" in flow.output
        assert "what it had read is read again" in flow.output
    clickhouse_gateway.faults.clear()
    with site.supervised("archive", processes=1, recovery=store) as flow:
        archives(site, flow, 10)
        assert flow.stop() == ExitStatus.STOPPED


def test_bytewax_run_ends_in_order_too(site: Site) -> None:
    site.abandonment()
    store = site.recovery_store()
    site.produce(views(0, 2_000))
    for workers in ("1", "2"):
        with site.flow(recovery=store, epoch_s=600, settings=MORE_TO_COME, arguments=["-w", workers]) as flow:
            expected = 2_000 if workers == "1" else 0
            flow.wait_until(lambda: flow.metrics().of("events_read_total") == expected, what="all read")  # noqa: B023
            assert flow.stop() == 0
            assert "Traceback" not in flow.output
            assert "panicked" not in flow.output
    assert site.rows("SELECT count(), uniqExact(event_id) FROM events") == [(2_000, 2_000)]


def test_what_no_new_start_mends_is_not_started_again(site: Site) -> None:
    with site.supervised() as flow:
        assert flow.wait(60) == ExitStatus.BAD_CONFIGURATION
        assert len(flow.lives) == 1
        assert "holds no trigger" in flow.said()[-1]
        assert "No new start would mend that" in flow.said()[-1]


def test_what_a_step_raises_while_it_runs_is_told_and_is_not_retried_where_that_is_in_vain(
    site: Site, clickhouse_gateway: ClickHouseGateway
) -> None:
    """A server that will not have the rows: raised in one process of two, and told by name all the same."""
    site.abandonment()
    with site.supervised(recovery=site.folder / "store") as flow:
        flow.wait_until(lambda: flow.metrics().of("events_read_total") == 0, what="the flow")
        cannot_parse = 27
        clickhouse_gateway.faults.error(cannot_parse, matching=r"(?i)^\s*insert into\s+\S*events\b")
        site.produce(views(0, 10))
        assert flow.wait(60) == ExitStatus.BAD_CONFIGURATION
        assert len(flow.lives) == 1
        assert "the last it said: RowsRefused: " in flow.said()[-1]


def test_it_gives_up_with_the_status_of_the_last_failure(site: Site) -> None:
    site.abandonment()
    with site.supervised(processes=1, arguments=["--failures", "3"]) as flow:
        for life in range(1, 4):
            flow.wait_until(lambda: len(flow.lives) == life, what=f"start {life}")  # noqa: B023
            flow.kill_process(0, signal.SIGABRT)
        assert flow.wait() == ExitStatus.FAILED
        waits = [re.search(r"again in ([\d.]+) s", line) for line in flow.said()]
        assert [found[1] for found in waits if found] == ["0.1", "0.2"]
        assert "Giving up: failure 3 of 3" in flow.said()[-1]


def test_a_supervisor_that_is_killed_leaves_nobody_behind_and_the_next_waits_for_that(site: Site) -> None:
    site.abandonment()
    store = site.folder / "store"
    with site.supervised(recovery=store) as first:
        first.wait_until(lambda: first.metrics(1).of("events_read_total") == 0, what="the flow")
        with site.supervised(recovery=store, arguments=["--grace", "100ms"]) as second:
            assert second.wait() == ExitStatus.BAD_CONFIGURATION
            assert f"the recovery store {store} is in use by the supervisor" in second.output
        left = first.lives[-1]
        first.kill()
        with site.supervised(recovery=store) as next_:
            next_.wait_until(lambda: next_.lives, what="the next set")
            assert not any(map(is_alive, left))
            assert next_.stop() == ExitStatus.STOPPED


def test_a_store_of_another_number_of_partitions_is_refused(site: Site) -> None:
    store = site.recovery_store(partitions=2).folder
    with site.supervised(recovery=store, processes=1, arguments=["--recovery-partitions", "3"]) as flow:
        assert flow.wait() == ExitStatus.BAD_CONFIGURATION
        assert f"the recovery store {store} has 2 partitions, and 3 were asked for" in flow.output


def test_another_number_of_key_groups_is_refused_with_the_way_out(site: Site) -> None:
    site.abandonment()
    site.produce([event("cart", "cart_add", "c", START_MS, partition=0)])
    store = site.folder / "store"
    for key_groups in ("32", "64", "32"):
        with site.supervised(processes=1, recovery=store, settings={"CT_KEY_GROUPS": key_groups}) as flow:
            if key_groups == "64":
                assert flow.wait(60) == ExitStatus.BAD_CONFIGURATION
                assert "written with 32 key groups, and key_groups (CT_KEY_GROUPS) is 64" in flow.said()[-1]
                assert "Set 32 again" in flow.said()[-1]
                assert "Traceback" not in flow.output
            else:
                flow.wait_until(lambda: flow.metrics().of("watermark_delay_seconds") > 0, what="time going on")
                RecoveryStore(store).wait_until_kept(flow)
                assert flow.stop() == ExitStatus.STOPPED


def test_new_partitions_of_a_topic_are_read_from_their_beginning(site: Site) -> None:
    site.abandonment()
    site.produce(views(0, 100))
    with site.supervised(recovery=site.folder / "store", settings={"CT_METADATA_INTERVAL": "500ms"}) as flow:
        archives(site, flow, 100)
        add_partitions(site.kafka, site.topic, 6)
        site.produce([event(f"new-{i}", "page_view", "c", START_MS, partition=4 + i) for i in range(2)])
        archives(site, flow, 102)
        (said,) = (line for line in flow.said() if "partitions_changed" in line)
        assert "new partitions: " in said
        assert f"{site.topic}/4, {site.topic}/5" in said
        assert "Starting all 2 again at once" in said
    assert site.rows("SELECT count(), uniqExact(event_id) FROM events") == [(102, 102)]


def test_a_process_that_is_ended_alone_takes_the_set_with_it(site: Site) -> None:
    site.abandonment()
    with site.supervised(recovery=site.folder / "store", arguments=["--grace", "500ms"]) as flow:
        flow.wait_until(lambda: flow.metrics(1).of("events_read_total") == 0, what="the flow")
        begun_s = time.monotonic()
        flow.kill_process(1, signal.SIGTERM)
        flow.wait_until(lambda: len(flow.lives) == 2, what="a new start")
        assert time.monotonic() - begun_s < 20
