"""`A`, then `absent: B` `within: T`: B cancels in [A, A+T); fired at the first W ≥ A+T, stamped A+T."""

import pytest

from tests.harness import event, run, trigger, watermark

ABANDONED = trigger("""
steps:
  - {event: cart_add, as: cart}
  - {absent: purchase, within: 30m}
""")


@pytest.mark.parametrize(("bought", "fired"), [("30m-1ms", []), ("30m", ["30m"]), ("30m+1ms", ["30m"])])
def test_the_awaited_event_cancels_before_the_deadline_and_not_at_it(bought, fired):
    assert run(ABANDONED, [event("cart_add", "0s"), event("purchase", bought)]).fired == fired


@pytest.mark.parametrize(("bought", "fired"), [("10m-1ms", ["40m"]), ("10m", []), ("10m+1ms", [])])
def test_the_awaited_event_cancels_from_the_time_of_the_event_before(bought, fired):
    events = [event("cart_add", "10m"), event("purchase", bought)]
    events.sort(key=lambda each: each["event_time"])
    assert run(ABANDONED, events, at_end="flush").fired == fired


@pytest.mark.parametrize(("reached", "fired"), [("30m-1ms", []), ("30m", ["30m"]), ("30m+1ms", ["30m"])])
def test_an_absence_fires_when_the_watermark_reaches_its_deadline_and_carries_it(reached, fired):
    found = run(ABANDONED, [event("cart_add", "0s"), watermark(reached)])
    assert found.fired == fired
    assert found.pending == 1 - len(fired)


@pytest.mark.parametrize(("seen", "fired"), [("30m-1ms", []), ("30m", ["30m"]), ("30m+1ms", ["30m"])])
def test_at_the_end_of_the_input_hold_knows_deadlines_up_to_the_largest_time_read(seen, fired):
    found = run(ABANDONED, [event("cart_add", "0s"), event("page_view", seen, customer="c2")])
    assert (found.fired, found.pending) == (fired, 1 - len(fired))


def test_at_the_end_of_the_input_flush_runs_every_deadline():
    found = run(ABANDONED, [event("cart_add", "0s")], at_end="flush")
    assert (found.fired, found.pending) == (["30m"], 0)


def test_an_absence_under_an_exit_or_where_still_carries_what_it_captured():
    text = trigger(
        "steps: [{event: cart_add, as: cart}, {absent: purchase, within: 30m}]",
        rest="actions: [{channel: email, template: x, "
        "data: {product: $cart.properties.product, at: $cart.event_time}}]",
    )
    found = run(text, [event("cart_add", "0s", product="p1")], at_end="flush")
    assert found.data == [{"product": "p1", "at": "2026-01-05T10:00:00.000Z"}]


def test_only_what_fits_the_absence_cancels_it():
    text = trigger("""
steps:
  - {event: cart_add, as: cart}
  - {absent: purchase, within: 30m, where: {properties.total: {gte: 20}}}
""")
    events = [event("cart_add", "0s"), event("purchase", "1m", total=19)]
    assert run(text, events, at_end="flush").fired == ["30m"]
    events = [event("cart_add", "0s"), event("purchase", "1m", total=20)]
    assert run(text, events, at_end="flush").fired == []


def test_absences_one_after_another_each_count_from_the_end_of_the_one_before():
    text = trigger("""
steps:
  - {event: a}
  - {absent: b, within: 10m}
  - {absent: c, within: 10m}
""")
    assert run(text, [event("a", "0s"), event("c", "10m-1ms")], at_end="flush").fired == ["20m"]
    assert run(text, [event("a", "0s"), event("c", "10m")], at_end="flush").fired == []
    assert run(text, [event("a", "0s"), event("c", "20m")], at_end="flush").fired == ["20m"]
    assert run(text, [event("a", "0s"), event("b", "10m")], at_end="flush").fired == ["20m"]


def test_an_event_that_cancels_may_begin_the_next_match():
    text = trigger("steps: [{event: a}, {absent: a, within: 10m}]")
    found = run(text, [event("a", "0s"), event("a", "9m")], at_end="flush")
    assert found.fired == ["19m"]
    assert found.tally.of("cancelled", "t") == 1
