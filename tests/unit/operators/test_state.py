"""The published format of a key group's state: it comes back whole, and what cannot be read is refused."""

import msgspec
import pytest

from operators import matching
from operators.clock import PartitionClock
from operators.decode import Decoder
from operators.group import KeyGroup
from operators.records import END_OF_TIME
from operators.state import FORMAT, StateFormatError, restore, snapshot
from tests.fixtures import write_key_group_state as fixture
from tests.harness import Graph, Log, compiled, event, run, trigger

TEXT = trigger("steps: [{event: a, as: a}, {absent: b, within: 30m}]")
FOLLOWED = trigger("steps: [{event: a, as: a}, {absent: b, within: 30m}, {event: c}]")


def fed(*texts, events=()):
    """A key group that has read these events."""
    found = Graph(compiled(*texts), 1, 1_000_000, None)
    log = Log(("events", 0), PartitionClock(0), list(events))
    found.feed(log, (log.origin,), Decoder(), 1_000)
    (group,) = found.groups.values()
    return group


def resumed(group, *texts):
    """A fresh key group with these triggers and the other's state."""
    fresh = KeyGroup(compiled(*texts), dedupe_horizon_us=1_000_000)
    restore(fresh, snapshot(group))
    return fresh


OPEN = [event("a", "0s"), event("x", "1m")]


def test_a_snapshot_of_what_was_restored_is_the_same_snapshot():
    fed_graph, _ = fixture.graph()
    (group,) = fed_graph.groups.values()
    fresh = KeyGroup(compiled(*fixture.TRIGGERS), dedupe_horizon_us=fixture.HORIZON_US)
    restore(fresh, snapshot(group))
    assert snapshot(fresh) == snapshot(group)
    assert fresh.open_matches == group.open_matches > 5


def test_restored_timers_are_due_when_they_were():
    fed_graph, _ = fixture.graph()
    (group,) = fed_graph.groups.values()
    fresh = KeyGroup(compiled(*fixture.TRIGGERS), dedupe_horizon_us=fixture.HORIZON_US)
    restore(fresh, snapshot(group))
    live = {
        (due, program, key)
        for due, program, key in group.matching.timers.due_by(END_OF_TIME)
        if group.automata[program].states.due_us(key) == due
    }
    assert set(fresh.matching.timers.due_by(END_OF_TIME)) == live


@pytest.mark.parametrize("chunk_size", [1, 2, 5])
def test_a_restart_between_any_two_chunks_changes_nothing(chunk_size):
    events = [*fixture.BEFORE, *fixture.AFTER]
    asked = {"max_out_of_orderness": fixture.MAX_OUT_OF_ORDERNESS, "key_groups": 2, "chunk_size": chunk_size}
    straight = run(fixture.TRIGGERS, events, **asked)
    restarted = run(fixture.TRIGGERS, events, **asked, snapshot_every=1)
    assert restarted.lines() == straight.lines()
    assert restarted.tally.counts == straight.tally.counts
    assert len(straight.decisions) >= 8


def test_the_stored_state_of_format_1_loads_and_goes_on():
    stored = msgspec.msgpack.decode((fixture.STATE / "key_group_1.msgpack").read_bytes())
    fed_graph, _ = fixture.graph()
    (name,) = fed_graph.groups
    group = KeyGroup(compiled(*fixture.TRIGGERS), dedupe_horizon_us=fixture.HORIZON_US)
    restore(group, (stored[0], stored[1], tuple(stored[2])))
    assert snapshot(group) == snapshot(fed_graph.groups[name])


def test_an_unknown_format_is_refused_with_what_to_do():
    group = KeyGroup(compiled(TEXT), dedupe_horizon_us=0)
    with pytest.raises(StateFormatError) as refused:
        restore(group, ("customer-triggers/key-group/9", b"", ()))
    assert str(refused.value) == (
        "the recovery store holds key-group state of format 'customer-triggers/key-group/9'; "
        f"this version reads {FORMAT!r}. Start with an empty recovery store, or with the version that wrote it"
    )


@pytest.mark.parametrize("stored", [None, b"pickle", (), ("x",), [FORMAT, b"", ()], {"format": FORMAT}])
def test_what_is_no_snapshot_of_ours_is_refused(stored):
    with pytest.raises(StateFormatError):
        restore(KeyGroup(compiled(TEXT), dedupe_horizon_us=0), stored)


def test_deltas_of_a_later_version_are_refused():
    _, base, _ = snapshot(fed(TEXT, events=OPEN))
    with pytest.raises(StateFormatError, match="deltas"):
        restore(KeyGroup(compiled(TEXT), dedupe_horizon_us=0), (FORMAT, base, (b"x",)))


def test_a_changed_trigger_starts_fresh_and_disturbs_no_other():
    other = trigger("steps: [{event: a}, {wait: 1h}]", name="other")
    group = fed(TEXT, other, events=OPEN)
    changed = TEXT.replace("30m", "31m")
    fresh = resumed(group, changed, other)
    assert {each.program.name: each.open_matches for each in fresh.automata} == {"t": 0, "other": 1}
    assert fresh.tally.of("state_reset", "t") == 1


def test_a_removed_trigger_is_dropped_and_disturbs_no_other():
    other = trigger("steps: [{event: a}, {wait: 1h}]", name="other")
    fresh = resumed(fed(TEXT, other, events=OPEN), other)
    assert fresh.open_matches == 1
    assert fresh.tally.of("state_dropped", "t") == 1


def test_another_number_of_key_groups_is_refused_with_the_way_out():
    stored = snapshot(KeyGroup(compiled(TEXT), dedupe_horizon_us=0, key_groups=256))
    with pytest.raises(StateFormatError, match=r"written with 256 key groups, and key_groups \(CT_KEY_GROUPS\) is 64"):
        restore(KeyGroup(compiled(TEXT), dedupe_horizon_us=0, key_groups=64), stored)


def test_a_new_trigger_begins_empty_and_disturbs_no_other():
    earlier = trigger("steps: [{event: a}, {wait: 1h}]", name="earlier")
    fresh = resumed(fed(TEXT, events=OPEN), earlier, TEXT)
    assert {each.program.name: each.open_matches for each in fresh.automata} == {"earlier": 0, "t": 1}


def test_a_snapshot_holds_no_class_of_ours():
    form, base, deltas = snapshot(fed(TEXT, events=OPEN))
    assert (type(form), type(base), type(deltas)) == (str, bytes, tuple)
    assert msgspec.msgpack.decode(base).keys() == {
        "key_groups", "group", "watermark_us", "first_us", "marks", "seen", "seen_foreign", "waiting",
        "waiting_foreign", "waiting_arrivals", "waiting_handovers", "triggers", "showings", "policy",
    }  # fmt: skip


@pytest.mark.parametrize("value", ["12345678901234567890123", "-9223372036854775809"])
def test_a_captured_whole_number_beyond_64_bits_can_be_snapshotted(value):
    text = trigger(
        "steps: [{event: a, as: a}, {absent: b, within: 30m}]",
        rest="actions: [{channel: email, template: x, data: {n: $a.properties.n}}]",
    )
    raw = b'{"event_id":"a","type":"a","customer_id":"c1","event_time":1767607200000,"properties":{"n":%s}}'
    group = fed(text, events=[{"raw": raw % value.encode()}, event("x", "1m")])
    assert group.open_matches == 1
    resumed(group, text)


def test_a_foreign_event_that_fires_on_arrival_and_waits_for_another_trigger_can_be_snapshotted():
    arrival = trigger("key: properties.p\nsteps: [{event: a}]", name="arrival")
    waiting = trigger("key: properties.p\nsteps: [{event: a}, {wait: 1h}]", name="waiting")
    group = fed(arrival, waiting, events=[event("a", "0s", p="p1")])
    assert len(group.waiting_foreign) == 1
    assert snapshot(resumed(group, arrival, waiting)) == snapshot(group)


def test_a_reworded_trigger_keeps_its_open_matches_and_a_changed_one_does_not():
    group = fed(TEXT, events=OPEN)
    assert resumed(group, TEXT.replace("match:", "description: reworded\nmatch:")).open_matches == group.open_matches
    assert resumed(group, TEXT.replace("30m", "31m")).open_matches == 0


@pytest.mark.parametrize("text", [*fixture.TRIGGERS, TEXT, FOLLOWED])
def test_what_comes_to_rest_between_any_two_events_goes_on_as_if_it_had_not(monkeypatch, text):
    events = [*fixture.BEFORE, *fixture.AFTER, *OPEN]
    awake = run(text, events, chunk_size=1)
    monkeypatch.setattr(matching, "AWAKE", 0)
    monkeypatch.setattr(matching, "LOOKS_EVERY", 1)
    rested = run(text, events, chunk_size=1)
    assert rested.lines() == awake.lines()
    assert rested.tally.counts == awake.tally.counts


def test_a_snapshot_brings_everything_to_rest_and_wakes_nothing():
    group = fed(TEXT, events=OPEN)
    (automaton,) = group.automata
    assert automaton.states.live.keys() == {"c1"}
    snapshot(group)
    assert (automaton.states.live, automaton.states.resting.keys()) == ({}, {"c1"})
    fresh = resumed(group, TEXT)
    assert (fresh.automata[0].states.live, fresh.automata[0].states.resting.keys()) == ({}, {"c1"})
