"""`on_expire`: a partial match that timed out acts, with what it captured."""

import pytest

from operators.reasons import Outcome
from tests.harness import compiled, event, run, trigger

TEXT = trigger(
    """
steps: [{event: a, as: a}, {event: b, as: b, within: 10m}]
on_expire: {actions: [{channel: push, template: late, data: {a: $a.properties.x, b: $b.properties.x}}]}
"""
)


@pytest.mark.parametrize(("second", "actions"), [("10m-1ms", ["email"]), ("10m", ["push"]), ("10m+1ms", ["push"])])
def test_it_acts_where_the_match_does_not(second, actions):
    plan = compiled(TEXT, wants_expired=False)
    found = run(plan, [event("a", "0s", x=1), event("b", second)])
    assert [each.action for each in found.decisions] == actions


def test_its_action_is_one_like_any_other_stamped_when_it_timed_out():
    found = run(TEXT, [event("a", "0s", x=1), event("x", "1h")])
    row, action = sorted(found.decisions, key=lambda each: each.action)
    assert (row.outcome, row.action) == (Outcome.EXPIRED, "")
    assert (action.outcome, action.template, action.data) == (Outcome.ACTION, "late", {"a": 1, "b": None})
    assert (row.event_time_us, row.match_id) == (action.event_time_us, action.match_id)
    assert found.expired == ["10m"]


def test_changing_what_it_sends_keeps_the_open_matches():
    (one,) = compiled(TEXT).programs
    (other,) = compiled(TEXT.replace("template: late", "template: other")).programs
    assert one.fingerprint == other.fingerprint
