"""Lag never moves time: what waits unread is read before anything is concluded from silence."""

import time
from collections.abc import Iterator
from typing import Final

import pytest

from tests.integration.conftest import SiteFactory
from tests.integration.live_topics import Sent, event

pytestmark = pytest.mark.integration

MINUTE_MS: Final = 60_000
BACKLOG: Final = 12_000
# While a life lasts that plays in the past, its silence must not take it for the present.
LIVED_THEN: Final = {"CT_IDLE_AFTER": "1h"}


def backlog(begin_ms: int, buyers_partition: int) -> Iterator[Sent]:
    """What came in while the flow was away: much traffic, the purchase in the midst of it, much more."""
    for i in range(BACKLOG):
        at_ms = begin_ms + MINUTE_MS + i * 2 * 60 * MINUTE_MS // BACKLOG
        yield event(f"view-{i}", "page_view", f"v{i % 97}", at_ms, partition=buyers_partition)
        if at_ms <= begin_ms + 10 * MINUTE_MS < at_ms + 2 * 60 * MINUTE_MS // BACKLOG:
            yield event("bought", "purchase", "buyer", begin_ms + 10 * MINUTE_MS, partition=buyers_partition)


def views_everywhere(at_ms: int) -> list[Sent]:
    """One on each partition, so that each has a watermark."""
    return [event(f"view-{at_ms}-{each}", "page_view", "v", at_ms, partition=each) for each in range(4)]


def carts(begin_ms: int) -> list[Sent]:
    return [
        event("cart-buyer", "cart_add", "buyer", begin_ms, partition=1),
        event("cart-leaver", "cart_add", "leaver", begin_ms, partition=1),
    ]


@pytest.mark.parametrize(
    ("purchases", "ended_by"), [("in the topic of the cart", "stop"), ("in another topic", "kill")]
)
def test_a_purchase_waiting_in_the_backlog_of_an_outage_is_no_abandonment(
    make_site: SiteFactory, purchases: str, ended_by: str
) -> None:
    """Five hours ago: carts, then an outage. All other partitions have been silent since."""
    site = make_site(topics=2)
    site.abandonment()
    site.settings["CT_CHUNK_SIZE"] = "200"
    store = site.recovery_store()
    begin_ms = time.time_ns() // 1_000_000 - 5 * 60 * MINUTE_MS
    site.produce(carts(begin_ms), site.inputs[0])
    for topic in site.inputs:
        site.produce(views_everywhere(begin_ms + MINUTE_MS // 2), topic)
    with site.flow(recovery=store, settings=LIVED_THEN) as before:
        before.wait_until(lambda: before.metrics().of("open_matches") == 2, what="both carts open")
        store.wait_until_kept(before)
        getattr(before, ended_by)()
    assert not site.actions()
    topic = site.inputs[0] if purchases == "in the topic of the cart" else site.inputs[1]
    produced = site.produce(backlog(begin_ms, 1 if topic == site.inputs[0] else 3), topic)
    with site.flow(recovery=store) as after:
        after.wait_until(lambda: after.metrics().of("events_read_total") >= produced, what="the backlog read")
        after.wait_until(lambda: site.rows("SELECT * FROM decisions"), what="a decision")
        after.wait_until(site.actions, what="an action")
        after.wait_until(lambda: after.metrics().of("open_matches") == 0, what="no match open")
        assert after.metrics().of("timers_held_by_lag") == 0
    (action,) = site.actions()
    assert action.json["key"] == "leaver"
    assert site.rows("SELECT key FROM decisions") == [(["leaver"],)]
