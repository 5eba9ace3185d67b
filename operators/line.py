"""What waits for the watermark: tuples that begin with their place in the order of processing.

No two of one line are alike in what they begin with, so that a sort never looks further.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from math import isqrt
from typing import Any, Final

from operators.records import END_OF_TIME, INDEX

LONG: Final = 128
MANY_TURNS: Final = 16
"""Some are set apart where more than ``LONG`` wait, and more than so many times what is released at once."""


def place_of(entry: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where something in line stands in the order of processing: (order_us, origin, offset, index)."""
    return entry[: INDEX + 1]


class Line:
    """Who comes in any order is released in order.

    With much traffic a line is hundreds of times what one chunk brings or releases, and to sort all of it at each would
    cost more than all else. What is due later then lies apart, in no order, until the watermark comes near.
    """

    __slots__ = ("_later", "_later_from_us", "_looked_at", "_near", "append")

    def __init__(self, entries: Iterable[Any] = ()) -> None:
        self._near: list[Any] = [*entries]
        """In order as far as it has been looked at; behind that, what has come since."""
        self._looked_at = 0
        self._later: list[Any] = []
        """What orders at or after ``_later_from_us``, of what has been looked at."""
        self._later_from_us = END_OF_TIME
        self.append: Callable[[Any], None] = self._near.append

    def extend(self, entries: Iterable[Any]) -> None:
        """Puts several in line."""
        self._near.extend(entries)

    def released(self, before_us: int) -> list[Any]:
        """Takes what orders before ``before_us`` out of the line, in order."""
        near = self._near
        if before_us > self._later_from_us:
            near += self._later
            self._later, self._later_from_us = [], END_OF_TIME
        elif self._later:
            self._set_apart_new()
        near.sort()
        due = len(near) if before_us >= END_OF_TIME else bisect_left(near, (before_us,))
        out = near[:due]
        del near[:due]
        if len(near) > max(LONG, MANY_TURNS * due):
            # Few enough to be sorted at every release, and enough for all not to be sorted again too soon.
            self._later_from_us = near[isqrt(len(near) * (due + 1))][0]
            nearer = bisect_left(near, (self._later_from_us,))
            self._later += near[nearer:]
            del near[nearer:]
        self._looked_at = len(near)
        return out

    def _set_apart_new(self) -> None:
        new, from_us = self._near[self._looked_at :], self._later_from_us
        later = [entry for entry in new if entry[0] >= from_us]
        if later:
            self._near[self._looked_at :] = [entry for entry in new if entry[0] < from_us]
            self._later += later

    def __iter__(self) -> Iterator[Any]:
        """All that wait, in no order."""
        return chain(self._near, self._later)

    def __len__(self) -> int:
        return len(self._near) + len(self._later)

    def __bool__(self) -> bool:
        return bool(self._near or self._later)
