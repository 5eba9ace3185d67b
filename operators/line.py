"""What waits for the watermark: tuples that begin with their place in the order of processing.

No two of one line are alike in what they begin with, so that a sort never looks further.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from operators.records import END_OF_TIME, INDEX


def place_of(entry: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where something in line stands in the order of processing: (order_us, origin, offset, index)."""
    return entry[: INDEX + 1]


def released(waiting: list[Any], before_us: int) -> list[Any]:
    """Takes what orders before ``before_us`` out of the line, in order."""
    waiting.sort()
    place = len(waiting) if before_us >= END_OF_TIME else bisect_left(waiting, (before_us,))
    out = waiting[:place]
    del waiting[:place]
    return out
