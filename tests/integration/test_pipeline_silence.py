"""Silence moves time: timers of a topic on which nothing happens fire when they are due, on the real clock."""

import time
from typing import Final

import pytest

from tests.integration.conftest import SiteFactory
from tests.integration.live_flow import LiveFlow
from tests.integration.live_site import Site
from tests.integration.live_topics import event

pytestmark = pytest.mark.integration

MAX_OUT_OF_ORDERNESS_MS: Final = 3_000
WITHIN_MS: Final = 3_000
AT_MOST_MS: Final = 5_000
"""How long after deadline + max_out_of_orderness an action may be on its topic."""


def silent_site(make_site: SiteFactory, *, topics: int) -> Site:
    site = make_site(topics=topics)
    site.abandonment("3s")
    site.settings["CT_MAX_OUT_OF_ORDERNESS"] = "3s"
    site.settings["CT_KEY_GROUPS"] = "256"
    return site


@pytest.mark.parametrize("topics", [1, 2])
def test_a_silent_topic_fires_its_timers(make_site: SiteFactory, topics: int) -> None:
    """Partitions that never had a message are silent too."""
    site = silent_site(make_site, topics=topics)
    with site.flow() as flow:
        wait_until_all_have_spoken(flow, partitions=4 * topics)
        due_ms = {}
        for customer in ["a", "b", "c", "d"]:
            added_ms = now_ms()
            site.produce([event(f"cart-{customer}", "cart_add", customer, added_ms)], site.inputs[0])
            due_ms[customer] = added_ms + WITHIN_MS
        flow.wait_until(lambda: len(site.actions()) == len(due_ms), what="every cart abandoned")
    delays_ms = {}
    for action in site.actions():
        assert action.json["event_time"] == iso_z(due_ms[action.json["key"]])
        delays_ms[action.json["key"]] = action.time_ms - due_ms[action.json["key"]] - MAX_OUT_OF_ORDERNESS_MS
    print(f"delays of {topics} silent topics: {delays_ms} ms")
    assert all(0 <= delay_ms < AT_MOST_MS for delay_ms in delays_ms.values()), delays_ms


def test_a_purchase_that_comes_on_a_silent_topic_cancels(make_site: SiteFactory) -> None:
    site = silent_site(make_site, topics=1)
    site.abandonment("8s")
    with site.flow() as flow:
        wait_until_all_have_spoken(flow, partitions=4)
        begin_ms = now_ms()
        site.produce([event(f"cart-{each}", "cart_add", each, begin_ms) for each in ("buyer", "leaver")])
        flow.wait_until(lambda: flow.metrics().of("open_matches") == 2, what="both carts open")
        site.produce([event("bought", "purchase", "buyer", now_ms())])
        flow.wait_until(site.actions, what="the leaver's action")
        flow.wait_until(lambda: flow.metrics().of("open_matches") == 0, what="no match open")
    assert [action.json["key"] for action in site.actions()] == ["leaver"]


def wait_until_all_have_spoken(flow: LiveFlow, *, partitions: int) -> None:
    """Each has been read to its end, and its silence has moved its watermark."""

    def spoken() -> bool:
        samples = flow.metrics().samples
        delays = [value for name, _, value in samples if name == "customer_triggers_watermark_delay_seconds"]
        return len(delays) == partitions

    flow.wait_until(spoken, what="a watermark of every partition")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def iso_z(time_ms: int) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_ms // 1_000))
    return f"{whole}.{time_ms % 1_000:03d}Z"
