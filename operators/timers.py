"""When which owner in which trigger is to be woken: the timers of one key group.

Events come in order of time and most waits are of one length, so the due times of one trigger mostly come in order
too: they stand in a queue, two words a timer, and cost the same however many there are. What comes out of order
goes on a heap.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush, heapreplace
from itertools import islice
from typing import TypeAlias

from operators.program import Owner

Timer: TypeAlias = tuple[int, int, Owner]
"""(due_us, program index, owner)"""


class _Queue:
    """Timers of one trigger in order of due time."""

    __slots__ = ("dues_us", "owners")

    def __init__(self) -> None:
        self.dues_us: deque[int] = deque()
        self.owners: deque[Owner] = deque()


class Timers:
    """Gives timers back in order of due time, equal ones in any. Whether one still counts is for its owner to say."""

    __slots__ = ("_heads", "_queues", "_strays")

    def __init__(self) -> None:
        self._queues: dict[int, _Queue] = {}
        self._heads: list[tuple[int, int]] = []
        """Heap of (due time of its first, program index) of the queues that are not empty."""
        self._strays: list[Timer] = []
        """Heap."""

    def add(self, due_us: int, program: int, owner: Owner) -> None:
        """Another timer, at any time."""
        queue = self._queues.get(program)
        if queue is None:
            queue = self._queues[program] = _Queue()
        dues_us = queue.dues_us
        if not dues_us:
            heappush(self._heads, (due_us, program))
        elif due_us < dues_us[-1]:
            heappush(self._strays, (due_us, program, owner))
            return
        dues_us.append(due_us)
        queue.owners.append(owner)

    def take_due(self, by_us: int) -> Iterator[Timer]:
        """Takes out what is due by then; timers may be added meanwhile."""
        heads, strays = self._heads, self._strays
        while True:
            if strays and strays[0][0] <= by_us and (not heads or strays[0][0] <= heads[0][0]):
                yield heappop(strays)
            elif heads and heads[0][0] <= by_us:
                yield self._take_first()
            else:
                return

    def due_by(self, by_us: int) -> Iterator[Timer]:
        """Looks at what is due by then, and at nothing else.

        Another thread may ask: what moves meanwhile may come twice or not at all, and a ``RuntimeError`` means that it
        is to be asked again.
        """
        for program, queue in list(self._queues.items()):
            # Copied, because a queue that changes cannot be walked; what is not due is not copied.
            count = bisect_right(queue.dues_us, by_us)
            dues_us, owners = list(islice(queue.dues_us, count)), list(islice(queue.owners, count))
            for due_us, owner in zip(dues_us, owners, strict=False):
                yield due_us, program, owner
        pending = [0]
        while pending:
            place = pending.pop()
            for timer in self._strays[place : place + 1]:  # a heap that shrinks meanwhile has none there
                if timer[0] <= by_us:
                    yield timer
                    pending += (2 * place + 1, 2 * place + 2)

    def _take_first(self) -> Timer:
        due_us, program = self._heads[0]
        queue = self._queues[program]
        queue.dues_us.popleft()
        owner = queue.owners.popleft()
        if queue.dues_us:
            heapreplace(self._heads, (queue.dues_us[0], program))
        else:
            heappop(self._heads)
        return due_us, program, owner
