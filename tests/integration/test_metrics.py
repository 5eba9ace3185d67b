"""/metrics of a running flow: every series of `flows.metrics`, with the values that a known input must give."""

import re
import time
from typing import Final

import pytest
from confluent_kafka import TopicPartition

import flows.metrics
from tests.integration.conftest import SiteFactory
from tests.integration.live_site import Site
from tests.integration.live_topics import Sent, event
from tests.kafka.topics import admin_client

pytestmark = pytest.mark.integration

MINUTE_MS: Final = 60_000
CART: Final = """
trigger: cart
version: 1
match:
  steps:
    - event: cart_add
      as: cart
      where: {properties.price: {gte: 20}}
    - absent: purchase
      within: 30m
  exit: [{event: refund}]
actions:
  - {channel: email, template: cart-reminder}
"""
VIEW_THEN_ADD: Final = """
trigger: view_then_add
version: 1
match:
  steps:
    - {event: product_view, as: view}
    - {event: cart_add, within: 10m}
policy: {recipient: properties.nobody}
actions:
  - {channel: email, template: seen}
"""
WELCOME: Final = """
trigger: welcome
version: 1
match:
  steps:
    - {event: signup}
actions:
  - {channel: email, template: hello, name: first}
  - {channel: push, template: hello, name: second}
"""


def known_input(at_ms: int) -> list[Sent]:
    """All on one partition, so that its order is the log's; two and a half hours ago."""
    later_ms = at_ms + 20 * MINUTE_MS

    def one(id_: str, type_: str, customer: str, time_ms: int, **more: object) -> Sent:
        return event(id_, type_, customer, time_ms, partition=0, **more)

    return [
        one("1", "cart_add", "leaver", at_ms, price=25),
        one("2", "cart_add", "buyer", at_ms, price=25),
        one("3", "cart_add", "refunded", at_ms, price=25),
        one("4", "cart_add", "cheap", at_ms, price=5),
        one("5", "cart_add", "unpriced", at_ms),
        one("6", "cart_add", "late-buyer", at_ms, price=25),
        one("7", "signup", "newcomer", at_ms),
        one("8", "product_view", "looker", at_ms),
        one("9", "product_view", "adder", at_ms),
        one("10", "cart_add", "adder", at_ms + 1_000, price=5),
        one("11", "purchase", "buyer", at_ms + 2_000),
        one("12", "refund", "refunded", at_ms + 2_000),
        one("12", "refund", "refunded", at_ms + 2_000),
        Sent(b"{", b"k", at_ms, partition=0),
        one("13", "page_view", "somebody", later_ms),
        one("14", "purchase", "late-buyer", at_ms + 5 * MINUTE_MS),
        one("15", "page_view", "late-viewer", at_ms + 5 * MINUTE_MS),
    ]


def test_every_series_says_what_a_known_input_gave(site: Site) -> None:
    for name, text in (("cart", CART), ("view_then_add", VIEW_THEN_ADD), ("welcome", WELCOME)):
        site.trigger(text, name)
    store = site.recovery_store()
    produced = site.produce(known_input(time.time_ns() // 1_000_000 - 150 * MINUTE_MS))
    with site.flow(recovery=store) as flow:
        flow.wait_until(lambda: len(site.actions()) == 3, what="the leaver's action and two to the newcomer")
        flow.wait_until(lambda: flow.metrics().of("open_matches") == 0, what="no match open")
        flow.wait_until(lambda: site.number("SELECT count() FROM decisions") == 4, what="every decision")
        store.wait_until_kept(flow)
        metrics = flow.metrics()
    assert metrics.of("events_read_total") == produced
    assert metrics.of("dead_letters_total", reason="malformed_json") == metrics.of("dead_letters_total") == 1
    by_fate = {fate: metrics.of("events_total", fate=fate) for fate in ("matched", "late", "duplicate")}
    assert by_fate == {"matched": produced - 4, "late": 2, "duplicate": 1}
    per_trigger = {
        name: {
            trigger: metrics.of(f"{name}_total", trigger=trigger) for trigger in ("cart", "view_then_add", "welcome")
        }
        for name in ("matches", "actions", "expired", "cancelled", "exited", "late_cancelled")
    }
    assert per_trigger == {
        "matches": {"cart": 1, "view_then_add": 1, "welcome": 1},
        "actions": {"cart": 1, "view_then_add": 0, "welcome": 2},
        "expired": {"cart": 0, "view_then_add": 1, "welcome": 0},
        "cancelled": {"cart": 1, "view_then_add": 0, "welcome": 0},
        "exited": {"cart": 1, "view_then_add": 0, "welcome": 0},
        "late_cancelled": {"cart": 1, "view_then_add": 0, "welcome": 0},
    }
    assert metrics.of("suppressed_total", trigger="view_then_add", reason="recipient_unresolved") == 1
    assert metrics.of("suppressed_total") == 1
    assert metrics.of("unknown_comparisons_total") == 1
    assert metrics.of("late_by_heartbeat_total") == metrics.of("offsets_skipped_total") == 0
    assert metrics.of("consumer_lag") == metrics.of("timers_held_by_lag") == 0
    assert metrics.of("snapshot_written_bytes_total") >= metrics.of("snapshot_bytes") > 0
    assert metrics.of("event_to_action_seconds_count", trigger="welcome") == 2
    # It was due 30 minutes after the cart: two hours ago.
    assert 7_200 <= metrics.of("event_to_action_seconds_sum", trigger="cart") < 7_260
    assert metrics.of("messages_delivered_total", topic=site.actions_topic) == 3
    assert metrics.of("rows_inserted_total", table="events") == produced - 1
    delays = [value for name, _, value in metrics.samples if name == "customer_triggers_watermark_delay_seconds"]
    assert len(delays) == 4
    assert all(5 <= delay < 7 for delay in delays), "max_delay behind system time, which silence follows"


def test_no_series_is_missing_from_what_is_served(site: Site) -> None:
    """Read from the source, so that a series that is added is asked for here."""
    source = flows.metrics.__file__
    with open(source) as file:
        text = file.read()
    named = set(re.findall(r'_counter\(\s*"(\w+)"', text)) | set(re.findall(r'^    \("(\w+)", ', text, re.MULTILINE))
    gauges = set(re.findall(r'\{PREFIX\}_(\w+)"', text)) - {"suppressed", "event_to_action_seconds"}
    site.abandonment()
    site.produce([event("e", "page_view", "c", time.time_ns() // 1_000_000)])
    with site.flow() as flow:
        flow.wait_until(lambda: flow.metrics().of("events_total") == 1, what="the event")
        served = flow.metrics().names
    expected = {f"customer_triggers_{name}" for name in named | gauges | {"suppressed", "event_to_action_seconds"}}
    assert len(expected) >= 20
    assert expected <= served


def test_timers_are_held_while_a_backlog_is_unread_and_not_after(site: Site) -> None:
    """Ten carts are long due; another partition still holds messages of that time, which come first."""
    site.abandonment()
    # One message a read: the backlog lasts for seconds.
    site.settings["CT_CHUNK_SIZE"] = "1"
    begin_ms = time.time_ns() // 1_000_000 - 300 * MINUTE_MS
    site.produce([event(f"cart-{i}", "cart_add", f"c{i}", begin_ms + i, partition=0) for i in range(10)])
    site.produce([event(f"view-{i}", "page_view", f"v{i}", begin_ms + 10_000 + i, partition=1) for i in range(8_000)])
    seen: set[tuple[float, bool]] = set()
    with site.flow() as flow:

        def held() -> bool:
            metrics = flow.metrics()
            timers, lag = metrics.of("timers_held_by_lag"), metrics.of("consumer_lag", partition="1")
            seen.add((timers, lag > 0))
            return timers == 10 and lag > 0

        flow.wait_until(held, what="ten timers held by lag")
        assert not site.actions()
        flow.wait_until(lambda: len(site.actions()) == 10, what="every action")
        flow.wait_until(lambda: flow.metrics().of("timers_held_by_lag") == 0, what="no timer held")
        assert flow.metrics().of("consumer_lag") == 0


def test_a_cart_added_to_again_holds_one_timer(site: Site) -> None:
    """Silence may not move time for an hour, so what is due stays held."""
    site.abandonment()
    site.settings["CT_IDLE_AFTER"] = "1h"
    begin_ms = time.time_ns() // 1_000_000 - 300 * MINUTE_MS
    site.produce([event(f"cart-{i}", "cart_add", "c", begin_ms + i * 1_000, partition=0) for i in range(5)])
    site.produce([event(f"view-{i}", "page_view", "v", begin_ms + 20_000, partition=i) for i in range(4)])
    with site.flow() as flow:
        flow.wait_until(lambda: flow.metrics().of("open_matches") == 1, what="the cart open")
        assert flow.metrics().of("timers_held_by_lag") == 1


def test_what_retention_took_before_it_was_read_is_counted_and_said_loudly(site: Site) -> None:
    site.abandonment()
    store = site.recovery_store()
    now_ms = time.time_ns() // 1_000_000
    site.produce([event(f"e{i}", "page_view", "c", now_ms, partition=2) for i in range(10)])
    with site.flow(recovery=store) as flow:
        flow.wait_until(lambda: flow.metrics().of("events_total") == 10, what="ten events")
        store.wait_until_kept(flow)
        flow.kill()
    site.produce([event(f"f{i}", "page_view", "c", now_ms, partition=2) for i in range(10)])
    admin = admin_client(site.kafka)
    for deleted in admin.delete_records([TopicPartition(site.topic, 2, 17)]).values():
        deleted.result(timeout=20)
    with site.flow(recovery=store) as flow:
        flow.wait_until(lambda: flow.metrics().of("events_read_total") == 3, what="what is left")
        assert flow.metrics().of("offsets_lost_total") == 7
        assert flow.metrics().of("offsets_skipped_total") == 0
        assert f"{site.topic}/2: offsets 10 to 16, 7 of them, were deleted before they were read" in flow.output


def test_what_only_a_heartbeat_made_late_is_counted_apart(make_site: SiteFactory) -> None:
    site = make_site(partitions=1)
    site.abandonment()
    site.settings["CT_MAX_OUT_OF_ORDERNESS"] = "1s"
    now_ms = time.time_ns() // 1_000_000
    site.produce([event("before", "page_view", "c", now_ms - 60_000)])
    with site.flow() as flow:
        flow.wait_until(lambda: 0 < flow.metrics().of("watermark_delay_seconds") < 5, what="a heartbeat")
        site.produce([event("late", "page_view", "c", now_ms - 30_000)])
        flow.wait_until(lambda: flow.metrics().of("events_total", fate="late") == 1, what="the late event")
        assert flow.metrics().of("late_by_heartbeat_total") == 1


def test_state_that_a_changed_or_a_removed_trigger_leaves_behind_is_counted_and_said_once(site: Site) -> None:
    site.abandonment()
    site.trigger(CART, "cart")
    site.settings["CT_IDLE_AFTER"] = "1h"
    store = site.recovery_store()
    now_ms = time.time_ns() // 1_000_000
    carts = 20  # in as many key groups, or nearly
    site.produce(
        [event(f"cart-{i}", "cart_add", f"c{i}", now_ms - 10_000, partition=0, price=30) for i in range(carts)]
    )
    site.produce([event(f"view-{i}", "page_view", "v", now_ms, partition=i) for i in range(4)])
    with site.flow(recovery=store) as flow:
        flow.wait_until(lambda: flow.metrics().of("open_matches") == 2 * carts, what="all open matches")
        store.wait_until_kept(flow)
        flow.kill()
    site.abandonment("45m")
    (site.triggers / "cart.yaml").unlink()
    with site.flow(recovery=store) as flow:
        flow.wait_until(lambda: flow.metrics().of("state_reset_total", trigger="cart_abandonment") == 1, what="reset")
        assert flow.metrics().of("state_dropped_total", trigger="cart") == 1
        assert flow.metrics().of("open_matches") == 0
        changed, gone = "trigger cart_abandonment has changed since", "trigger cart is no longer there"
        assert [flow.output.count(said) for said in (changed, gone)] == [1, 1]
