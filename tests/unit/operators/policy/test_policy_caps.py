"""Caps: all sent actions of a recipient on a channel or of a tag, in a rolling span or a calendar period."""

import pytest

from operators.reasons import SuppressReason
from tests.deciding import after_utc, common, known, outcomes, rule
from tests.harness import event, run

EMAIL = "{channel: email, template: x}"


def capped(cap, *, name="t", match="steps: [{event: a, as: a}]", actions=EMAIL):
    return rule(f"caps: [{cap}]", name=name, match=match, rest=f"actions: [{actions}]")


def at_times(cap, *times, profile=None):
    """What became of an action at each of these UTC times."""
    events = [event("a", after_utc(each), id=each) for each in times]
    found = run(capped(cap), events, profiles=known(c1=profile or {}))
    return [each.reason or each.outcome for each in found.decisions]


@pytest.mark.parametrize(("third", "what"), [("7d-1ms", SuppressReason.CAP), ("7d", "action"), ("7d+1ms", "action")])
def test_a_rolling_span_is_open_at_its_beginning(third, what):
    found = run(capped("{channel: email, max: 2, per: 7d}"), [event("a", "0s"), event("a", "1d"), event("a", third)])
    assert [each.reason or each.outcome for each in found.decisions] == ["action", "action", what]


def test_what_it_held_back_does_not_count():
    events = [event("a", time) for time in ("0s", "1m", "59m", "1h", "61m")]
    found = run(capped("{channel: email, max: 1, per: 1h}"), events)
    assert [each.reason for each in found.decisions] == [None, "cap", "cap", None, "cap"]


def test_it_counts_the_actions_of_all_triggers_on_its_channel_and_no_others():
    texts = [
        capped("{channel: email, max: 1, per: 1d}"),
        rule("cooldown: 1s", name="email", match="steps: [{event: b}]"),
        rule("cooldown: 1s", name="push", match="steps: [{event: c}]", rest="actions: [{channel: push, template: x}]"),
    ]
    assert outcomes(run(texts, [event("c", "0s"), event("a", "1m")])) == ["0s action", "1m action"]
    assert outcomes(run(texts, [event("b", "0s"), event("a", "1m")])) == ["0s action", "1m cap"]
    assert outcomes(run(texts, [event("b", "0s", customer="c2"), event("a", "1m")])) == ["0s action", "1m action"]


def test_what_fired_on_arrival_counts_from_its_time():
    texts = [
        capped("{channel: email, max: 1, per: 1h}"),
        rule("max_age: 1d", name="arrives", match="steps: [{event: b}]"),
    ]
    assert outcomes(run(texts, [event("b", "0s"), event("a", "59m")])) == ["0s action", "59m cap"]
    assert outcomes(run(texts, [event("b", "0s"), event("a", "1h")])) == ["0s action", "1h action"]
    ahead = run(texts, [event("b", "10m"), event("a", "5m")], max_out_of_orderness="1h")
    assert outcomes(ahead) == ["5m action", "10m action"]


def test_by_tag_it_counts_every_channel():
    tagged = "{channel: email, template: x, tag: promo}, {channel: push, template: y, tag: promo}"
    actions = f"{tagged}, {{channel: sms, template: z}}"
    found = run(capped("{tag: promo, max: 1, per: 1d}", actions=actions), [event("a", "0s")])
    assert {each.channel: each.reason for each in found.decisions} == {"email": None, "push": "cap", "sms": None}


def test_the_caps_for_everybody_hold_for_a_trigger_without_any():
    texts = [rule(name="one"), rule(name="two", match="steps: [{event: b}]")]
    limits = common(caps=[{"channel": "email", "max": 1, "per": "1h"}])
    found = run(texts, [event("b", "1m"), event("a", "0s")], common=limits, max_out_of_orderness="5m")
    assert outcomes(found) == ["0s action", "1m cap"]


def test_of_two_caps_each_holds():
    text = rule("caps: [{channel: email, max: 2, per: 1d}, {channel: email, max: 1, per: 1h}]")
    found = run(text, [event("a", time) for time in ("0s", "30m", "1h", "2h")])
    assert outcomes(found) == ["0s action", "30m cap", "1h action", "2h cap"]


BERLIN = {"timezone": "Europe/Berlin"}
NEW_YORK = {"timezone": "America/New_York"}
DAY = "{channel: email, max: 1, per: day}"


def test_a_day_is_the_customers():
    assert at_times(DAY, "2026-01-05T22:59:59.999", "2026-01-05T23:00", profile=BERLIN) == ["action", "action"]
    assert at_times(DAY, "2026-01-05T23:00", "2026-01-06T22:59:59.999", profile=BERLIN) == ["action", "cap"]
    assert at_times(DAY, "2026-01-06T04:59:59.999", "2026-01-06T05:00", profile=NEW_YORK) == ["action", "action"]
    assert at_times(DAY, "2026-01-05T23:00", "2026-01-06T00:00") == ["action", "action"]  # the default timezone, UTC
    assert at_times(DAY, "2026-01-05T22:00", "2026-01-05T23:59:59.999", profile={"timezone": "Nowhere"}) == [
        "action", "cap",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("profile", "first", "last", "next"),
    [
        # Berlin's day of 23 hours and its day of 25
        (BERLIN, "2026-03-28T23:00", "2026-03-29T21:59:59.999", "2026-03-29T22:00"),
        (BERLIN, "2026-10-24T22:00", "2026-10-25T22:59:59.999", "2026-10-25T23:00"),
        # New York's
        (NEW_YORK, "2026-03-08T05:00", "2026-03-09T03:59:59.999", "2026-03-09T04:00"),
        (NEW_YORK, "2026-11-01T04:00", "2026-11-02T04:59:59.999", "2026-11-02T05:00"),
    ],
)
def test_a_day_on_which_clocks_change_is_shorter_or_longer(profile, first, last, next):
    assert at_times(DAY, first, last, next, profile=profile) == ["action", "cap", "action"]


def test_a_week_begins_on_monday():
    week = "{channel: email, max: 1, per: week}"
    assert at_times(week, "2026-01-05T23:00", "2026-01-11T22:59:59.999", "2026-01-11T23:00", profile=BERLIN) == [
        "action", "cap", "action",
    ]  # fmt: skip


def test_a_week_in_which_clocks_change_ends_at_its_own_midnight():
    week = "{channel: email, max: 1, per: week}"
    times = ("2026-03-22T23:00", "2026-03-29T21:59:59.999", "2026-03-29T22:00")
    assert at_times(week, *times, profile=BERLIN) == ["action", "cap", "action"]


def test_a_month_begins_on_its_first():
    month = "{channel: email, max: 1, per: month}"
    times = ("2026-01-31T23:00", "2026-02-28T22:59:59.999", "2026-02-28T23:00")
    assert at_times(month, *times, profile=BERLIN) == ["action", "cap", "action"]


def test_a_calendar_day_at_the_ends_of_time_raises_nothing():
    text = capped(DAY)
    first = {"event_id": "1", "type": "a", "customer_id": "c1", "event_time": "0001-01-01T00:00:00Z", "properties": {}}
    last = {"event_id": "2", "type": "a", "customer_id": "c1", "event_time": "9999-12-31T23:59:59Z", "properties": {}}
    found = run(text, [first, last], profiles=known(c1=NEW_YORK))
    assert [each.outcome for each in found.decisions] == ["action", "action"]
