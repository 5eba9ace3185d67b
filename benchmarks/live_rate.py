"""How fast a live flow goes through a topic that is full, and what an event costs it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from benchmarks.live_place import Watched, wait_until

BEGIN: Final = 0.2
END: Final = 0.8
_LOOK_S: Final = 0.1
_WITHIN_S: Final = 300.0


class Counted(Watched, Protocol):
    """A flow that tells what it has cost."""

    def cpu_seconds(self) -> float:
        """Of all its processes."""


@dataclass(frozen=True)
class Pace:
    """Between the looks at which a fifth and four fifths of the events had their fates: no start, no end."""

    events_a_second: float
    cpu_us_an_event: float


def pace(count: Callable[[], float], events: int, *, run: Counted) -> Pace:
    """`count` says how many of so many events have their fates. Raises FlowFailedError."""
    looked = 0.0

    def reached(share: float) -> bool:
        nonlocal looked
        looked = count()
        return looked >= share * events

    def first(share: float) -> tuple[float, float, float]:
        wait_until(
            lambda: reached(share), f"{share:.0%} of {events:,} events", run=run, within_s=_WITHIN_S, poll_s=_LOOK_S
        )
        return time.perf_counter(), run.cpu_seconds(), looked

    (begin_s, begin_cpu_s, begun), (end_s, end_cpu_s, ended) = first(BEGIN), first(END)
    done = ended - begun
    return Pace(done / (end_s - begin_s), (end_cpu_s - begin_cpu_s) / done * 1e6)
