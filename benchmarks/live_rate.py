"""How fast a live flow goes through a topic that is full."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from benchmarks.live_place import Watched, wait_until

BEGIN: Final = 0.2
END: Final = 0.8
_LOOK_S: Final = 0.1
_WITHIN_S: Final = 300.0


def events_a_second(count: Callable[[], float], events: int, *, run: Watched) -> float:
    """Between the looks at which a fifth and four fifths of so many events had their fates: no start, no end.

    `count` says how many have. Raises FlowFailedError.
    """
    looks: list[tuple[float, float]] = []

    def reached(share: float) -> bool:
        at_s = time.perf_counter()
        looks.append((at_s, count()))
        return looks[-1][1] >= share * events

    def first(share: float) -> tuple[float, float]:
        wait_until(
            lambda: reached(share), f"{share:.0%} of {events:,} events", run=run, within_s=_WITHIN_S, poll_s=_LOOK_S
        )
        return looks[-1]

    (begin_s, begun), (end_s, ended) = first(BEGIN), first(END)
    return (ended - begun) / (end_s - begin_s)
