"""How times are written at the edges: ISO 8601, UTC, milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from operators.records import MAX_EPOCH_MS, MIN_EPOCH_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_US = MIN_EPOCH_MS * 1_000
_LAST_US = MAX_EPOCH_MS * 1_000
"""A deadline may lie beyond the last time that can be written, and an offset may point before the first."""


def iso_ms(time_us: int) -> str:
    """``2026-01-05T10:00:00.120Z`` for microseconds since the Unix epoch; below a millisecond is cut off."""
    time = _EPOCH + timedelta(microseconds=max(_FIRST_US, min(time_us, _LAST_US)))
    return f"{time.isoformat(timespec='milliseconds')[:-6]}Z"
