"""`flows.triggers` beside a ClickHouse that refuses, stalls or is broken: actions go, and every row is there once."""

import itertools
import time
from collections.abc import Callable, Iterable
from typing import Final

import pytest

from tests.clickhouse_gateway import ClickHouseGateway
from tests.clickhouse_gateway.faults import Faults
from tests.integration.conftest import SiteFactory
from tests.integration.live_flow import LiveFlow
from tests.integration.live_site import Site
from tests.integration.live_topics import event
from tests.integration.recovery_store import RecoveryStore

pytestmark = pytest.mark.integration

BAD_CONFIGURATION: Final = 2
INTO: Final = r"(?i)^\s*insert into\s+\S*(decisions|late)\b"
DECIDED: Final = "SELECT count() FROM decisions"
TIMES_MS: Final = itertools.count(time.time_ns() // 1_000_000 - 86_400_000, 600_000)


@pytest.fixture
def quick(make_site: SiteFactory) -> Site:
    """Carts are abandoned after a second. Time moves by events alone: however slow the machine, no cart is late."""
    site = make_site(partitions=1)
    site.abandonment("1s")
    site.settings |= {"CT_MAX_OUT_OF_ORDERNESS": "0s", "CT_IDLE_AFTER": "1h"}
    return site


@pytest.fixture
def store(quick: Site) -> RecoveryStore:
    return quick.recovery_store()


def carts(site: Site, customers: Iterable[str]) -> None:
    """Each puts something in the cart; a late page view, and one that is past the cart's deadline, come after."""
    for customer in customers:
        now_ms = next(TIMES_MS)
        site.produce(
            [
                event(f"cart-{customer}", "cart_add", customer, now_ms),
                event(f"late-{customer}", "page_view", customer, now_ms - 60_000),
                event(f"view-{customer}", "page_view", customer, now_ms + 2_000),
            ]
        )


def acted(site: Site, customers: Iterable[str]) -> Callable[[], bool]:
    return lambda: {action.json["key"] for action in site.actions()} >= set(customers)


def assert_each_row_once(site: Site, flow: LiveFlow, customers: Iterable[str]) -> None:
    expected = sorted(customers)
    flow.wait_until(
        lambda: site.number(DECIDED) >= len(expected) and site.number("SELECT count() FROM late") >= len(expected),
        what=f"decisions and late events of {expected}",
    )
    assert sorted(key[0] for (key,) in site.rows("SELECT key FROM decisions")) == expected
    assert sorted(id_ for (id_,) in site.rows("SELECT event_id FROM late")) == [f"late-{name}" for name in expected]


def refuse(faults: Faults) -> None:
    faults.refuse()


def stall(faults: Faults) -> None:
    faults.stall(even_if_abandoned=True, matching=INTO)


def cut_after(faults: Faults) -> None:
    faults.cut(when="after", matching=INTO)


def password_changed(faults: Faults) -> None:
    faults.wrong_password()


@pytest.mark.parametrize("fault", [refuse, stall, cut_after, password_changed])
def test_actions_go_on_and_rows_follow_when_clickhouse_is_back(
    quick: Site, store: RecoveryStore, clickhouse_gateway: ClickHouseGateway, fault: Callable[[Faults], None]
) -> None:
    """Over several epochs, each of which would have waited for ClickHouse."""
    with quick.flow("triggers", recovery=store) as flow:
        carts(quick, ["before"])
        assert_each_row_once(quick, flow, ["before"])
        fault(clickhouse_gateway.faults)
        for customer in ("a", "b"):
            carts(quick, [customer])
            flow.wait_until(acted(quick, [customer]), what=f"an action to {customer}")
            store.wait_until_kept(flow)
        flow.wait_until(lambda: flow.metrics().of("spool_waiting_messages") > 0, what="rows waiting")
        clickhouse_gateway.faults.clear()
        assert_each_row_once(quick, flow, ["before", "a", "b"])
        flow.wait_until(lambda: flow.metrics().of("spool_waiting_messages") == 0, what="nothing waiting")
        assert flow.metrics().of("spool_waiting_since_seconds") == 0


def test_killed_in_an_outage_and_started_without_clickhouse_nothing_is_lost_or_doubled(
    quick: Site, store: RecoveryStore, clickhouse_gateway: ClickHouseGateway
) -> None:
    """Rescaled on top: the drain is wherever Bytewax puts it."""
    with quick.flow("triggers", recovery=store, epoch_s=30) as flow:
        carts(quick, ["before"])
        assert_each_row_once(quick, flow, ["before"])
        clickhouse_gateway.faults.refuse()
        carts(quick, ["during"])
        flow.wait_until(acted(quick, ["during"]), what="an action, its epoch not closed")
        flow.wait_until(lambda: "they wait on the spool" in flow.output, what="word of the outage")
        flow.kill()
    with quick.flow("triggers", recovery=store, arguments=["-w", "2"]) as flow:
        carts(quick, ["after"])
        flow.wait_until(acted(quick, ["after"]), what="an action of a flow that began without ClickHouse")
        store.wait_until_kept(flow)
        flow.kill()
    with quick.flow("triggers", recovery=store) as flow:
        flow.wait_until(lambda: "starting without ClickHouse" in flow.output, what="a start without ClickHouse")
        flow.wait_until(lambda: "they wait on the spool" in flow.output, what="what lies there found")
        clickhouse_gateway.faults.clear()
        assert_each_row_once(quick, flow, ["before", "during", "after"])
        flow.wait_until(lambda: flow.metrics().of("spool_waiting_messages") == 0, what="nothing waiting")
        flow.wait_until(lambda: "takes rows again" in flow.output, what="word of the end of the outage")


def test_a_wrong_password_still_stops_the_start(quick: Site, clickhouse_gateway: ClickHouseGateway) -> None:
    clickhouse_gateway.faults.wrong_password()
    with quick.flow("triggers") as flow:
        assert flow.wait(60) == BAD_CONFIGURATION
        (line,) = flow.output.splitlines()
        assert "Check the user and the password" in line


def test_without_a_spool_topic_rows_go_straight_and_it_is_said(quick: Site) -> None:
    with quick.flow("triggers", settings={"CT_SPOOL_TOPIC": "nobody-made-this"}) as flow:
        carts(quick, ["a"])
        assert_each_row_once(quick, flow, ["a"])
        flow.stop()
    assert "topic 'nobody-made-this'" in flow.output
    assert "rows go to ClickHouse straight" in flow.output
