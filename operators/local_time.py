"""Times on a customer's clock, on the days it is changed too.

A local time that a change of clocks leaves out is the first that exists; of one that comes twice, the first counts.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from config.language import LocalTime

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAYS_AHEAD: Final = 9
"""A day of the week comes within seven; one more on either side for clocks that leave a day out."""
# Local times of a day more or less are worked out, and those must be years that a date can hold.
FIRST_US: Final = (datetime(2, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
LAST_US: Final = (datetime(9998, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND


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


def local_at(time_us: int, zone: ZoneInfo) -> datetime:
    """What a clock there shows; at the ends of the calendar the first and last it can."""
    return (_EPOCH + timedelta(microseconds=max(FIRST_US, min(time_us, LAST_US)))).astimezone(zone)


def next_local_us(local: LocalTime, from_us: int, zone: ZoneInfo) -> int | None:
    """The first moment at or after ``from_us`` at which it is that time there; None beyond the calendar."""
    if not FIRST_US <= from_us < LAST_US:
        return None
    today = local_at(from_us, zone).date()
    for ahead in range(-1, _DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        if local.weekday is None or day.weekday() == local.weekday:
            found_us = instants(day, local.minute_of_day, zone)[0]
            if found_us >= from_us:
                return found_us
    return None


def midnight_us(day: date, zone: ZoneInfo) -> int | None:
    """00:00 of a day there; None beyond the calendar."""
    return instants(day, 0, zone)[0] if 2 <= day.year < 9998 else None


def instants(day: date, minute: int, zone: ZoneInfo) -> list[int]:
    """The moments of a local time, in order: one, two where the clock shows it twice, the first that exists where it
    is left out."""
    shown = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    first, second = _us(shown), _us(shown.replace(fold=1))
    if first == second:
        return [first]
    if first < second:
        return [first, second]
    # Left out: ``second`` lies before the change of clocks, ``first`` after it.
    low_us, high_us = second, first
    before = local_at(low_us, zone).utcoffset()
    while high_us - low_us > 1:
        middle_us = (low_us + high_us) // 2
        if local_at(middle_us, zone).utcoffset() == before:
            low_us = middle_us
        else:
            high_us = middle_us
    return [high_us]


def _us(aware: datetime) -> int:
    return (aware - _EPOCH) // _MICROSECOND
