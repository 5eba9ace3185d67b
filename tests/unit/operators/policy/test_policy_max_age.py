"""``max_age``: a late event that fires on arrival is as old as its partition's watermark says; at the sink the wall."""

import pytest

from operators.policy.too_old import is_too_old, too_old
from operators.reasons import Outcome, SuppressReason
from tests.deciding import outcomes, rule
from tests.harness import event, run
from tests.moments import START_US, us


@pytest.mark.parametrize(
    ("late_by", "what"), [("1h-1ms", "action"), ("1h", "action"), ("1h+1ms", SuppressReason.STALE)]
)
@pytest.mark.parametrize("policy", ["max_age: 1h", "max_age: 1h, cooldown: 1s"])
def test_a_late_match_older_than_that_is_stale(policy, late_by, what):
    found = run(rule(policy), [event("x", late_by), event("a", "0s"), event("x", "9h", id="end")])
    assert [each.reason or each.outcome for each in found.decisions] == [what]


def test_it_depends_on_the_watermark_at_its_offset_and_on_nothing_else():
    events = [event("x", "30m"), event("a", "0s"), event("x", "9h", id="end"), event("a", "1m")]
    for chunk_size in (1, 2, 3, 4):
        found = run(rule("max_age: 1h, cooldown: 1s"), events, chunk_size=chunk_size)
        assert outcomes(found) == ["0s action", "1m stale"]


def test_a_match_on_time_is_never_stale_in_event_time():
    found = run(rule("max_age: 1ms", match="steps: [{event: a}, {absent: b, within: 30d}]"), [event("a", "0s")],
                at_end="flush")  # fmt: skip
    assert outcomes(found) == ["30d action"]


def test_an_action_says_until_when_it_may_be_sent_and_a_deferred_one_counts_from_its_release():
    (sent,) = run(rule("max_age: 1h, cooldown: 1s"), [event("a", "0s")]).decisions
    assert (sent.not_before_us, sent.not_after_us) == (START_US, START_US + us("1h"))
    later = "actions: [{channel: email, template: x, after: 1d}]"
    _, released = run(rule("max_age: 1h", rest=later), [event("a", "0s")], at_end="flush").decisions
    assert (released.not_before_us, released.not_after_us) == (START_US + us("1d"), START_US + us("1d1h"))
    (ageless,) = run(rule("cooldown: 1s"), [event("a", "0s")]).decisions
    assert ageless.not_after_us is None


def test_at_the_sink_the_wall_turns_an_action_into_a_stale_one_and_nothing_else():
    (sent,) = run(rule("max_age: 1h, cooldown: 1s"), [event("a", "0s")]).decisions
    assert [is_too_old(sent, sent.not_after_us + late_us) for late_us in (-1, 0, 1)] == [False, False, True]
    stale = too_old(sent)
    assert (stale.outcome, stale.reason) == (Outcome.SUPPRESSED, SuppressReason.STALE)
    assert (stale.action_id, stale.event_time_us, sent.outcome) == (sent.action_id, sent.event_time_us, Outcome.ACTION)
    assert not is_too_old(stale, sent.not_after_us + 1)
    (ageless,) = run(rule("cooldown: 1s"), [event("a", "0s")]).decisions
    assert not is_too_old(ageless, 2**62)
