"""Times on a customer's clock: in a gap of daylight saving the first that exists, of two the first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from config.language import LocalTime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_DAYS_AHEAD = 9
"""A day of the week comes within seven; one more on either side for clocks that leave a day out."""


@lru_cache(maxsize=1_024)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, None for any other text."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None


def zone_of(profile: Mapping[str, Any] | None, default: ZoneInfo) -> ZoneInfo:
    """The customer's timezone, or the default where none is known."""
    name = None if profile is None else profile.get("timezone")
    return (zone_named(name) if isinstance(name, str) else None) or default


def next_local_us(local: LocalTime, from_us: int, zone: ZoneInfo) -> int | None:
    """The first moment at or after ``from_us`` at which it is that time there; None beyond the calendar."""
    try:
        today = (_EPOCH + timedelta(microseconds=from_us)).astimezone(zone).date()
        for ahead in range(-1, _DAYS_AHEAD):
            day = today + timedelta(days=ahead)
            if local.weekday is None or day.weekday() == local.weekday:
                found_us = local_us(day, time(local.hour, local.minute), zone)
                if found_us >= from_us:
                    return found_us
    except OverflowError:
        pass
    return None


def midnight_us(day: date, zone: ZoneInfo) -> int | None:
    """00:00 of a day there; None beyond the calendar."""
    try:
        return local_us(day, time(0), zone)
    except OverflowError:
        return None


def local_us(day: date, clock: time, zone: ZoneInfo) -> int:
    """The moment at which it is that time on that day there. Raises ``OverflowError`` beyond the calendar."""
    wanted = datetime.combine(day, clock)
    found = wanted.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) != wanted:
        found = _end_of_gap(wanted, zone)
    return (found - _EPOCH) // timedelta(microseconds=1)


def _end_of_gap(wanted: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which the clock there jumps over ``wanted``: the first local time that exists after it."""
    before = wanted.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wanted.replace(tzinfo=zone, fold=0).astimezone(UTC)
    jumped = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // (2 * _SECOND) * _SECOND
        if middle.astimezone(zone).utcoffset() == jumped:
            after = middle
        else:
            before = middle
    return after
