"""An anonymous cart becomes a customer's, live: his events in one Kafka partition, the identify in another."""

import json
import time

import pytest

from tests.integration.live_site import Site
from tests.integration.live_topics import Sent, iso

pytestmark = pytest.mark.integration

WORKERS = [["-w", "1"], ["-w", "2"]]


def said(id: str, type: str, customer: str, who: str, time_ms: int, partition: int) -> Sent:
    value = {
        "event_id": id,
        "type": type,
        "customer_id": customer,
        "event_time": iso(time_ms),
        "properties": {},
        "context": {"anonymous_id": who},
    }
    return Sent(json.dumps(value).encode(), None, time_ms, partition)


@pytest.mark.parametrize("arguments", WORKERS, ids=["one worker", "two workers"])
def test_a_cart_filled_anonymously_is_the_customers_that_the_visitor_turns_out_to_be(
    site: Site, arguments: list[str]
) -> None:
    site.abandonment("3s")
    site.settings["CT_MAX_OUT_OF_ORDERNESS"] = "3s"
    with site.flow(arguments=arguments) as flow:
        begun_ms = time.time_ns() // 1_000_000
        visitors = [f"{number}" for number in range(6)]
        site.produce(
            said(f"cart-{each}", "cart_add", f"a{each}", f"a{each}", begun_ms, int(each) % 4) for each in visitors
        )
        # Three say who they are; one of those buys, as who he was.
        site.produce(
            said(f"identify-{each}", "identify", f"c{each}", f"a{each}", begun_ms + 500, (int(each) + 1) % 4)
            for each in visitors[:3]
        )
        site.produce([said("bought", "purchase", "a2", "a2", begun_ms + 1_000, 3)])
        flow.wait_until(lambda: len(site.actions()) >= 5, what="the actions")
        flow.wait_until(lambda: flow.metrics().of("open_matches") == 0, what="no match open")
        metrics = flow.metrics()
        assert metrics.of("identified_total") == 3
        assert metrics.of("events_total", fate="matched") == metrics.of("events_read_total") == 10
    assert sorted(action.json["key"] for action in site.actions()) == ["a3", "a4", "a5", "c0", "c1"]
