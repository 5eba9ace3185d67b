"""Quiet hours and calendar periods against a walk, minute by minute, through what the clock on the wall shows."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from operators.policy.local_time import period_start, quiet_end

MINUTE_US = 60_000_000
CHANGES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "America/Havana": ("2026-03-08", "2026-11-01"),  # at midnight: a day that begins at 01:00, an hour that comes twice
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),  # by half an hour
    "Asia/Kolkata": ("2026-05-05", "2026-06-06"),
}


@st.composite
def moments(draw):
    """A timezone and a whole minute within two days of a change of its clocks."""
    name = draw(st.sampled_from(list(CHANGES)))
    day = datetime.fromisoformat(draw(st.sampled_from(CHANGES[name]))).replace(tzinfo=UTC)
    minutes = draw(st.integers(-36 * 60, 36 * 60))
    return ZoneInfo(name), int(day.timestamp()) * 1_000_000 + minutes * MINUTE_US


def shown(time_us, zone):
    return datetime.fromtimestamp(time_us / 1e6, UTC).astimezone(zone)


def minute_of_day(time_us, zone):
    local = shown(time_us, zone)
    return local.hour * 60 + local.minute


def is_quiet(time_us, zone, start, end):
    minute = minute_of_day(time_us, zone)
    return start <= minute < end if start < end else minute >= start or minute < end


def walked_to(time_us, zone, minute, accepted):
    """The first later minute at which the clock comes to ``minute``, or jumps over it."""
    while True:
        before, time_us = minute_of_day(time_us, zone), time_us + MINUTE_US
        now = minute_of_day(time_us, zone)
        jumped = now - before > 1 and before < minute < now
        began_late = before == 23 * 60 + 59 and 0 <= minute < now
        if (now == minute or jumped or began_late) and accepted(time_us):
            return time_us


@given(moments(), st.integers(0, 1439), st.integers(0, 1439))
def test_quiet_hours_end_when_the_clock_comes_to_their_end(moment, start, end):
    zone, time_us = moment
    if start == end:
        return
    found = quiet_end(time_us, zone, start, end)
    if not is_quiet(time_us, zone, start, end):
        assert found is None
        return
    ends_us = walked_to(time_us, zone, end, lambda at_us: not is_quiet(at_us, zone, start, end))
    assert found == (ends_us, walked_to(ends_us, zone, start, lambda at_us: True))


@given(moments(), st.sampled_from(["day", "week", "month"]))
def test_a_period_begins_with_the_first_minute_of_its_first_day(moment, calendar):
    zone, time_us = moment
    day = shown(time_us, zone).date()
    first = {"day": day, "week": day - timedelta(days=day.isoweekday() - 1), "month": day.replace(day=1)}[calendar]
    walked_us = time_us
    while shown(walked_us - MINUTE_US, zone).date() >= first:
        walked_us -= MINUTE_US
    assert period_start(time_us, zone, calendar) == walked_us
