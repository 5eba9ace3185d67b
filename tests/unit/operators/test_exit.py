"""`exit` ends every open match, whatever its step."""

import pytest

from tests.harness import event, run, trigger

TEXT = trigger("""
steps:
  - {event: a, as: a}
  - {event: b}
  - {absent: c, within: 10m}
exit: [{event: stop}, {event: leave, where: {properties.of: {eq: $a.properties.of}}}]
""")


@pytest.mark.parametrize("when", ["1m", "3m"])
def test_an_exit_ends_a_match_at_any_step(when):
    events = sorted([event("a", "0s"), event("b", "2m"), event("stop", when)], key=lambda each: each["event_time"])
    found = run(TEXT, events, at_end="flush")
    assert found.fired == []
    assert found.tally.of("exited", "t") == 1


@pytest.mark.parametrize(("stop", "fired"), [("12m-1ms", []), ("12m", ["12m"]), ("12m+1ms", ["12m"])])
def test_an_exit_counts_before_the_deadline_and_not_at_it(stop, fired):
    assert run(TEXT, [event("a", "0s"), event("b", "2m"), event("stop", stop)]).fired == fired


@pytest.mark.parametrize(("stop", "fired"), [("5m-1ms", ["16m"]), ("5m", []), ("5m+1ms", [])])
def test_an_exit_counts_from_the_first_event_on(stop, fired):
    events = sorted([event("a", "5m"), event("stop", stop)], key=lambda each: each["event_time"])
    assert run(TEXT, [*events, event("b", "6m")], at_end="flush").fired == fired


def test_an_exit_may_ask_about_what_was_captured():
    begun = [event("a", "0s", of="x"), event("b", "2m")]
    assert run(TEXT, [*begun, event("leave", "3m", of="y")], at_end="flush").fired == ["12m"]
    assert run(TEXT, [*begun, event("leave", "3m", of="x")], at_end="flush").fired == []


def test_an_event_that_advances_a_match_does_not_exit_it():
    text = trigger("steps: [{event: a}, {event: b}]\nexit: [{event: b}]")
    assert run(text, [event("a", "0s"), event("b", "1m")]).fired == ["1m"]


def test_an_event_that_exits_may_begin_the_next_match():
    text = trigger("steps: [{event: a}, {event: b}]\nexit: [{event: a}]")
    assert run(text, [event("a", "0s"), event("a", "1m"), event("b", "2m")]).evidence == [["a@1m", "b@2m"]]


def test_an_exit_is_no_absence_and_ends_a_match_once():
    text = trigger("steps: [{event: a}, {absent: b, within: 10m}]\nexit: [{event: b}]")
    found = run(text, [event("a", "0s"), event("b", "1m")], at_end="flush")
    assert (found.tally.of("cancelled", "t"), found.tally.of("exited", "t")) == (1, 0)
