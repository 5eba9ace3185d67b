"""Consent: true sends, false or unknown suppresses; without a name none is asked."""

import pytest

from operators.reasons import Outcome, SuppressReason
from tests.deciding import known, rule
from tests.harness import event, run


def decided(consents, policy="consent: marketing"):
    profiles = known() if consents is None else known(c1=consents)
    (decision,) = run(rule(policy), [event("a", "0s")], profiles=profiles).decisions
    return decision.outcome, decision.reason


def test_a_yes_sends():
    assert decided({"consent": {"marketing": True}}) == (Outcome.ACTION, None)


def test_a_no_suppresses():
    assert decided({"consent": {"marketing": False}}) == (Outcome.SUPPRESSED, SuppressReason.CONSENT)


@pytest.mark.parametrize(
    "consents",
    [
        None,
        {},
        {"consent": {}},
        {"consent": {"newsletter": True}},
        {"consent": {"marketing": None}},
        {"consent": {"marketing": "yes"}},
        {"consent": {"marketing": 1}},
        {"consent": "marketing"},
        {"consent": True},
        {"marketing": True},
    ],
)
def test_all_else_is_unknown_and_suppresses(consents):
    assert decided(consents) == (Outcome.SUPPRESSED, SuppressReason.CONSENT_UNKNOWN)


def test_without_a_name_none_is_asked():
    assert decided(None, policy="max_age: 1d") == (Outcome.ACTION, None)


def test_it_is_asked_of_the_recipient_as_of_the_time_of_the_match():
    asked = []

    def profiles(customer_id, time_us):
        asked.append((customer_id, time_us))
        return {"consent": {"marketing": True}}

    text = rule("consent: marketing, recipient: properties.friend", match="steps: [{event: a}, {wait: 1m}]")
    found = run(text, [event("a", "0s", friend="c9"), event("x", "2m")], profiles=profiles)
    assert [each.outcome for each in found.decisions] == [Outcome.ACTION]
    assert asked == [("c9", found.decisions[0].event_time_us)]
