"""Traffic at a fixed rate: the lines that are produced are those that the expected actions are worked out from."""

import orjson
import pytest

from benchmarks.event_file import epoch_ms
from benchmarks.open_loop_lines import Lines
from benchmarks.traffic import Traffic, event_numbers

START_MS = 1_767_225_600_000
WAIT_MS = 3_000
TRAFFIC = Traffic(
    number=3, rate=1_000, seconds=6, disorder_ms=1_000, signal_every=50, cart_every=20, bought_after_ms=1_500
)


def events(traffic=TRAFFIC):
    """As they are produced, in blocks of odd sizes."""
    lines, first = Lines(traffic, START_MS), 0
    while first < traffic.events:
        last = min(first + 777, traffic.events)
        yield from (orjson.loads(line) for _, line in lines.between(first, last))
        first = last


def test_an_event_tells_its_traffic_and_number():
    found = [event_numbers(event["event_id"]) for event in events()]
    assert found == [(3, number) for number in range(TRAFFIC.events)]


def test_product_views_are_the_signals():
    found = [event_numbers(event["event_id"])[1] for event in events() if event["type"] == "product_view"]
    assert found == TRAFFIC.signals()


@pytest.mark.parametrize("bought_after_ms", [0, 1_500])
def test_left_carts_are_those_without_a_purchase_in_time(bought_after_ms):
    traffic = Traffic(**(vars(TRAFFIC) | {"bought_after_ms": bought_after_ms}))
    carts, purchases = {}, {}
    for event in events(traffic):
        if event["type"] in ("cart_add", "purchase"):
            of_type = carts if event["type"] == "cart_add" else purchases
            assert event["customer_id"] not in of_type
            of_type[event["customer_id"]] = event
    times = {customer: epoch_ms(event["event_time"]) for customer, event in purchases.items()}
    left = [
        event_numbers(cart["event_id"])[1]
        for customer, cart in carts.items()
        if not 0 <= times.get(customer, -1) - epoch_ms(cart["event_time"]) < WAIT_MS
    ]
    assert left == traffic.left_carts()
    assert bool(purchases) == bool(bought_after_ms)


def test_none_is_late_for_a_reader_who_allows_for_the_disorder():
    largest_ms = 0
    for number, event in enumerate(events()):
        time_ms = epoch_ms(event["event_time"])
        assert largest_ms - TRAFFIC.disorder_ms < time_ms <= START_MS + number * 1_000 / TRAFFIC.rate
        largest_ms = max(largest_ms, time_ms)
