"""``policy.where``: conditions on the profile and on what was captured; what nobody knows is not sent."""

import pytest

from operators.reasons import SuppressReason
from tests.deciding import known, rule
from tests.harness import event, run

PROFILE = {"country": "NO", "tier": {"level": 3}, "tags": ["vip", "new"], "limit": 50}


def decided(where, properties=None, match="steps: [{event: a, as: a}]"):
    found = run(
        rule(f"where: {where}", match=match), [event("a", "0s", **(properties or {}))], profiles=known(c1=PROFILE)
    )
    (decision,) = found.decisions
    return decision.reason, found.tally.of("unknown_where", "t")


@pytest.mark.parametrize(
    "where",
    [
        '{$customer.country: {eq: "NO"}}',
        "{$customer.tier.level: {gte: 3, lt: 4}}",
        "{$customer.tags: {contains: vip}}",
        "{$customer.limit: {gt: $a.properties.price}}",
        "{$customer.limit: {gt: $a.properties.price * 2}}",
        "{properties.price: {lt: $customer.limit}}",
        "{properties.price: {lt: $customer.limit * 0.5}}",
        "{customer_id: {eq: c1}, type: {eq: a}}",
        "{any_of: [{$customer.nothing: {eq: 1}}, {properties.price: {eq: 20}}]}",
        "{$customer.nothing: {exists: false}}",
    ],
)
def test_what_holds_sends(where):
    assert decided(where, {"price": 20}) == (None, 0)


@pytest.mark.parametrize(
    "where",
    [
        '{$customer.country: {ne: "NO"}}',
        "{properties.price: {gt: $customer.limit}}",
        "{$customer.tags: {exists: false}}",
    ],
)
def test_what_does_not_hold_suppresses(where):
    assert decided(where, {"price": 20}) == (SuppressReason.WHERE, 0)


@pytest.mark.parametrize(
    "where",
    [
        "{$customer.nothing: {eq: 1}}",
        "{not: {$customer.nothing: {eq: 1}}}",
        "{properties.nothing: {eq: 1}}",
        "{$customer.country: {gt: 1}}",
    ],
)
def test_what_nobody_knows_suppresses_and_is_counted(where):
    assert decided(where, {"price": 20}) == (SuppressReason.WHERE, 1)


def test_a_path_is_read_of_the_first_captured_event():
    text = rule("where: {properties.n: {eq: 1}}", match="steps: [{event: a}, {event: b}]")
    found = run(text, [event("a", "0s", n=1), event("b", "1m", n=2)])
    assert found.decisions[0].reason is None


def test_what_an_action_carries_of_the_profile_is_that_of_its_recipient():
    actions = "actions: [{channel: email, template: x, data: {to: $customer.email, n: [1, {twice: $customer.n * 2}]}}]"
    found = run(rule(rest=actions), [event("a", "0s")], profiles=known(c1={"email": "ref-1", "n": 4}))
    assert found.data == [{"to": "ref-1", "n": [1, {"twice": 8.0}]}]
    assert run(rule(rest=actions), [event("a", "0s")]).data == [{"to": None, "n": [1, {"twice": None}]}]
