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
