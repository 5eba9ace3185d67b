"""Durations: text with a unit in the files, whole microseconds inside.

A bare number is refused because nobody can tell seconds from minutes by looking at it.
"""

import re
from decimal import Decimal
from typing import Final

from config.errors import Refused

UNITS_US: Final = {
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
ALLOWED: Final = "a number and one of ms s m h d w, e.g. 30m"
DURATION_PATTERN: Final = r"^\d+(\.\d+)?(ms|s|m|h|d|w)$"
OFFSET_PATTERN: Final = r"^[+-]?\d+(\.\d+)?(ms|s|m|h|d|w)$"

# A hundred years: beyond any rule about customers, and far inside what a 64-bit microsecond time can carry.
LONGEST_US: Final = 36_500 * UNITS_US["d"]

_DURATION: Final = re.compile(r"([+-]?)(\d+(?:\.\d+)?)(ms|s|m|h|d|w)", re.ASCII)
_NUMBER_AND_WORD: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.ASCII)


def parse_duration(value: object) -> int:
    """Microseconds (≥ 0) of a duration such as `500ms`, `30m`, `1.5h`, `7d`. Raises `Refused`."""
    return _parse(value, signs=False)


def parse_span(value: object) -> int:
    """Microseconds of a duration in which something can happen: more than nothing. Raises `Refused`."""
    span_us = _parse(value, signs=False)
    if span_us == 0:
        raise Refused("is no time at all", allowed="a duration above 0, e.g. 30m")
    return span_us


def parse_offset(value: object) -> int:
    """Microseconds of a duration that may point back: `-2d`, `1h`, `+1h`. Raises `Refused`."""
    return _parse(value, signs=True)


def format_us(duration_us: int) -> str:
    """The shortest exact text of a duration in the language's units: `1_800_000_000` is `30m`.

    Weeks are written as days (`7d`), as the trigger files do.
    """
    if duration_us < 0:
        return f"-{format_us(-duration_us)}"
    if duration_us == 0:
        return "0s"
    for unit in ("d", "h", "m", "s", "ms"):
        if duration_us % UNITS_US[unit] == 0:
            return f"{duration_us // UNITS_US[unit]}{unit}"
    return f"{(Decimal(duration_us) / UNITS_US['ms']).normalize():f}ms"


def _parse(value: object, *, signs: bool) -> int:
    allowed = f"{ALLOWED}; a leading - for before" if signs else ALLOWED
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise Refused("has no unit", allowed=allowed, hint=f"say {value}s, {value}m, {value}h or {value}d")
    if not isinstance(value, str):
        raise Refused("is not a duration", allowed=allowed)
    found = _DURATION.fullmatch(value)
    if found is None or (found[1] and not signs):
        raise Refused("is not a duration", allowed=allowed, hint=_nearest_duration(value))
    duration_us = Decimal(found[2]) * UNITS_US[found[3]]
    if duration_us != int(duration_us):
        raise Refused("is finer than a microsecond", allowed=allowed)
    if duration_us > LONGEST_US:
        raise Refused("is too long", allowed="at most 36500d")
    return -int(duration_us) if found[1] == "-" else int(duration_us)


def _nearest_duration(text: str) -> str | None:
    found = _NUMBER_AND_WORD.fullmatch(text.strip().lower())
    if found is None:
        return None
    number, word = found.groups()
    unit = "ms" if word.startswith(("ms", "milli")) else word[0]
    if unit not in UNITS_US or word.startswith(("mo", "mic")):
        return None
    return f"did you mean {number}{unit}?"
