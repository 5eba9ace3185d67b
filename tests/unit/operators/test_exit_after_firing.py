"""After a match has fired, an `exit` or an action's `unless` ends what of it still waits to be sent."""

import pytest

from tests.harness import event, run, trigger

ACTIONS = """
actions:
  - {channel: email, template: now}
  - {channel: push, template: later, after: 1h, unless: [{event: seen}]}
  - {channel: sms, template: last, after: 2h}
"""
TEXT = trigger("steps: [{event: a, as: a}, {event: b}]\nexit: [{event: stop}]", rest=ACTIONS)
BOTH = [event("a", "0s"), event("b", "1m")]


def told(found):
    """By action, what became of it, but for its being deferred."""
    return {
        each.action: each.outcome if each.reason is None else each.reason
        for each in found.decisions
        if each.outcome != "deferred"
    }


def test_without_such_an_event_everything_is_sent():
    assert told(run(TEXT, BOTH, at_end="flush")) == {"email": "action", "push": "action", "sms": "action"}


@pytest.mark.parametrize(("when", "push"), [("1h1m-1ms", "exited"), ("1h1m", "action"), ("1h1m+1ms", "action")])
def test_an_exit_ends_everything_that_still_waits(when, push):
    found = run(TEXT, [*BOTH, event("stop", when)], at_end="flush", chunk_size=1, snapshot_every=1)
    assert told(found) == {"email": "action", "push": push, "sms": "exited"}


@pytest.mark.parametrize(("when", "push"), [("1h1m-1ms", "exited"), ("1h1m", "action")])
def test_unless_ends_its_own_action_alone(when, push):
    found = run(TEXT, [*BOTH, event("seen", when)], at_end="flush", chunk_size=1, snapshot_every=1)
    assert told(found) == {"email": "action", "push": push, "sms": "action"}


def test_an_event_before_the_match_fired_ends_nothing_of_it():
    found = run(TEXT, [event("a", "0s"), event("seen", "30s"), event("b", "1m")], at_end="flush")
    assert told(found)["push"] == "action"


def test_at_the_time_of_the_firing_the_order_of_arrival_decides():
    before, after = [event("a", "0s"), event("seen", "1m"), event("b", "1m")], [*BOTH, event("seen", "1m")]
    assert told(run(TEXT, before, at_end="flush"))["push"] == "action"
    assert told(run(TEXT, after, at_end="flush"))["push"] == "exited"


def test_a_late_event_ends_what_waits_when_it_comes():
    events = [*BOTH, event("x", "30m"), event("stop", "10m")]
    assert told(run(TEXT, events, at_end="flush")) == {"email": "action", "push": "exited", "sms": "exited"}
    too_late = [*BOTH, event("x", "90m"), event("stop", "10m")]
    assert told(run(TEXT, too_late, at_end="flush")) == {"email": "action", "push": "action", "sms": "exited"}
    before = [event("a", "0s"), event("b", "20m"), event("x", "30m"), event("seen", "10m")]
    assert told(run(TEXT, before, at_end="flush"))["push"] == "action"


def test_a_doubt_ends_it_too():
    text = TEXT.replace("{event: stop}", "{event: stop, where: {properties.x: {eq: $a.properties.x}}}")
    events = [event("a", "0s", x=1), event("b", "1m")]
    for properties, sms in (({"x": 1}, "exited"), ({}, "exited"), ({"x": 2}, "action")):
        assert told(run(text, [*events, event("stop", "5m", **properties)], at_end="flush"))["sms"] == sms


def test_a_trigger_that_fires_on_arrival_is_watched_as_well():
    text = trigger("steps: [{event: a}]\nexit: [{event: a}]", rest=ACTIONS)
    once = run(text, [event("a", "0s"), event("x", "1m")], at_end="flush", chunk_size=1, snapshot_every=1)
    assert told(once) == {"email": "action", "push": "action", "sms": "action"}
    again = run(text, [event("a", "0s"), event("a", "10m")], at_end="flush", chunk_size=1, snapshot_every=1)
    first = [each for each in again.decisions if each.evidence[0].event_id == "a@0s" and each.outcome != "deferred"]
    assert {each.action: each.reason for each in first} == {"email": None, "push": "exited", "sms": "exited"}


def test_quiet_hours_are_such_a_wait():
    quiet = "policy: {quiet_hours: {from: 09:00, to: 12:00}}"
    text = trigger("steps: [{event: a}, {event: b}]\nexit: [{event: stop}]", rest=quiet)
    assert told(run(text, [*BOTH, event("x", "5h")])) == {"email": "action"}
    assert told(run(text, [*BOTH, event("stop", "1h"), event("x", "5h")])) == {"email": "exited"}


def test_a_match_is_watched_no_longer_than_something_of_it_can_wait():
    found = run(TEXT, [*BOTH, event("x", "2h1m-1ms")])
    assert any(automaton.states for group in found.groups for automaton in group.automata)
    found = run(TEXT, [*BOTH, event("x", "2h1m")])
    assert not any(automaton.states for group in found.groups for automaton in group.automata)


def test_where_nothing_can_wait_nothing_is_watched():
    text = trigger("steps: [{event: a}, {event: b}]\nexit: [{event: stop}]")
    found = run(text, BOTH)
    assert not any(automaton.states for group in found.groups for automaton in group.automata)
