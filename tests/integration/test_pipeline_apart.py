"""`flows.triggers` and `flows.archive` as processes of their own: what one suffers and the other does not."""

import time
from pathlib import Path
from typing import Final

import pytest

from sinks.clickhouse.client import connect
from sinks.clickhouse.embedded import release_embedded
from tests.clickhouse_gateway import ClickHouseGateway
from tests.integration.live_flow import LiveFlow
from tests.integration.live_site import Site
from tests.integration.live_topics import Sent, event

pytestmark = pytest.mark.integration

BAD_CONFIGURATION: Final = 2
WITHIN_MS: Final = 2_000
MAX_OUT_OF_ORDERNESS_MS: Final = 3_000
INTO_EVENTS: Final = r"(?i)^\s*insert into\s+\S*events\b"
INTO_DECISIONS: Final = r"(?i)^\s*insert into\s+\S*decisions\b"


@pytest.fixture
def quick(site: Site) -> Site:
    """Carts are abandoned after two seconds."""
    site.abandonment("2s")
    site.settings["CT_MAX_OUT_OF_ORDERNESS"] = "3s"
    return site


def add_cart(site: Site, customer: str) -> int:
    """Puts something in the cart now; when that is due, in milliseconds."""
    now_ms = time.time_ns() // 1_000_000
    site.produce([event(f"cart-{customer}", "cart_add", customer, now_ms)])
    return now_ms + WITHIN_MS


def wait_until_all_have_spoken(flow: LiveFlow) -> None:
    flow.wait_until(lambda: flow.metrics().of("watermark_delay_seconds") > 0, what="a watermark")


def test_an_archive_that_stalls_delays_no_action_of_the_triggers(
    quick: Site, clickhouse_gateway: ClickHouseGateway
) -> None:
    with quick.flow("archive") as archive, quick.flow("triggers") as triggers:
        wait_until_all_have_spoken(triggers)
        clickhouse_gateway.faults.stall(matching=INTO_EVENTS)
        due_ms = {}
        for customer in ("a", "b"):
            due_ms[customer] = add_cart(quick, customer)
            clickhouse_gateway.faults.wait_until_held()
            triggers.wait_until(lambda: len(quick.actions()) == len(due_ms), what="an action")
        assert archive.is_running
        assert quick.number("SELECT count() FROM events") == 0
        clickhouse_gateway.faults.clear()
        archive.wait_until(lambda: quick.number("SELECT count() FROM events") == 2, what="the events archived")
        triggers.wait_until(lambda: quick.number("SELECT count() FROM decisions") == 2, what="the decisions")
    delays_ms = {
        action.json["key"]: action.time_ms - due_ms[action.json["key"]] - MAX_OUT_OF_ORDERNESS_MS
        for action in quick.actions()
    }
    print(f"delays beside a stalled archive: {delays_ms} ms")
    assert all(delay_ms >= 0 for delay_ms in delays_ms.values()), delays_ms


def test_a_stalled_table_of_decisions_delays_no_action(quick: Site, clickhouse_gateway: ClickHouseGateway) -> None:
    with quick.flow("triggers") as triggers:
        wait_until_all_have_spoken(triggers)
        clickhouse_gateway.faults.stall(matching=INTO_DECISIONS)
        due_ms = {}
        for customer in ("first", "second"):
            due_ms[customer] = add_cart(quick, customer)
            triggers.wait_until(lambda: len(quick.actions()) == len(due_ms), what="an action, its decision not stored")
        clickhouse_gateway.faults.wait_until_held()
        clickhouse_gateway.faults.clear()
        triggers.wait_until(lambda: quick.number("SELECT count() FROM decisions") == 2, what="both decisions")
    delays_ms = {
        action.json["key"]: action.time_ms - due_ms[action.json["key"]] - MAX_OUT_OF_ORDERNESS_MS
        for action in quick.actions()
    }
    print(f"delays beside stalled decisions: {delays_ms} ms")
    assert all(delay_ms >= 0 for delay_ms in delays_ms.values()), delays_ms


def test_each_owns_its_fates_and_only_the_archive_writes_dead_letters(quick: Site) -> None:
    with quick.flow("triggers") as triggers:
        quick.produce([Sent(b"garbage", b"k", None)])
        triggers.wait_until(lambda: triggers.metrics().of("dead_letters_total") == 1, what="the letter counted")
        with quick.flow("archive") as archive:
            archive.wait_until(lambda: quick.number("SELECT count() FROM dead_letters") == 1, what="it recorded")
            archive.wait_until(quick.dead_letters, what="it on its topic")
        assert not quick.actions()
    assert len(quick.dead_letters()) == 1


def test_two_flows_on_one_embedded_database_are_refused_with_that_reason(quick: Site, tmp_path: Path) -> None:
    embedded = {"CLICKHOUSE_URL": f"chdb://{tmp_path}/embedded"}
    quick.produce([event("view", "page_view", "c", 1_767_600_000_000)])
    with quick.flow("archive", settings=embedded) as archive:
        archive.wait_until(lambda: archive.metrics().of("rows_inserted_total", table="events") == 1, what="a row")
        with quick.flow("pipeline", settings=embedded) as second:
            assert second.wait() == BAD_CONFIGURATION
            (line,) = second.output.splitlines()
            assert "is in use by process" in line
            assert "or use a ClickHouse server" in line
        assert archive.is_running


def test_an_embedded_database_can_be_read_when_its_flow_has_ended(quick: Site, tmp_path: Path) -> None:
    url = f"chdb://{tmp_path}/embedded"
    with quick.flow(settings={"CLICKHOUSE_URL": url}) as flow:
        add_cart(quick, "leaver")
        flow.wait_until(lambda: flow.metrics().of("rows_inserted_total", table="decisions") == 1, what="a decision")
        flow.wait_until(lambda: flow.metrics().of("rows_inserted_total", table="events") == 1, what="an event")
        flow.stop()
    try:
        client = connect(url)
        assert client.query("SELECT key, outcome FROM decisions").result_rows == [(["leaver"], "action")]
        assert client.command("SELECT count() FROM events") == 1
    finally:
        release_embedded()
