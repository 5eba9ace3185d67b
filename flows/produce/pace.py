"""When each line is due: seconds from the start, never falling, so that the order of the file is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from typing import TypeAlias

from flows.produce.line import Line

Schedule: TypeAlias = Iterator[tuple[float, Line]]


def at_once(lines: Iterable[Line]) -> Schedule:
    """As fast as they are taken."""
    return ((0.0, line) for line in lines)


def at_rate(lines: Iterable[Line], rate: float) -> Schedule:
    """``rate`` lines a second."""
    return ((place / rate, line) for place, line in enumerate(lines))


def by_event_time(lines: Iterable[Line], speed: float) -> Schedule:
    """As far apart as their event times are, ``speed`` times as fast.

    A line that is out of order or names no time goes with the one before it. A single clock that runs ahead holds
    nobody up: what counts is the smaller of a line's time and the next one's.
    """
    first_us: int | None = None
    due_s = 0.0
    followed: Iterator[tuple[Line | None, Line | None]] = pairwise(chain(lines, [None]))
    for line, after in followed:
        assert line is not None, "None only follows the last"
        time_us = line.time_us
        if time_us is not None:
            if after is not None and after.time_us is not None:
                time_us = min(time_us, after.time_us)
            if first_us is None:
                first_us = time_us
            due_s = max(due_s, (time_us - first_us) / 1e6 / speed)
        yield due_s, line
