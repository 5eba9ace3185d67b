"""``config/policy.yaml``: what is read, what is refused in it, and that triggers are only stricter."""

import pytest

from config.common_policy import NO_LIMITS, SHIPPED, load_common_policy, problems_under
from config.errors import ConfigError
from config.loader import parse_trigger
from config.settings import load_settings
from tests.deciding import common, rule


def loaded(text, tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    return load_common_policy(file)


def refused(text, tmp_path):
    with pytest.raises(ConfigError) as error:
        loaded(text, tmp_path)
    return [str(each).replace(str(tmp_path) + "/", "") for each in error.value.problems]


def under(limits, text):
    return [str(each) for each in problems_under(limits, [parse_trigger(text, "t.yaml")])]


def test_the_shipped_file_declares_consents_and_limits_nothing():
    shipped = load_common_policy()
    assert "marketing" in shipped.consent
    assert (shipped.caps, shipped.holdout, shipped.default_timezone) == ((), 0.0, "UTC")
    assert load_settings({}).policy_file == SHIPPED
    assert str(load_settings({"CT_POLICY_FILE": "mine.yaml"}).policy_file) == "mine.yaml"


def test_everything_in_it_is_read(tmp_path):
    found = loaded(
        "consent: [marketing, sms]\ncaps: [{channel: email, max: 3, per: 7d}, {tag: promo, max: 1, per: week}]\n"
        "holdout: 5%\ndefault_timezone: Europe/Oslo\n",
        tmp_path,
    )
    assert (found.consent, found.holdout, found.default_timezone) == (("marketing", "sms"), 0.05, "Europe/Oslo")
    assert [(each.channel, each.tag, each.max, each.per) for each in found.caps] == [
        ("email", None, 3, 604_800_000_000), (None, "promo", 1, "week"),
    ]  # fmt: skip
    assert loaded("holdout: 0%", tmp_path) == NO_LIMITS


def test_every_mistake_is_told_with_its_line_and_the_nearest_word(tmp_path):
    text = "consents: [marketing]\ncaps:\n  - {channel: email, max: 0, per: 7d}\n  - {max: 1, per: fortnight}\n"
    text += "holdout: 10\ndefault_timezone: $customer.timezone\n"
    assert refused(text, tmp_path) == [
        "policy.yaml:1: consents: is not known here; allowed: consent, caps, holdout, default_timezone; "
        "did you mean consent?",
        "policy.yaml:3: caps[0].max: 0 is too small; allowed: 1 or more",
        'policy.yaml:4: caps[1].per: "fortnight" is not a duration; allowed: a number and one of ms s m h d w, e.g. '
        "30m, or day, week, month",
        "policy.yaml:5: holdout: 10 is not a percentage; allowed: 0% to 100%, e.g. 10%; did you mean 10%?",
        'policy.yaml:6: default_timezone: "$customer.timezone" is not a timezone; allowed: an IANA name such as '
        "Europe/Oslo",
    ]


def test_a_consent_that_is_not_declared_is_refused_with_the_nearest():
    limits = common(consent=["marketing", "newsletter"])
    assert under(limits, rule("consent: marketing")) == []
    assert under(limits, rule("consent: marketting")) == [
        't.yaml:5: policy.consent: "marketting" is not a consent of the policy file; allowed: marketing, newsletter; '
        "did you mean marketing?"
    ]
    assert under(NO_LIMITS, rule("consent: marketing")) == [
        't.yaml:5: policy.consent: "marketing" is not a consent of the policy file; '
        "allowed: no consent: the policy file declares none"
    ]


@pytest.mark.parametrize(
    ("limit", "cap", "looser"),
    [
        ((3, "7d"), (3, "7d"), False),
        ((3, "7d"), (4, "7d"), True),
        ((3, "7d"), (2, "7d"), False),
        ((3, "7d"), (4, "1d"), True),
        ((3, "7d"), (4, "8d"), False),
        ((3, "7d"), (4, "day"), True),
        ((3, "7d"), (4, "week"), False),  # a week in which clocks go back is longer than 7d
        ((3, "8d"), (4, "week"), True),
        ((3, "day"), (4, "day"), True),
        ((3, "week"), (4, "day"), True),
        ((3, "month"), (4, "week"), False),  # a week lies in two months
        ((3, "day"), (4, "1h"), False),  # an hour lies in two days
    ],
)
def test_a_cap_that_would_never_hold_anything_back_is_refused(limit, cap, looser):
    limits = common(caps=[{"channel": "email", "max": limit[0], "per": limit[1]}])
    text = rule(f"caps: [{{channel: email, max: {cap[0]}, per: {cap[1]}}}]")
    found = under(limits, text)
    assert bool(found) is looser
    if looser:
        assert found[0] == (
            f"t.yaml:5: policy.caps[0].max: {cap[0]} is looser than the policy file's cap of 3 per {limit[1]}; "
            "allowed: 3 or fewer"
        )
    other = rule(f"caps: [{{channel: push, max: {cap[0]}, per: {cap[1]}}}]")
    assert under(limits, other) == []
