"""The clock on a customer's wall: quiet hours and calendar periods in a timezone, on the days it is changed too.

A local time that a change of clocks leaves out is the first that exists; of one that comes twice, the first counts,
and quiet hours are what the clock shows, both times.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE_US: Final = 60_000_000
_MICROSECOND: Final = timedelta(microseconds=1)
# Local times of a day more or less are worked out, and those must be years that a date can hold.
_FIRST_US: Final = (datetime(2, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST_US: Final = (datetime(9998, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND

Calendar = Literal["day", "week", "month"]


class QuietEnd(NamedTuple):
    """When quiet hours end, and when the next ones begin."""

    end_us: int
    next_start_us: int


@lru_cache(maxsize=1_024)
def zone_named(name: str) -> ZoneInfo | None:
    """The timezone of an IANA name, None where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None


def zone_of(value: Any) -> ZoneInfo | None:
    """The timezone that a value of a profile or an event names, None where it names none."""
    return zone_named(value) if isinstance(value, str) else None


def quiet_end(time_us: int, zone: ZoneInfo, start_minute: int, end_minute: int) -> QuietEnd | None:
    """When the quiet hours that hold at ``time_us`` end; None where none do. They hold in [start, end)."""
    if not _FIRST_US <= time_us < _LAST_US or not _is_quiet(time_us, zone, start_minute, end_minute):
        return None
    # Of three days: a clock that goes back may show the end twice, and be quiet in between.
    ends = _times_of_day(time_us, zone, end_minute)
    end_us = min(each for each in ends if each > time_us and not _is_quiet(each, zone, start_minute, end_minute))
    return QuietEnd(end_us, min(each for each in _times_of_day(end_us, zone, start_minute) if each > end_us))


def period_start(time_us: int, zone: ZoneInfo, calendar: Calendar) -> int:
    """When the calendar day, ISO week (from Monday) or month began in which ``time_us`` lies."""
    day = _local(time_us, zone).date()
    if calendar == "week":
        day -= timedelta(days=day.weekday())
    elif calendar == "month":
        day = day.replace(day=1)
    return _instants(day, 0, zone)[0]


def _is_quiet(time_us: int, zone: ZoneInfo, start_minute: int, end_minute: int) -> bool:
    shown_us = _time_of_day_us(_local(time_us, zone))
    start_us, end_us = start_minute * _MINUTE_US, end_minute * _MINUTE_US
    if start_us < end_us:
        return start_us <= shown_us < end_us
    return shown_us >= start_us or shown_us < end_us


def _times_of_day(time_us: int, zone: ZoneInfo, minute: int) -> list[int]:
    """Every instant at which the clock comes to this time, from the day before to two days after."""
    today = _local(time_us, zone).date()
    return [each for days in (-1, 0, 1, 2) for each in _instants(today + timedelta(days=days), minute, zone)]


def _instants(day: date, minute: int, zone: ZoneInfo) -> list[int]:
    """The instants of a local time, in order: one, two where the clock shows it twice, the first that exists where
    it is left out."""
    shown = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    first, second = _us(shown), _us(shown.replace(fold=1))
    if first == second:
        return [first]
    if first < second:
        return [first, second]
    # Left out: ``second`` lies before the change of clocks, ``first`` after it.
    low_us, high_us = second, first
    before = _local(low_us, zone).utcoffset()
    while high_us - low_us > 1:
        middle_us = (low_us + high_us) // 2
        if _local(middle_us, zone).utcoffset() == before:
            low_us = middle_us
        else:
            high_us = middle_us
    return [high_us]


def _local(time_us: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=max(_FIRST_US, min(time_us, _LAST_US)))).astimezone(zone)


def _time_of_day_us(local: datetime) -> int:
    return ((local.hour * 60 + local.minute) * 60 + local.second) * 1_000_000 + local.microsecond


def _us(aware: datetime) -> int:
    return (aware - _EPOCH) // _MICROSECOND
