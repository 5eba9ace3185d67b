"""When a ``wait`` or an ``at`` is over: what an event carries, or the customer's next such local time."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from config.durations import parse_duration
from config.errors import Refused
from config.language import LocalTime
from operators.conditions import Captures, Read
from operators.local_time import midnight_us, next_local_us
from operators.records import MAX_EPOCH_MS, MIN_EPOCH_MS

Zone: TypeAlias = Callable[[], ZoneInfo]
"""Asks for the customer's timezone, which few steps need."""

Moment: TypeAlias = Callable[[Captures, int, Zone], int | None]
"""(captures, when the step was entered, zone): when the step is over, None where nobody can tell."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST_US = (MAX_EPOCH_MS - MIN_EPOCH_MS) * 1_000


def wait_as_said(read: Read) -> Moment:
    """``wait: $NAME.path``: a duration as text, or a number of seconds."""

    def moment(captures: Captures, entered_us: int, zone: Zone) -> int | None:
        span_us = _span_us(read(captures))
        return None if span_us is None else entered_us + span_us

    return moment


def at_as_said(read: Read, offset_us: int, *, in_us: bool) -> Moment:
    """``at: $NAME.path``: ISO 8601 with an offset, epoch milliseconds, or a date. ``in_us``: an event's own time."""

    def moment(captures: Captures, entered_us: int, zone: Zone) -> int | None:
        value = read(captures)
        found_us = value if in_us else _time_us(value, zone)
        return None if found_us is None else found_us + offset_us

    return moment


def at_local(local: LocalTime) -> Moment:
    """``at: 09:00``, ``at: mon 09:00``: the next such time, the present one included."""
    return lambda captures, entered_us, zone: next_local_us(local, entered_us, zone())


def _span_us(value: Any) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        if not math.isfinite(value) or not 0 <= value * 1_000_000 <= _LONGEST_US:
            return None
        return round(value * 1_000_000)
    try:
        return parse_duration(value)
    except Refused:
        return None


def _time_us(value: Any, zone: Zone) -> int | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * 1_000) if MIN_EPOCH_MS <= value <= MAX_EPOCH_MS else None
    if not isinstance(value, str):
        return None
    try:
        return midnight_us(date.fromisoformat(value), zone())
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
        return None if moment.tzinfo is None else (moment - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        return None
