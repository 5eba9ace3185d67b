"""How far partitions are read beyond the slowest of them: what bounds the events that wait in memory for its watermark.

A key group processes an event when the watermark of *every* partition has passed it. Of uneven partitions (one holds
a week, the others an hour; or its broker is slow) those that are ahead would be read to their ends, and all of it
would wait. So a partition that is ahead pauses while there are too many such events. Flink aligns watermarks of
splits by a span of time (FLIP-182, FLIP-217); the bound here is in events, which is what fills memory.

Nothing that is found depends on this: watermarks are data of the log, whatever the order of reading partitions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from threading import Lock

from operators.records import BEGINNING_OF_TIME, END_OF_TIME


@dataclass
class _Partition:
    watermark_us: int = BEGINNING_OF_TIME
    at_head: bool = False
    chunks: deque[tuple[int, int]] = field(default_factory=deque)
    """(watermark after it, events) of each chunk that the slowest partition has not passed."""
    ahead: int = 0
    """Events in `chunks`."""


class ReadAhead:
    """The partitions of one process, and how many events they are ahead of the slowest that has unread messages.

    ``most`` events; more than that by at most one chunk of each partition. A partition read to its end holds nobody
    back: silence moves its watermark soon. The slowest is never paused, so there is always one that reads on, and
    whatever waits for it is released as it comes on. Partitions of other processes are not known here.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._partitions: dict[Hashable, _Partition] = {}
        self._lock = Lock()  # several workers of a process read

    def enter(self, partition: Hashable, watermark_us: int) -> None:
        """It is read from now on; until it has spoken or is at its end, others wait for it."""
        with self._lock:
            self._partitions[partition] = _Partition(watermark_us)

    def leave(self, partition: Hashable) -> None:
        """It is read no more."""
        with self._lock:
            self._partitions.pop(partition, None)

    def read(self, partition: Hashable, watermark_us: int, events: int) -> None:
        """A chunk was read, after which the partition's watermark is this."""
        with self._lock:
            found = self._partitions[partition]
            found.watermark_us, found.at_head = watermark_us, False
            if events:
                found.chunks.append((watermark_us, events))
                found.ahead += events

    def reached_head(self, partition: Hashable) -> None:
        """It was read to its end."""
        with self._lock:
            self._partitions[partition].at_head = True

    def may_read(self, partition: Hashable) -> bool:
        """Whether it may be read on now."""
        with self._lock:
            slowest_us = self._slowest_us()
            return self._partitions[partition].watermark_us <= slowest_us or self._ahead(slowest_us) < self.most

    def events(self) -> int:
        """How many events the partitions are ahead."""
        with self._lock:
            return self._ahead(self._slowest_us())

    def _slowest_us(self) -> int:
        return min((each.watermark_us for each in self._partitions.values() if not each.at_head), default=END_OF_TIME)

    def _ahead(self, slowest_us: int) -> int:
        total = 0
        for each in self._partitions.values():
            while each.chunks and each.chunks[0][0] <= slowest_us:
                each.ahead -= each.chunks.popleft()[1]
            total += each.ahead
        return total
