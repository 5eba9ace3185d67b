"""Numbers that a source sends as text."""

import math
import re
from typing import Final

_INTEGER: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
NUMBER_PATTERN: Final = r"^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$"
_NUMBER: Final = re.compile(NUMBER_PATTERN, re.ASCII)


def number_of(text: str) -> int | float | None:
    """The finite number that `text` is, or `None` if it is none: `"18.99"` is 18.99, `"18,99"` is nothing."""
    stripped = text.strip()
    if _INTEGER.fullmatch(stripped):
        return int(stripped)
    if not _NUMBER.fullmatch(stripped):
        return None
    number = float(stripped)
    return number if math.isfinite(number) else None
