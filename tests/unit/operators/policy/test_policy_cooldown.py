"""Cooldown: per trigger and recipient, in event time, from what was sent, deferred or held out."""

import pytest

from operators.reasons import SuppressReason
from tests.deciding import known, outcomes, rule
from tests.harness import event, run
from tests.moments import START_US, us


@pytest.mark.parametrize(
    ("second", "what"), [("24h-1ms", SuppressReason.COOLDOWN), ("24h", "action"), ("24h+1ms", "action")]
)
def test_it_holds_for_less_than_its_span(second, what):
    found = run(rule("cooldown: 24h"), [event("a", "0s"), event("a", second)])
    assert [each.reason or each.outcome for each in found.decisions] == ["action", what]


def test_what_it_held_back_does_not_prolong_it():
    found = run(rule("cooldown: 1h"), [event("a", "0s"), event("a", "30m"), event("a", "1h")])
    assert outcomes(found) == ["0s action", "30m cooldown", "1h action"]


def test_it_is_of_one_trigger_and_one_recipient():
    texts = [rule("cooldown: 1h", name="one"), rule("cooldown: 1h", name="two", match="steps: [{event: b}]")]
    found = run(texts, [event("a", "0s"), event("b", "1m"), event("a", "2m", customer="c2")])
    assert outcomes(found) == ["0s action", "1m action", "2m action"]


def test_two_actions_of_one_match_do_not_hold_each_other_back():
    actions = "actions: [{channel: email, template: x}, {channel: push, template: y}]"
    found = run(rule("cooldown: 1h", rest=actions), [event("a", "0s"), event("a", "1m")])
    assert outcomes(found) == ["0s action", "0s action", "1m cooldown", "1m cooldown"]


def test_two_matches_of_one_moment_are_one_too_many():
    text = rule("cooldown: 1h", match="key: [customer_id, properties.p]\nsteps: [{event: a}]")
    found = run(text, [event("a", "0s", id="x", p="p2"), event("a", "0s", id="y", p="p1")])
    assert [(each.key[1], each.reason) for each in found.decisions] == [("p1", None), ("p2", "cooldown")]


def test_what_was_suppressed_starts_none():
    first = [True]

    def profiles(customer_id, time_us):
        return {"consent": {"marketing": not first.pop()}} if first else {"consent": {"marketing": True}}

    found = run(rule("consent: marketing, cooldown: 1h"), [event("a", "0s"), event("a", "1m")], profiles=profiles)
    assert outcomes(found) == ["0s consent", "1m action"]


def test_what_was_deferred_starts_it_and_what_came_of_nothing_ends_it():
    policy = "cooldown: 2d, consent: marketing"
    actions = "actions: [{channel: email, template: x, after: 1h}]"
    events = [event("a", "0s"), event("a", "30m"), event("a", "2h"), event("x", "4h")]
    sent = run(rule(policy, rest=actions), events, profiles=known(c1={"consent": {"marketing": True}}))
    assert outcomes(sent) == ["0s deferred", "0s action", "30m cooldown", "2h cooldown"]

    def profiles(customer_id, time_us):
        return {"consent": {"marketing": time_us != START_US + us("1h")}}

    withdrawn = run(rule(policy, rest=actions), events, profiles=profiles)
    assert outcomes(withdrawn) == ["0s deferred", "0s consent", "30m cooldown", "2h deferred", "2h action"]
