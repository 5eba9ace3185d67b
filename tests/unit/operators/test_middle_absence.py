"""`A`, `absent: B`, `C`: with a time C counts only from A+T on; without, a B in [A, C) ends the match."""

import pytest

from tests.harness import event, run, trigger

TIMED = trigger("""
steps:
  - {event: a}
  - {absent: b, within: 10m}
  - {event: c}
""")
UNTIMED = trigger("""
steps:
  - {event: a}
  - {absent: b}
  - {event: c}
""")


@pytest.mark.parametrize(("third", "fired"), [("10m-1ms", []), ("10m", ["10m"]), ("10m+1ms", ["600001ms"])])
def test_after_a_timed_absence_the_next_event_counts_only_from_its_end_on(third, fired):
    assert run(TIMED, [event("a", "0s"), event("c", third)]).fired == fired


def test_an_event_that_came_too_early_does_not_count_and_does_not_end_the_match():
    found = run(TIMED, [event("a", "0s"), event("c", "1m", id="early"), event("c", "20m", id="good")])
    assert found.evidence == [["a@0s", "good"]]


@pytest.mark.parametrize(("second", "fired"), [("10m-1ms", []), ("10m", ["20m"]), ("10m+1ms", ["20m"])])
def test_the_absent_event_ends_the_match_before_the_time_is_over_and_not_at_its_end(second, fired):
    assert run(TIMED, [event("a", "0s"), event("b", second), event("c", "20m")]).fired == fired


@pytest.mark.parametrize(("second", "fired"), [("5m-1ms", ["20m"]), ("5m", []), ("5m+1ms", [])])
def test_an_untimed_absence_begins_with_the_event_before_it(second, fired):
    events = sorted([event("a", "5m"), event("b", second), event("c", "20m")], key=lambda each: each["event_time"])
    assert run(UNTIMED, events).fired == fired


@pytest.mark.parametrize(("second", "fired"), [("20m-1ms", []), ("20m", ["20m"]), ("20m+1ms", ["20m"])])
def test_an_untimed_absence_ends_with_the_event_after_it(second, fired):
    assert (
        run(UNTIMED, [event("a", "0s"), event("c", "20m"), event("b", second)], max_out_of_orderness="1s").fired
        == fired
    )


def test_of_equal_times_the_order_of_arrival_decides_whether_the_absent_event_came_between():
    assert run(UNTIMED, [event("a", "0s"), event("b", "1m"), event("c", "1m")]).fired == []
    assert run(UNTIMED, [event("a", "0s"), event("c", "1m"), event("b", "1m")]).fired == ["1m"]
    assert run(UNTIMED, [event("b", "0s"), event("a", "0s"), event("c", "1m")]).fired == ["1m"]
    assert run(UNTIMED, [event("a", "0s"), event("b", "0s"), event("c", "1m")]).fired == []


def test_a_new_match_may_begin_after_an_absence_ended_one():
    events = [event("a", "0s"), event("b", "1m"), event("a", "2m"), event("c", "3m")]
    assert run(UNTIMED, events).evidence == [["a@2m", "c@3m"]]


def test_timed_and_untimed_absences_hold_together():
    text = trigger("""
steps:
  - {event: a}
  - {absent: x}
  - {absent: b, within: 10m}
  - {absent: y}
  - {event: c}
""")
    assert run(text, [event("a", "0s"), event("c", "10m")]).fired == ["10m"]
    for spoiler, when in (("x", "1m"), ("x", "11m"), ("y", "1m"), ("y", "11m"), ("b", "1m")):
        assert run(text, [event("a", "0s"), event(spoiler, when), event("c", "12m")]).fired == []


def test_an_absence_ends_the_match_before_the_same_event_could_advance_it():
    text = trigger("steps: [{event: a}, {absent: b}, {event: '*', where: {type: {ne: a}}}]")
    assert run(text, [event("a", "0s"), event("b", "1m"), event("z", "2m")]).fired == []


def test_an_absence_as_long_as_the_span_of_the_next_step_expires_at_that_span():
    text = trigger("steps: [{event: a}, {absent: b, within: 30m}, {event: c, within: 20m}]")
    found = run(text, [event("a", "0s"), event("c", "30m")], at_end="flush")
    assert (found.fired, found.expired) == ([], ["20m"])
