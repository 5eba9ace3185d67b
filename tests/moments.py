"""Times of tests: short texts after a start, as `"30m-1ms"`."""

from __future__ import annotations

import re

from config.durations import UNITS_US, format_us, parse_duration

START_US = 1_767_607_200_000_000
"""2026-01-05T10:00:00Z, a Monday: what ``at("0s")`` is."""

_PART = re.compile(r"([+-]?)(\d+(?:\.\d+)?(?:ms|s|m|h|d|w))")


def us(text: str) -> int:
    """``"30m"``, ``"30m-1ms"``, ``"1h+1ms"`` in microseconds."""
    parts = _PART.findall(text)
    assert "".join(sign + span for sign, span in parts) == text, f"{text!r} is no time"
    return sum(parse_duration(span) * (-1 if sign == "-" else 1) for sign, span in parts)


def at(text: str) -> int:
    """A time after the start of the test, as canonical epoch milliseconds."""
    return (START_US + us(text)) // UNITS_US["ms"]


def since_start(time_us: int) -> str:
    """The inverse of ``at``, as short text."""
    return format_us(time_us - START_US)
