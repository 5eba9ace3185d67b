"""Holdout: a share of recipients by hash, the same always; its own cooldown and mark, and no shared cap."""

import pytest

from operators.policy.shares import is_held_out, is_held_out_of_all, share_of
from operators.reasons import SuppressReason
from tests.deciding import common, outcomes, rule
from tests.harness import event, run

MANY = [f"customer {number}" for number in range(20_000)]


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_the_share_is_what_was_asked(share):
    held_out = sum(is_held_out(each, "t", share) for each in MANY)
    assert abs(held_out / len(MANY) - share) < 0.01


def test_none_and_all():
    assert not any(is_held_out(each, "t", 0.0) or is_held_out_of_all(each, 0.0) for each in MANY)
    assert all(is_held_out(each, "t", 1.0) and is_held_out_of_all(each, 1.0) for each in MANY)


def test_triggers_hold_out_different_recipients_and_a_larger_share_holds_out_the_same_and_more():
    of_one, of_other = ({each for each in MANY if is_held_out(each, name, 0.1)} for name in ("t", "u"))
    assert abs(len(of_one & of_other) / len(MANY) - 0.01) < 0.005
    assert of_one <= {each for each in MANY if is_held_out(each, "t", 0.2)}


def test_a_hash_is_the_same_in_every_release():
    assert share_of("00000000000000000000000000000000") == 0.0
    assert share_of("80000000000000000000000000000000") == 0.5
    assert [is_held_out(f"c{n}", "t", 0.5) for n in range(8)] == [is_held_out(f"c{n}", "t", 0.5) for n in range(8)]


def test_a_held_out_action_says_so_and_counts_for_no_cap():
    texts = [
        rule("holdout: 100%, caps: [{channel: email, max: 1, per: 1d}]", name="held"),
        rule("caps: [{channel: email, max: 1, per: 1d}]", name="sent", match="steps: [{event: b}]"),
    ]
    found = run(texts, [event("a", "0s"), event("b", "1m")])
    assert outcomes(found) == ["0s holdout", "1m action"]
    assert found.decisions[0].reason == SuppressReason.HOLDOUT


def test_the_share_for_everybody_is_held_out_of_every_trigger():
    texts = [rule(name="one"), rule("cooldown: 1h", name="other")]
    found = run(texts, [event("a", "0s")], common=common(holdout="100%"))
    assert outcomes(found) == ["0s holdout", "0s holdout"]


def test_a_held_out_match_uses_up_the_one_firing():
    text = rule("holdout: 100%", match="fires: once\nsteps: [{event: a}]")
    found = run(text, [event("a", "0s"), event("a", "1m")])
    assert (outcomes(found), found.tally.of("already_fired", "t")) == (["0s holdout"], 1)


def test_a_held_out_action_starts_its_own_cooldown():
    (group,) = run(rule("holdout: 100%, cooldown: 1d"), [event("a", "0s")], key_groups=1).groups
    assert list(group.policy.reached.cooldowns.by_place) == [("t", "c1")]
