"""``fires``: a mark by key and ``per``, set by what is sent or held out; what it holds off is not decided at all."""

import pytest

from config.errors import ConfigError
from tests.deciding import known, outcomes, rule
from tests.harness import compiled, event, run


def fires(word, policy="", steps="[{event: a, as: a}]", rest="", before=""):
    return rule(policy, match=f"{before}fires: {word}\nsteps: {steps}", rest=rest)


def test_once_is_once_for_ever():
    found = run(fires("once"), [event("a", "0s"), event("a", "1m"), event("a", "3650d")])
    assert (outcomes(found), found.tally.of("already_fired", "t")) == (["0s action"], 2)


@pytest.mark.parametrize(("second", "fired"), [("7d-1ms", 1), ("7d", 2), ("7d+1ms", 2)])
def test_once_per_holds_for_less_than_its_span(second, fired):
    found = run(fires("{once_per: 7d}"), [event("a", "0s"), event("a", second)])
    assert len(found.decisions) == fired


def test_it_is_of_one_key_and_one_per():
    text = fires("once", before="key: [customer_id, properties.p]\n")
    assert len(run(text, [event("a", "0s", p="1"), event("a", "1s", p="2"), event("a", "2s", p="1")]).decisions) == 2
    text = fires("once", before="per: properties.p\n")
    assert len(run(text, [event("a", "0s", p="1"), event("a", "1s", p="2"), event("a", "2s", p="1")]).decisions) == 2


def test_a_suppressed_match_does_not_use_it_up():
    text = fires("once", "where: {properties.n: {eq: 1}}")
    found = run(text, [event("a", "0s", n=0), event("a", "1m", n=1), event("a", "2m", n=1)])
    assert outcomes(found) == ["0s where", "1m action"]


def test_a_deferred_match_uses_it_up_unless_nothing_comes_of_it():
    later = "actions: [{channel: email, template: x, after: 1h}]"
    events = [event("a", "0s"), event("a", "30m"), event("a", "2h"), event("x", "4h")]
    assert outcomes(run(fires("once", rest=later), events)) == ["0s deferred", "0s action"]
    asked = []

    def counting(customer_id, time_us):
        asked.append(time_us)
        return {"consent": {"marketing": len(asked) != 2}}

    found = run(fires("once", "consent: marketing", rest=later), events, profiles=counting)
    assert outcomes(found) == ["0s deferred", "0s consent", "2h deferred", "2h action"]


def test_all_actions_of_the_match_that_fires_are_decided():
    both = "actions: [{channel: email, template: x}, {channel: push, template: y}]"
    found = run(fires("once", rest=both), [event("a", "0s"), event("a", "1m")])
    assert outcomes(found) == ["0s action", "0s action"]
    assert found.tally.of("already_fired", "t") == 1


def test_a_recipient_that_one_key_may_have_several_of_is_refused():
    text = rule("recipient: properties.friend", match="fires: once\nsteps: [{event: a}]")
    with pytest.raises(ConfigError) as refused:
        compiled(text)
    assert str(refused.value) == (
        "trigger0.yaml:4: match.fires: is kept with the recipient, and one key may have several; "
        "allowed: a recipient that is part of key: or is per:; name the recipient's path in per:"
    )
    viewer = "recipient: customer_id", "key: properties.p\nper: customer_id\nfires: once\nsteps: [{event: a, as: a}]"
    events = [event("a", "0s", p="1"), event("a", "1s", p="1", customer="c2"), event("a", "2s", p="1")]
    assert len(run(rule(viewer[0], match=viewer[1]), events, profiles=known()).decisions) == 2
