"""`absent: B within T` before the first event: `A` fits only if nothing that may be B lies in [A-T, A)."""

import pytest

from tests.harness import compiled, event, run, trigger

NEW = trigger("steps: [{absent: b, within: 10m}, {event: a}, {event: c}]")
OPENING = event("x", "0s", customer="c9")


@pytest.mark.parametrize(
    ("before", "fired"), [("20m-1ms", ["40m"]), ("20m", []), ("20m+1ms", []), ("30m-1ms", []), ("30m", ["40m"])]
)
def test_it_looks_back_from_the_first_event_and_not_at_its_own_time(before, fired):
    events = sorted([OPENING, event("a", "30m"), event("b", before)], key=lambda each: each["event_time"])
    assert run(NEW, [*events, event("c", "40m")]).fired == fired


def test_an_event_at_the_same_time_hides_none_before_it():
    events = [OPENING, event("b", "25m"), event("b", "30m", id="same"), event("a", "30m"), event("c", "40m")]
    assert run(NEW, events).fired == []


@pytest.mark.parametrize(("opening", "fired"), [("20m-1ms", ["40m"]), ("20m", ["40m"]), ("20m+1ms", [])])
def test_what_was_not_watched_is_unknown_and_does_not_fire(opening, fired):
    events = [event("x", opening, customer="c9"), event("a", "30m"), event("c", "40m")]
    assert run(NEW, events, key_groups=8, chunk_size=1).fired == fired


@pytest.mark.parametrize(("opening", "fired"), [("20m", ["40m"]), ("20m+1ms", [])])
def test_of_several_partitions_the_one_that_begins_last_counts(opening, fired):
    events = [OPENING, event("x", opening, customer="c8"), event("a", "30m"), event("c", "40m")]
    events += [event("x", "41m", customer="c8", id="end")]
    assert run(NEW, events, partitions=[0, 1, 0, 0, 1]).fired == fired


def test_a_trigger_that_is_new_at_a_resume_has_watched_since_then():
    from operators.clock import PartitionClock
    from operators.decode import Decoder
    from operators.group import KeyGroup
    from operators.state import restore, snapshot
    from tests.harness import Graph, Log

    other = trigger("steps: [{event: z}, {wait: 1h}]", name="other")
    log = Log(("events", 0), PartitionClock(0))
    graph = Graph(compiled(other), 1, 0, None)
    log.items = [OPENING, event("b", "25m")]
    graph.feed(log, (log.origin,), Decoder(), 10)
    (name,) = graph.groups
    fresh = Graph(compiled(other, NEW), 1, 0, None)
    restore(fresh.groups[name], snapshot(graph.groups[name]))
    again = KeyGroup(fresh.plan, dedupe_horizon_us=0)
    restore(again, snapshot(fresh.groups[name]))
    fresh.groups[name] = again
    log.items = [event("a", "30m"), event("c", "31m"), event("a", "35m", id="a2"), event("c", "36m", id="c2")]
    fresh.feed(log, (log.origin,), Decoder(), 10)
    fresh.end((log.origin,), "hold")
    assert fresh.result.fired == ["36m"]


def test_several_of_them_must_all_hold():
    text = trigger("steps: [{absent: b, within: 10m}, {absent: d, within: 20m}, {event: a}]")
    assert run(text, [OPENING, event("a", "30m")]).fired == ["30m"]
    assert run(text, [OPENING, event("d", "15m"), event("a", "30m")]).fired == []
    assert run(text, [OPENING, event("d", "5m"), event("a", "30m")]).fired == ["30m"]


def test_what_may_fit_spoils_it():
    text = trigger("steps: [{absent: b, within: 10m, where: {properties.x: {gt: 1}}}, {event: a}]")
    assert run(text, [OPENING, event("b", "25m"), event("a", "30m")]).fired == []
    assert run(text, [OPENING, event("b", "25m", x=0), event("a", "30m")]).fired == ["30m"]


def test_a_late_event_counts_if_it_comes_before_the_first_is_processed():
    events = [OPENING, event("x", "29m"), event("b", "25m"), event("a", "30m"), event("c", "40m")]
    assert run(NEW, events).fired == []


def test_the_same_type_may_not_have_come_before():
    text = trigger("steps: [{absent: a, within: 10m}, {event: a}]")
    events = [OPENING, *[event("a", when) for when in ("20m", "29m", "39m-1ms", "50m")]]
    assert run(text, events).fired == ["20m", "50m"]


def test_with_times_it_looks_back_from_the_first_of_them():
    text = trigger("steps: [{absent: b, within: 10m}, {event: a, times: 2, within: 1h}]")
    spoilt = [OPENING, event("b", "25m"), *[event("a", when) for when in ("30m", "36m", "37m")]]
    assert run(text, spoilt, chunk_size=1, snapshot_every=1).evidence == [["a@36m", "a@37m"]]


def test_what_is_remembered_is_let_go_when_it_can_spoil_nothing():
    events = [OPENING, event("b", "20m"), event("x", "30m", id="at")]
    found = run(NEW, events)
    assert any(automaton.states for group in found.groups for automaton in group.automata)
    found = run(NEW, [*events, event("x", "30m+1ms", id="after")])
    assert all(not automaton.states for group in found.groups for automaton in group.automata)
