"""Quiet hours on the customer's clock: over midnight, on the days clocks change; deferred, spread and asked again."""

import pytest

from operators.policy.shares import SPREAD_US, share_of
from operators.reasons import Outcome, SuppressReason
from tests.deciding import after_utc, common, known, outcomes, released, rule, utc
from tests.harness import event, run

BERLIN = {"timezone": "Europe/Berlin"}
NEW_YORK = {"timezone": "America/New_York"}


def quiet(hours, then="defer", timezone="$customer.timezone", **rest):
    return rule(f"quiet_hours: {{{hours}, timezone: {timezone}, then: {then}}}", **rest)


def decided(hours, time, *, then="drop", profile=None, timezone="$customer.timezone", **asked):
    """What becomes of an action at this UTC time."""
    found = run(quiet(hours, then, timezone), [event("a", after_utc(time))], profiles=known(c1=profile or {}), **asked)
    return found.decisions[0].reason or found.decisions[0].outcome


def release(hours, time, profile):
    """When an action of this UTC time is released, and when without its spread."""
    found = run(quiet(hours), [event("a", after_utc(time))], profiles=known(c1=profile), at_end="flush")
    deferred, sent = found.decisions
    assert (deferred.outcome, sent.outcome) == (Outcome.DEFERRED, Outcome.ACTION)
    assert deferred.not_before_us == sent.not_before_us
    offset_us = int(share_of(sent.action_id) * SPREAD_US)
    return sent.not_before_us, utc(sent.not_before_us - (offset_us - offset_us % 1_000))


@pytest.mark.parametrize(
    ("time", "what"),
    [
        ("2026-01-05T20:59:59.999", "action"),
        ("2026-01-05T21:00", SuppressReason.QUIET_HOURS),
        ("2026-01-06T00:00", SuppressReason.QUIET_HOURS),
        ("2026-01-06T07:59:59.999", SuppressReason.QUIET_HOURS),
        ("2026-01-06T08:00", "action"),
    ],
)
def test_over_midnight_they_hold_from_the_first_to_before_the_second(time, what):
    assert decided("from: 21:00, to: 08:00", time) == what


@pytest.mark.parametrize(
    ("time", "what"),
    [
        ("2026-01-05T11:59:59.999", "action"),
        ("2026-01-05T12:00", SuppressReason.QUIET_HOURS),
        ("2026-01-05T13:59:59.999", SuppressReason.QUIET_HOURS),
        ("2026-01-05T14:00", "action"),
    ],
)
def test_inside_a_day_too(time, what):
    assert decided("from: 12:00, to: 14:00", time) == what


def test_the_timezone_is_a_name_or_the_customers_or_captured_or_the_default():
    hours, time = "from: 21:00, to: 22:00", "2026-01-05T20:30"
    assert decided(hours, time, timezone="Europe/Berlin") == "quiet_hours"
    assert decided(hours, time, profile=BERLIN) == "quiet_hours"
    assert decided(hours, time, common=common(default_timezone="Europe/Berlin")) == "quiet_hours"
    for odd in (None, 5, "Nowhere/Land", "../../etc/passwd", ""):
        assert decided(hours, time, profile={"timezone": odd}) == "action"
    text = quiet(hours, "drop", "$a.properties.zone")
    found = run(text, [event("a", after_utc(time), zone="Europe/Berlin")])
    assert outcomes(found)[0].endswith("quiet_hours")


def test_a_deferred_action_is_released_in_the_quarter_of_an_hour_after_the_quiet_time():
    at_us, end = release("from: 21:00, to: 08:00", "2026-01-05T21:30", BERLIN)
    assert end == "2026-01-06T07:00:00"
    assert utc(at_us) < "2026-01-06T07:15:00"


@pytest.mark.parametrize(
    ("hours", "time", "profile", "end"),
    [
        # 29 March: Berlin's clock goes from 02:00 to 03:00, so 02:30 is left out: the first that exists
        ("from: 21:00, to: 02:30", "2026-03-28T22:00", BERLIN, "2026-03-29T01:00:00"),
        ("from: 21:00, to: 08:00", "2026-03-28T22:00", BERLIN, "2026-03-29T06:00:00"),
        # 25 October: 02:00 to 03:00 comes twice; of two the first, and what is quiet the second time ends the second
        ("from: 21:00, to: 02:30", "2026-10-24T22:00", BERLIN, "2026-10-25T00:30:00"),
        ("from: 21:00, to: 02:30", "2026-10-25T01:10", BERLIN, "2026-10-25T01:30:00"),
        ("from: 21:00, to: 08:00", "2026-10-24T22:00", BERLIN, "2026-10-25T07:00:00"),
        # 8 March and 1 November in New York
        ("from: 21:00, to: 02:30", "2026-03-08T03:00", NEW_YORK, "2026-03-08T07:00:00"),
        ("from: 21:00, to: 08:00", "2026-03-08T03:00", NEW_YORK, "2026-03-08T12:00:00"),
        ("from: 21:00, to: 01:30", "2026-11-01T03:00", NEW_YORK, "2026-11-01T05:30:00"),
        ("from: 21:00, to: 08:00", "2026-11-01T03:00", NEW_YORK, "2026-11-01T13:00:00"),
    ],
)
def test_on_days_when_clocks_change_the_end_is_what_the_clock_shows(hours, time, profile, end):
    assert release(hours, time, profile)[1] == end


def test_what_the_clock_shows_twice_is_quiet_twice():
    assert decided("from: 21:00, to: 02:30", "2026-10-25T00:29:59.999", profile=BERLIN) == "quiet_hours"
    assert decided("from: 21:00, to: 02:30", "2026-10-25T00:30", profile=BERLIN) == "action"
    assert decided("from: 21:00, to: 02:30", "2026-10-25T01:00", profile=BERLIN) == "quiet_hours"
    assert decided("from: 21:00, to: 02:30", "2026-10-25T01:30", profile=BERLIN) == "action"


def test_releases_are_spread_and_none_falls_into_the_next_quiet_time():
    events = [event("a", "11h", customer=f"c{n}") for n in range(200)]
    text = quiet("from: 21:00, to: 20:58", timezone="UTC")
    found = released(run(text, events, at_end="flush"))
    times = {utc(each.not_before_us) for each in found}
    assert len(found) == 200
    assert len(times) > 150
    assert min(times) >= "2026-01-06T20:58:00"
    assert max(times) < "2026-01-06T21:00:00"


def test_before_its_release_an_action_is_deferred_and_nothing_else():
    text = quiet("from: 21:00, to: 08:00", timezone="UTC")
    assert outcomes(run(text, [event("a", "11h"), event("x", "22h-1ms")])) == ["11h deferred"]
    assert outcomes(run(text, [event("a", "11h"), event("x", "22h15m")])) == ["11h deferred", "11h action"]


def test_both_rows_have_one_action_id():
    found = run(quiet("from: 21:00, to: 08:00", timezone="UTC"), [event("a", "11h")], at_end="flush")
    first, second = found.decisions
    assert (first.action_id, first.event_time_us) == (second.action_id, second.event_time_us)


def test_consent_is_asked_again_at_release():
    def profiles(customer_id, time_us):
        return {"consent": {"marketing": utc(time_us) < "2026-01-06"}}

    text = rule("consent: marketing, quiet_hours: {from: 21:00, to: 08:00}")
    found = run(text, [event("a", "11h")], at_end="flush", profiles=profiles)
    assert outcomes(found) == ["11h deferred", "11h consent"]


def test_caps_are_asked_again_and_the_slot_is_held_from_the_release():
    text = rule("quiet_hours: {from: 21:00, to: 08:00}, caps: [{channel: email, max: 1, per: 3h}]")
    found = run(text, [event("a", "11h"), event("a", "12h"), event("a", "23h"), event("a", "26h")], at_end="flush")
    first, second = sorted(released(found), key=lambda each: each.not_before_us)
    assert (first.outcome, second.reason) == (Outcome.ACTION, SuppressReason.CAP)
    others = [each.reason for each in found.decisions if each.action_id not in (first.action_id, second.action_id)]
    assert others == [SuppressReason.CAP, None]  # an hour after the release, and four hours after


def test_quiet_hours_at_the_ends_of_time_raise_nothing():
    for time in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        raw = {"event_id": time, "type": "a", "customer_id": "c1", "event_time": time, "properties": {}}
        found = run(quiet("from: 21:00, to: 08:00"), [raw], profiles=known(c1=NEW_YORK), at_end="flush")
        assert [each.outcome for each in found.decisions] == ["action"]
