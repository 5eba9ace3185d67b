"""Priority: at one moment, or within a trigger's ``arbitration``, a recipient's action yields to a better one."""

import pytest

from operators.reasons import SuppressReason
from tests.deciding import known, rule
from tests.harness import event, run


def two(low="priority: 1", high="priority: 9", **asked):
    texts = [rule(low, name="low"), rule(high, name="high", match="steps: [{event: b}]")]

    def decided(*events):
        found = run(texts, events, **asked)
        return [(each.trigger, each.reason) for each in found.decisions]

    return decided


def test_at_one_moment_the_better_goes_and_the_other_does_not():
    assert two()(event("a", "0s"), event("b", "0s")) == [("high", None), ("low", SuppressReason.PRIORITY)]


@pytest.mark.parametrize("apart", ["1ms", "1h"])
def test_without_arbitration_only_the_same_moment_counts(apart):
    assert two()(event("a", "0s"), event("b", apart)) == [("low", None), ("high", None)]


@pytest.mark.parametrize(("apart", "reason"), [("10m-1ms", "priority"), ("10m", "priority"), ("10m+1ms", None)])
def test_it_yields_to_a_better_one_before_it_and_after_it(apart, reason):
    decided = two(low="priority: 1, arbitration: 10m")
    assert dict(decided(event("a", "0s"), event("b", apart), event("x", "3h"))) == {"low": reason, "high": None}
    assert dict(decided(event("b", "0s"), event("a", apart), event("x", "3h"))) == {"low": reason, "high": None}


def test_it_is_decided_when_its_arbitration_is_over():
    decided = two(low="priority: 1, arbitration: 10m")
    assert decided(event("a", "0s"), event("x", "10m-1ms")) == []
    assert decided(event("a", "0s"), event("x", "10m+1ms")) == [("low", None)]


def test_it_yields_to_one_that_still_waits_for_its_own():
    decided = two(low="priority: 1, arbitration: 10m", high="priority: 9, arbitration: 1h")
    assert decided(event("a", "0s"), event("b", "5m"), event("x", "3h")) == [("low", "priority"), ("high", None)]


def test_it_does_not_yield_to_what_is_held_back_for_another_reason():
    for arbitration in ("", ", arbitration: 1h"):
        decided = two(low="priority: 1, arbitration: 10m", high="priority: 9, consent: marketing" + arbitration)
        events = [event("a", "0s"), event("b", "5m"), event("x", "3h")]
        assert decided(*events) == [("low", None), ("high", "consent_unknown")]


def test_of_equal_priority_both_go():
    assert two(low="priority: 9")(event("a", "0s"), event("b", "0s")) == [("high", None), ("low", None)]


def test_other_recipients_do_not_compete():
    assert two()(event("a", "0s"), event("b", "0s", customer="c2")) == [("high", None), ("low", None)]


def test_the_actions_of_one_match_do_not_compete():
    actions = "actions: [{channel: email, template: x}, {channel: push, template: y}]"
    found = run([rule("priority: 1", rest=actions), rule("priority: 2", name="u", match="steps: [{event: z}]")],
                [event("a", "0s")])  # fmt: skip
    assert [each.reason for each in found.decisions] == [None, None]


def test_a_full_cap_is_the_reason_before_priority():
    cap = ", caps: [{channel: email, max: 1, per: 1d}]"
    decided = two(low="priority: 1" + cap, high="priority: 9" + cap)
    assert decided(event("a", "0s"), event("b", "0s")) == [("high", None), ("low", "cap")]


def test_what_yields_is_not_deferred_and_starts_no_cooldown():
    quiet = ", quiet_hours: {from: 09:00, to: 11:00}, cooldown: 1d"
    texts = [rule("priority: 1" + quiet, name="low"), rule("priority: 9", name="high", match="steps: [{event: b}]")]
    found = run(texts, [event("a", "0s"), event("b", "0s"), event("a", "2h")], profiles=known())
    assert [(each.trigger, each.reason or each.outcome) for each in found.decisions] == [
        ("high", "action"), ("low", "priority"), ("low", "action"),
    ]  # fmt: skip
