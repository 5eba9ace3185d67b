"""A broker that goes away under a live flow: for seconds it is waited for, for good the flow says so and ends."""

import re
import time
from pathlib import Path
from typing import Final

import pytest

from tests.clickhouse_gateway import ClickHouseGateway
from tests.integration.live_flow import LiveFlow
from tests.integration.live_site import Site
from tests.integration.live_topics import Sent, event
from tests.kafka.topics import admin_client
from tests.kafka_server import KafkaServer

pytestmark = pytest.mark.integration

OPENED_MS: Final = time.time_ns() // 1_000_000 - 86_400_000


@pytest.fixture
def mortal(kafka_server: KafkaServer, clickhouse_gateway: ClickHouseGateway, tmp_path: Path) -> Site:
    """A site on a broker that a test may kill; carts are abandoned after a second.

    Time moves by events alone: however long a cart takes to a broker that has just started, it is not late.
    """
    site = Site(kafka_server.bootstrap_servers, clickhouse_gateway.url, tmp_path, partitions=1)
    site.abandonment("1s")
    site.settings |= {"CT_MAX_OUT_OF_ORDERNESS": "0s", "CT_IDLE_AFTER": "1h"}
    return site


def add_cart(site: Site, customer: str) -> None:
    """The cart, a message that is no event, and a page view after the cart's deadline."""
    added_ms = OPENED_MS + ord(customer) * 60_000
    site.produce(
        [
            event(f"cart-{customer}", "cart_add", customer, added_ms),
            Sent(b"garbage"),
            event(f"view-{customer}", "page_view", customer, added_ms + 2_000),
        ]
    )


def rows(carts: int) -> dict[str, int]:
    """In each table."""
    return {"decisions": carts, "events": 2 * carts, "dead_letters": carts}


def wait_until_recorded(site: Site, flow: LiveFlow, carts: int) -> None:
    for table, count in rows(carts).items():
        flow.wait_until(lambda: site.number(f"SELECT count() FROM {table}") >= count, what=f"{count} {table}")  # noqa: B023


def test_a_broker_that_is_away_for_seconds_loses_and_doubles_nothing(mortal: Site, kafka_server: KafkaServer) -> None:
    """Killed when a cart and its deadline have been read: the action is found, or sent, while nobody takes it."""
    with mortal.flow() as flow:
        add_cart(mortal, "a")
        wait_until_recorded(mortal, flow, 1)
        add_cart(mortal, "b")
        flow.wait_until(lambda: mortal.number("SELECT count() FROM events") == 4, what="the second cart read")
        kafka_server.kill()
        flow.wait_until(lambda: "waiting" in flow.output, what="word of the broker")
        kafka_server.start()
        add_cart(mortal, "c")
        wait_until_recorded(mortal, flow, 3)
        # The tables do not wait for Kafka: what it was to take may come after them.
        flow.wait_until(lambda: len(mortal.dead_letters()) >= 3, what="the dead letters")
        flow.wait_until(lambda: len(mortal.actions()) >= 3, what="the actions")
        assert len(mortal.dead_letters()) == 3
        assert [action.json["key"] for action in mortal.actions()] == ["a", "b", "c"]
        for table, count in rows(3).items():
            assert mortal.number(f"SELECT count() FROM {table}") == count


@pytest.mark.parametrize("name", ["pipeline", "triggers", "archive"])
def test_a_broker_that_is_away_for_good_ends_the_flow_with_a_message(
    mortal: Site, kafka_server: KafkaServer, name: str
) -> None:
    """Also one that has nothing to send."""
    with mortal.flow(name, settings={"CT_KAFKA_DEADLINE": "2s"}) as flow:
        add_cart(mortal, "a")
        flow.wait_until(lambda: flow.metrics().of("events_read_total") == 3, what="everything read")
        kafka_server.kill()
        assert flow.wait(60) not in (0, None)
        assert f"Kafka at {kafka_server.bootstrap_servers}" in flow.output
        assert "start the job again" in flow.output


@pytest.mark.parametrize(
    ("name", "which"), [("triggers", "spool_topic"), ("archive", "dead_letter_topic"), ("archive", "topic")]
)
def test_a_topic_that_is_deleted_ends_the_flow_and_is_named(
    mortal: Site, kafka_server: KafkaServer, name: str, which: str
) -> None:
    topic = getattr(mortal, which)
    with mortal.flow(name, settings={"CT_KAFKA_DEADLINE": "2s"}) as flow:
        add_cart(mortal, "a")
        flow.wait_until(lambda: flow.metrics().of("events_read_total") == 3, what="everything read")
        admin = admin_client(kafka_server.bootstrap_servers)
        admin.delete_topics([topic])[topic].result(timeout=10)
        if which != "topic":
            add_cart(mortal, "b")
        assert flow.wait(90) not in (0, None)
        said = re.search(r"(DeliveryFailed|SpoolUnreadable|SourceError|SourceUnavailable): .*", flow.output)
        assert said is not None
        assert topic in said[0]
