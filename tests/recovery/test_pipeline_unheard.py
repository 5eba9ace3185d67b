"""Hearing nothing is not silence: while Kafka cannot be asked, or nobody asks it, time stands still."""

import signal
import time
from pathlib import Path

import pytest

from tests.clickhouse_gateway import ClickHouseGateway
from tests.integration.live_flow import LiveFlow
from tests.integration.live_site import Site
from tests.integration.live_topics import event
from tests.kafka_server import KafkaServer

pytestmark = pytest.mark.integration

WITHIN_S = 8


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def site(kafka_server: KafkaServer, clickhouse_gateway: ClickHouseGateway, tmp_path: Path) -> Site:
    """On a broker that may be stopped."""
    site = Site(kafka_server.bootstrap_servers, clickhouse_gateway.url, tmp_path)
    site.abandonment(f"{WITHIN_S}s")
    site.settings["CT_MAX_OUT_OF_ORDERNESS"] = "3s"
    return site


def add_carts(site: Site, flow: LiveFlow) -> None:
    flow.wait_until(lambda: flow.metrics().of("watermark_delay_seconds") > 0, what="a watermark")
    site.produce([event(f"cart-{each}", "cart_add", each, now_ms()) for each in ("buyer", "leaver")])
    flow.wait_until(lambda: flow.metrics().of("open_matches") == 2, what="both carts open")


def assert_only_the_leaver_is_reminded(site: Site, flow: LiveFlow) -> None:
    flow.wait_until(lambda: flow.metrics().of("events_total", fate="matched") == 3, what="the purchase")
    flow.wait_until(site.actions, what="the leaver's action")
    flow.wait_until(lambda: flow.metrics().of("open_matches") == 0, what="no match open")
    assert [action.json["key"] for action in site.actions()] == ["leaver"]


def test_while_the_broker_is_away_nothing_is_concluded_and_afterwards_time_goes_on(
    site: Site, kafka_server: KafkaServer
) -> None:
    with site.flow() as flow:
        add_carts(site, flow)
        bought_ms = now_ms()
        kafka_server.stop()
        # Far beyond the deadlines of both carts.
        overdue = WITHIN_S * 1_000 + 5_000
        flow.wait_until(lambda: now_ms() > bought_ms + overdue, what="the deadlines past")
        assert flow.metrics().of("open_matches") == 2
        assert flow.metrics().of("timers_held_by_lag") == 2
        # The purchase must be the first thing that the returned broker has to say, however slow the machine.
        flow.signal(signal.SIGSTOP)
        kafka_server.start()
        site.produce([event("bought", "purchase", "buyer", bought_ms)])
        flow.signal(signal.SIGCONT)
        assert_only_the_leaver_is_reminded(site, flow)


def test_a_process_that_was_suspended_asks_before_it_concludes(site: Site) -> None:
    with site.flow() as flow:
        add_carts(site, flow)
        flow.signal(signal.SIGSTOP)
        bought_ms = now_ms()
        site.produce([event("bought", "purchase", "buyer", bought_ms)])
        flow.wait_until(lambda: now_ms() > bought_ms + WITHIN_S * 1_000 + 4_000, what="the deadlines past")
        flow.signal(signal.SIGCONT)
        assert_only_the_leaver_is_reminded(site, flow)
