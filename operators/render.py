"""How times are written at the edges: ISO 8601, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from operators.records import MAX_EPOCH_MS, MIN_EPOCH_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_US = MIN_EPOCH_MS * 1_000
_LAST_US = MAX_EPOCH_MS * 1_000
"""A deadline may lie beyond the last time that can be written, and an offset may point before the first."""


def iso_ms(time_us: int) -> str:
    """``2026-01-05T10:00:00.120Z`` for microseconds since the Unix epoch; below a millisecond is cut off."""
    seconds, rest_us = divmod(max(_FIRST_US, min(time_us, _LAST_US)), 1_000_000)
    return f"{_whole_second(seconds)}.{rest_us // 1_000:03}Z"


def iso(time_us: int) -> str:
    """The same with all there is of it: ``2026-01-05T10:00:00.120Z``, ``2026-01-05T10:00:00.120001Z``."""
    if time_us % 1_000 == 0:
        return iso_ms(time_us)
    seconds, rest_us = divmod(max(_FIRST_US, min(time_us, _LAST_US)), 1_000_000)
    return f"{_whole_second(seconds)}.{rest_us:06}Z"


@lru_cache(maxsize=4_096)
def _whole_second(seconds: int) -> str:
    """Most times that are written lie close together."""
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:-6]
