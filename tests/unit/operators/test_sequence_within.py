"""`A` then `B` `within: T`: A ≤ B < A+T."""

import pytest

from tests.harness import event, run, trigger

THEN = trigger("""
steps:
  - {event: cart_add, as: cart}
  - {event: purchase, within: 30m}
""")


@pytest.mark.parametrize(
    ("bought", "fired", "expired"),
    [("30m-1ms", ["1799999ms"], []), ("30m", [], ["30m"]), ("30m+1ms", [], ["30m"])],
)
def test_the_second_event_counts_before_the_span_is_over_and_not_at_its_end(bought, fired, expired):
    found = run(THEN, [event("cart_add", "0s"), event("purchase", bought)])
    assert (found.fired, found.expired) == (fired, expired)


@pytest.mark.parametrize(("bought", "fired"), [("10m-1ms", []), ("10m", ["10m"]), ("10m+1ms", ["600001ms"])])
def test_the_second_event_counts_from_the_time_of_the_first(bought, fired):
    found = run(THEN, [event("cart_add", "10m"), event("purchase", bought)], max_out_of_orderness="1m")
    assert found.fired == fired


def test_a_completed_match_carries_the_time_of_the_event_that_completed_it():
    found = run(THEN, [event("cart_add", "0s"), event("purchase", "7m")])
    assert found.fired == ["7m"]
    assert found.evidence == [["cart_add@0s", "purchase@7m"]]


def test_other_events_may_come_between():
    found = run(THEN, [event("cart_add", "0s"), event("page_view", "1m"), event("purchase", "2m")])
    assert found.fired == ["2m"]


def test_an_event_of_another_customer_does_not_count():
    found = run(THEN, [event("cart_add", "0s"), event("purchase", "2m", customer="c2")])
    assert (found.fired, found.pending) == ([], 1)


@pytest.mark.parametrize(("third", "fired"), [("50m-1ms", ["2999999ms"]), ("50m", []), ("50m+1ms", [])])
def test_the_span_of_a_step_counts_from_the_last_event_step_before_it(third, fired):
    text = trigger("""
steps:
  - {event: a}
  - {event: b, within: 30m}
  - {event: c, within: 30m}
""")
    assert run(text, [event("a", "0s"), event("b", "20m"), event("c", third)]).fired == fired


def test_the_span_of_a_step_counts_from_the_last_event_and_not_from_the_wait_between():
    text = trigger("""
steps:
  - {event: a}
  - {wait: 10m}
  - {event: b, within: 30m}
""")
    assert run(text, [event("a", "0s"), event("b", "30m-1ms")]).fired == ["1799999ms"]
    assert run(text, [event("a", "0s"), event("b", "30m")]).fired == []


@pytest.mark.parametrize(("third", "fired"), [("1h-1ms", ["3599999ms"]), ("1h", []), ("1h+1ms", [])])
def test_within_of_the_match_spans_the_first_to_the_last_event(third, fired):
    text = trigger("""
within: 1h
steps:
  - {event: a}
  - {event: b}
  - {event: c}
""")
    assert run(text, [event("a", "0s"), event("b", "20m"), event("c", third)]).fired == fired


def test_within_of_the_match_does_not_bind_the_absence_after_the_last_event():
    text = trigger("""
within: 1h
steps:
  - {event: a}
  - {event: b}
  - {absent: c, within: 2h}
""")
    found = run(text, [event("a", "0s"), event("b", "50m")], at_end="flush")
    assert (found.fired, found.expired) == (["170m"], [])


def test_several_types_are_alternatives():
    text = trigger("steps: [{event: [a, b]}, {event: [c, d], within: 1m}]")
    assert run(text, [event("b", "0s"), event("d", "1s")]).fired == ["1s"]


def test_any_type_is_the_star():
    text = trigger("steps: [{event: a}, {event: '*', within: 1m}]")
    found = run(text, [event("a", "0s"), event("whatever", "1s")])
    assert found.evidence == [["a@0s", "whatever@1s"]]
