"""How times are written at the edges: ISO 8601, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from operators.records import MAX_EPOCH_MS, MIN_EPOCH_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_US = MIN_EPOCH_MS * 1_000
_LAST_US = MAX_EPOCH_MS * 1_000
"""A deadline may lie beyond the last time that can be written, and an offset may point before the first."""


def iso_ms(time_us: int) -> str:
    """``2026-01-05T10:00:00.120Z`` for microseconds since the Unix epoch; below a millisecond is cut off."""
    return f"{_time(time_us).isoformat(timespec='milliseconds')[:-6]}Z"


def iso(time_us: int) -> str:
    """The same with all there is of it: ``2026-01-05T10:00:00.120Z``, ``2026-01-05T10:00:00.120001Z``."""
    timespec = "microseconds" if time_us % 1_000 else "milliseconds"
    return f"{_time(time_us).isoformat(timespec=timespec)[:-6]}Z"


def _time(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=max(_FIRST_US, min(time_us, _LAST_US)))
