"""Quiet hours and calendar periods in a customer's timezone. Quiet hours are what the clock shows, both times too."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from operators.local_time import FIRST_US, LAST_US, instants, local_at

_MINUTE_US: Final = 60_000_000

Calendar = Literal["day", "week", "month"]


class QuietEnd(NamedTuple):
    """When quiet hours end, and when the next ones begin."""

    end_us: int
    next_start_us: int


def quiet_end(time_us: int, zone: ZoneInfo, start_minute: int, end_minute: int) -> QuietEnd | None:
    """When the quiet hours that hold at ``time_us`` end; None where none do. They hold in [start, end)."""
    if not FIRST_US <= time_us < LAST_US or not _is_quiet(time_us, zone, start_minute, end_minute):
        return None
    # Of three days: a clock that goes back may show the end twice, and be quiet in between.
    ends = _times_of_day(time_us, zone, end_minute)
    end_us = min(each for each in ends if each > time_us and not _is_quiet(each, zone, start_minute, end_minute))
    return QuietEnd(end_us, min(each for each in _times_of_day(end_us, zone, start_minute) if each > end_us))


def period_start(time_us: int, zone: ZoneInfo, calendar: Calendar) -> int:
    """When the calendar day, ISO week (from Monday) or month began in which ``time_us`` lies."""
    day = local_at(time_us, zone).date()
    if calendar == "week":
        day -= timedelta(days=day.weekday())
    elif calendar == "month":
        day = day.replace(day=1)
    return instants(day, 0, zone)[0]


def _is_quiet(time_us: int, zone: ZoneInfo, start_minute: int, end_minute: int) -> bool:
    shown_us = _time_of_day_us(local_at(time_us, zone))
    start_us, end_us = start_minute * _MINUTE_US, end_minute * _MINUTE_US
    if start_us < end_us:
        return start_us <= shown_us < end_us
    return shown_us >= start_us or shown_us < end_us


def _times_of_day(time_us: int, zone: ZoneInfo, minute: int) -> list[int]:
    """Every instant at which the clock comes to this time, from the day before to two days after."""
    today = local_at(time_us, zone).date()
    return [each for days in (-1, 0, 1, 2) for each in instants(today + timedelta(days=days), minute, zone)]


def _time_of_day_us(local: datetime) -> int:
    return ((local.hour * 60 + local.minute) * 60 + local.second) * 1_000_000 + local.microsecond
