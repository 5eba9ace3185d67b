"""Every kind of state that an open match can have comes back from a snapshot at any point, and goes on as if nothing
had happened."""

import pytest

from operators.group import KeyGroup
from operators.state import restore, snapshot
from tests.harness import compiled, event, run, trigger
from tests.unit.operators.test_state import fed

LINE = [
    event("a", "1m", x=1), event("b", "2m", x=5), event("b", "3m", x=4), event("d", "4m", x=4), event("a", "5m", x=2),
    event("b", "6m", x=3), event("c", "7m", x=3), event("b", "8m", x=9), event("e", "9m"), event("a", "10m", x=3),
    event("b", "11m", x=1), event("d", "12m"), event("c", "13m", x=1), event("e", "14m"), event("b", "15m", x=2),
    event("c", "16m", x=2), event("x", "40m"),
]  # fmt: skip

ITS = ", where: {properties.x: {eq: $a.properties.x}}"
KINDS = {
    "an open loop": "steps: [{event: a}, {event: b, times: {min: 2, max: 9}}, {event: c}]",
    "an unbounded loop": "steps: [{event: a}, {event: b, as: b, times: {min: 2}, "
    "having: {distinct: properties.x, gte: 2}}, {event: c, where: {properties.x: {lte: $b.sum(properties.x)}}}]",
    "a loop that ended": "steps: [{event: a}, {event: b, times: {min: 1}, until: {event: d}}, {event: c}]",
    "a loop before an absence": "steps: [{event: a}, {event: b, times: {min: 1}}, {absent: c, within: 90s}]",
    "a loop that has fired": "after_match: keep\nsteps: [{event: a}, {event: b, times: {min: 1, within: 10m}}]",
    "a greedy loop": "steps: [{event: a}, {event: b, times: {min: 1, max: 4, within: 9m}, greedy: true}]",
    "an optional step": "steps: [{event: a}, {absent: e}, {event: d, optional: true}, {wait: 1m}, {event: c}]",
    "a strict step": "steps: [{event: a}, {event: b, contiguity: strict}, {event: d, optional: true}, {event: c}]",
    "each": "after_match: keep\nsteps: [{event: a}, {event: b, contiguity: each}, {event: c, within: 3m}]",
    "a group": "steps: [{event: a}, {all: [{any: [{event: b}, {absent: c, within: 9m}]}, {absent: x, within: 4m}, "
    "{event: e}]}]",
    "a first group": "steps: [{all: [{event: a}, {any: [{event: b}, {event: d}]}], within: 4m}, {event: c}]",
    "a first group of the oldest": "on_repeat: ignore\nsteps: [{all: [{event: b}, {event: e}], within: 7m}]",
    "a window": "steps: [{event: b, times: {min: 2, max: 3, within: 5m}}, {absent: c, within: 1m}]",
    "a sliding sum": "steps: [{event: b, times: {min: 1, within: 9m}, having: {sum: properties.x, gte: 9}}]",
    "a leading absence": "steps: [{absent: d, within: 1m}, {event: b, times: 2}, {event: c}]",
    "a held match": "on_repeat: overlap\nafter_match: skip_to_next\nsteps: [{event: a, as: a}, {event: b" + ITS + "}]",
    "skipped matches": "on_repeat: overlap\nafter_match: {skip_to_last: b}\nsteps: [{event: a}, {event: b, as: b, "
    "times: {min: 2, max: 3}}]",
    "an idle": "steps: [{event: a}, {event: b, times: {min: 1}}, {idle: {for: 2m, of: [b, c]}}]",
    "an at": "steps: [{event: a, as: a}, {wait: $a.properties.x}, {event: b}]",
}


@pytest.mark.parametrize("match", KINDS.values(), ids=KINDS)
def test_a_restart_before_any_event_changes_nothing(match):
    plan = compiled(trigger(match))
    straight = run(plan, LINE, at_end="flush")
    restarted = run(plan, LINE, at_end="flush", chunk_size=1, snapshot_every=1)
    assert restarted.lines() == straight.lines()
    assert restarted.tally.counts == straight.tally.counts
    assert straight.decisions


@pytest.mark.parametrize("match", KINDS.values(), ids=KINDS)
def test_a_snapshot_of_what_was_restored_is_the_same_snapshot(match):
    text = trigger(match)
    for count in range(len(LINE)):
        group = fed(text, events=LINE[:count])
        fresh = KeyGroup(compiled(text), dedupe_horizon_us=1_000_000)
        restore(fresh, snapshot(group))
        assert snapshot(fresh) == snapshot(group)
        assert fresh.open_matches == group.open_matches
