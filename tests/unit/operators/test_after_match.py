"""`after_match`: what a completed match does to the others of its trigger, key and `per` value."""

import pytest

from tests.harness import compiled, event, run, trigger


def clicks(*times):
    return [event("click", when) for when in times]


def test_skip_past_last_drops_what_waits_at_or_before_the_last_event_of_the_match():
    text = trigger("after_match: skip_past_last\nsteps: [{event: click, times: 2}, {event: buy}]")
    found = run(text, [*clicks("0s", "1s"), event("buy", "2s"), *clicks("3s"), event("buy", "4s")])
    assert found.evidence == [["click@0s", "click@1s", "buy@2s"]]


def test_keep_leaves_what_waits_to_the_next_match():
    text = trigger("after_match: keep\nsteps: [{event: click, times: 2}, {event: buy}]")
    found = run(text, [*clicks("0s", "1s"), event("buy", "2s"), *clicks("3s"), event("buy", "4s")])
    assert found.evidence == [["click@0s", "click@1s", "buy@2s"], ["click@1s", "click@3s", "buy@4s"]]


def test_what_came_after_the_last_event_of_a_match_is_not_dropped_with_it():
    text = trigger("steps: [{event: click, times: 2, within: 10m}, {absent: calm, within: 30m}]")
    found = run(text, clicks("0s", "1m", "29m", "32m"), at_end="flush")
    assert found.evidence == [["click@0s", "click@1m"], ["click@29m", "click@32m"]]


@pytest.mark.parametrize(("on_repeat", "cleared"), [("restart", True), ("ignore", True), ("overlap", False)])
def test_the_default_is_keep_with_overlap_and_skip_past_last_otherwise(on_repeat, cleared):
    (program,) = compiled(trigger(f"on_repeat: {on_repeat}\nsteps: [{{event: a, times: 2}}]")).programs
    assert (program.skip is not None) is cleared


def test_a_match_of_one_customer_leaves_another_alone():
    text = trigger("steps: [{event: click, times: 2}]")
    events = [event("click", "0s"), event("click", "1s", customer="c2"), event("click", "2s")]
    events.append(event("click", "3s", customer="c2"))
    assert run(text, events).fired == ["2s", "c2 3s"]


def overlapping(after, *, steps="{event: a}, {event: b, as: b, times: 2}"):
    return trigger(f"on_repeat: overlap\nafter_match: {after}\nsteps: [{steps}]")


def firsts(found):
    return [each.evidence[0].event_id for each in found.told]


THREE = [event("a", "0s"), event("a", "1s"), event("b", "2s"), event("a", "3s"), event("b", "4s"), event("b", "5s")]


@pytest.mark.parametrize(
    ("after", "first", "skipped"),
    [
        ("keep", ["a@0s", "a@1s", "a@3s"], 0),
        ("skip_past_last", ["a@0s"], 2),
        ("skip_to_next", ["a@0s", "a@1s", "a@3s"], 0),
        ("{skip_to_first: b}", ["a@0s", "a@3s"], 1),
        ("{skip_to_last: b}", ["a@0s"], 2),
    ],
)
def test_what_a_completed_match_drops_of_those_that_began_before_it_ended(after, first, skipped):
    found = run(overlapping(after), THREE, chunk_size=1, snapshot_every=1)
    assert (sorted(firsts(found)), found.tally.of("skipped", "t"), found.pending) == (first, skipped, 0)


def crossing(after, within=""):
    """Matches that are completed in another order than they begin."""
    return trigger(f"""
on_repeat: overlap
after_match: {after}
steps: [{{event: a, as: a}}, {{event: b, where: {{properties.of: {{eq: $a.properties.of}}}}{within}}}]
""")


def crossed(*last):
    return [event("a", "0s", of=1), event("a", "1s", of=2), event("b", "2s", of=2), *last]


def test_a_completed_match_is_held_while_an_earlier_begun_one_is_open():
    text = crossing("skip_to_next")
    assert run(text, crossed(event("x", "1h"))).told == []
    found = run(text, crossed(event("b", "3s", of=1)), chunk_size=1, snapshot_every=1)
    assert [(each.evidence[0].event_id, each.event_time_us % 60_000_000) for each in found.told] == [
        ("a@0s", 3_000_000),
        ("a@1s", 2_000_000),
    ]


def test_a_held_match_that_the_earlier_one_skips_is_dropped():
    found = run(crossing("skip_past_last"), crossed(event("b", "3s", of=1)))
    assert (firsts(found), found.tally.of("skipped", "t")) == (["a@0s"], 1)


def test_a_held_match_is_told_when_the_earlier_one_ends_without_a_match():
    found = run(crossing("skip_past_last", within=", within: 10s"), crossed(event("x", "1h")))
    assert (sorted(firsts(found)), found.fired, found.expired) == (["a@0s", "a@1s"], ["2s"], ["10s"])


def test_an_event_of_a_match_that_an_absence_ended_begins_no_other():
    text = trigger("steps: [{event: view, times: 3}, {absent: [cart_add], within: 2h}]")
    views = [event("view", when) for when in ("0s", "1s", "2s")]
    events = [*views, event("cart_add", "3s"), event("view", "4s"), event("view", "5s")]
    assert run(text, events, at_end="flush").fired == []
    assert run(text, [*events, event("view", "6s")], at_end="flush").fired == ["7206s"]
