"""Topics of several trackers in one flow: each event comes to the same triggers, under the same names."""

import json
import time
from typing import Any, Final

import pytest

from tests.integration.conftest import SiteFactory
from tests.integration.live_site import Site
from tests.integration.live_topics import Sent, event, iso

pytestmark = pytest.mark.integration

MINUTE_MS: Final = 60_000
ENVELOPES: Final = ("canonical", "segment", "cloudevents")
EXPENSIVE: Final = """
trigger: expensive_cart
version: 1
match:
  steps:
    - event: cart_add
      as: cart
      where: {properties.price: {gte: 20}}
    - absent: purchase
      within: 30m
actions:
  - channel: email
    template: cart-reminder
    data: {product: $cart.properties.product_id}
"""


def segment(message_id: str, name: str, customer: str, time_ms: int, **properties: Any) -> Sent:
    message = {
        "type": "track",
        "event": name,
        "messageId": message_id,
        "userId": customer,
        "timestamp": iso(time_ms),
        "properties": properties,
    }
    return Sent(json.dumps(message).encode(), customer.encode(), time_ms)


def cloudevent(id_: str, type_: str, customer: str, time_ms: int, *, binary: bool = False, **data: Any) -> Sent:
    attributes = {
        "specversion": "1.0",
        "id": id_,
        "source": "/shop/eu",
        "type": type_,
        "subject": customer,
        "time": iso(time_ms),
    }
    if not binary:
        return Sent(json.dumps({**attributes, "data": data}).encode(), customer.encode(), time_ms)
    headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    headers.append(("content-type", b"application/json"))
    return Sent(json.dumps(data).encode(), customer.encode(), time_ms, headers=headers)


@pytest.fixture
def three_topics(make_site: SiteFactory) -> Site:
    site = make_site(topics=3)
    site.trigger(EXPENSIVE)
    for topic, envelope in zip(site.inputs, ENVELOPES, strict=True):
        site.settings[f"CT_TOPICS__{topic}__ENVELOPE"] = envelope
    return site


def test_carts_from_every_tracker_fire_the_same_trigger(three_topics: Site) -> None:
    """In each envelope somebody leaves, somebody buys, and somebody puts something cheap in."""
    site = three_topics
    at_ms = time.time_ns() // 1_000_000 - 120 * MINUTE_MS
    then_ms = at_ms + MINUTE_MS
    price = {"price": 25.0, "product_id": "p-1"}
    canonical_topic, segment_topic, cloudevents_topic = site.inputs
    produced = site.produce(
        [
            event("c1", "cart_add", "canonical-leaver", at_ms, **price),
            event("c2", "cart_add", "canonical-buyer", at_ms, **price),
            event("c3", "purchase", "canonical-buyer", then_ms),
            event("c4", "cart_add", "canonical-cheap", at_ms, price=1.0),
        ],
        canonical_topic,
    )
    produced += site.produce(
        [
            segment("s1", "Product Added", "segment-leaver", at_ms, **price),
            segment("s2", "Product Added", "segment-buyer", at_ms, **price),
            segment("s3", "Order Completed", "segment-buyer", then_ms),
            segment("s4", "Product Added", "segment-text", at_ms, price="25.00", product_id="p-1"),
        ],
        segment_topic,
    )
    produced += site.produce(
        [
            cloudevent("e1", "cart_add", "structured-leaver", at_ms, **price),
            cloudevent("e2", "cart_add", "binary-leaver", at_ms, binary=True, **price),
            cloudevent("e3", "cart_add", "cloudevents-buyer", at_ms, binary=True, **price),
            cloudevent("e4", "purchase", "cloudevents-buyer", then_ms),
        ],
        cloudevents_topic,
    )
    # A purchase counts whichever topic it comes by.
    produced += site.produce([event("c5", "cart_add", "roamer", at_ms, **price)], canonical_topic)
    produced += site.produce([segment("s5", "Order Completed", "roamer", then_ms)], segment_topic)
    leavers = ["canonical-leaver", "segment-leaver", "segment-text", "structured-leaver", "binary-leaver"]
    with site.flow() as flow:
        flow.wait_until(lambda: len(site.actions()) >= len(leavers), what="every action")
        flow.wait_until(lambda: flow.metrics().of("open_matches") == 0, what="no match open")
        flow.wait_until(lambda: site.number("SELECT count() FROM events") == produced, what="every event archived")
    found = {action.json["key"]: action.json for action in site.actions()}
    assert sorted(found) == sorted(leavers)
    assert {action["data"]["product"] for action in found.values()} == {"p-1"}
    assert {action["event_time"] for action in found.values()} == {iso(at_ms + 30 * MINUTE_MS).replace("+00:00", "Z")}
    evidence = {key: action["evidence"][0]["event_id"] for key, action in found.items()}
    assert evidence["structured-leaver"] == "/shop/eu e1"
    assert evidence["segment-leaver"] == "s1"
    topics = {key: action["evidence"][0]["topic"] for key, action in found.items()}
    assert topics["binary-leaver"] == cloudevents_topic


def test_the_events_of_a_segment_batch_are_events_of_one_message(three_topics: Site) -> None:
    site = three_topics
    at_ms = time.time_ns() // 1_000_000 - 120 * MINUTE_MS
    one, two = (json.loads(segment(f"b{i}", "Product Added", f"customer-{i}", at_ms, price=30).value) for i in range(2))
    batch = {"batch": [one, two, {"type": "track"}]}
    site.produce([Sent(json.dumps(batch).encode(), b"k", at_ms)], site.inputs[1])
    with site.flow() as flow:
        flow.wait_until(lambda: len(site.actions()) == 2, what="two actions")
        flow.wait_until(lambda: site.number("SELECT count() FROM dead_letters") == 1, what="the third's dead letter")
        flow.wait_until(site.dead_letters, what="it on its topic")
        assert flow.metrics().of("events_read_total") == 3
    assert sorted(site.rows("SELECT `offset`, `index` FROM events")) == [(0, 0), (0, 1)]
    assert len(site.dead_letters()) == 1
