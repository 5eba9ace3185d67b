"""When ``wait`` and ``at`` are over."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from config.durations import parse_duration
from config.errors import Refused
from config.language import AtStep, LocalTime, WaitStep
from tests.property.oracle.conditions import Known, value_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MINUTE: Final = timedelta(minutes=1)


class Ended(Exception):
    """The step has no time: the match ends, for this reason."""


def wait_is_over(step: WaitStep, entered: int, known: Known) -> int:
    """Raises ``Ended``."""
    if step.for_us is not None:
        return entered + step.for_us
    value = value_of(step.reference, known)
    try:
        span = round(value * 1_000_000) if _is_number(value) else parse_duration(value)
    except Refused:
        raise Ended("at_unresolved") from None
    if span < 0:
        raise Ended("at_unresolved")
    return entered + span


def at_is_over(step: AtStep, entered: int, known: Known, zone: ZoneInfo, max_age: int | None) -> int:
    """Raises ``Ended``."""
    if step.local_time is not None:
        return _next_local(step.local_time, entered, zone)
    due = _time_of(value_of(step.reference, known), zone) + step.offset_us
    if due < entered and max_age is not None and entered - due > max_age:
        raise Ended("at_stale")
    return max(due, entered)


def _time_of(value: Any, zone: ZoneInfo) -> int:
    if _is_number(value):
        return round(value * 1_000)
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return _us(_first_instant(datetime.combine(date.fromisoformat(value), datetime.min.time()), zone))
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise Ended("at_unresolved") from None
    if moment.tzinfo is None:
        raise Ended("at_unresolved")
    return _us(moment)


def _next_local(local: LocalTime, entered: int, zone: ZoneInfo) -> int:
    today = (_EPOCH + timedelta(microseconds=entered)).astimezone(zone).date()
    days = [today + timedelta(days=days) for days in range(9)]
    wanted = [
        datetime(day.year, day.month, day.day, local.hour, local.minute)  # noqa: DTZ001 (a local time)
        for day in days
        if local.weekday in (None, day.weekday())
    ]
    return min(due for each in wanted if (due := _us(_first_instant(each, zone))) >= entered)


@cache
def _first_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the clock shows this time, or where it is left out, what comes after it."""
    instant = local.replace(tzinfo=UTC) - timedelta(hours=26)
    while instant.astimezone(zone).replace(tzinfo=None) < local:
        instant += _MINUTE
    return instant


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
