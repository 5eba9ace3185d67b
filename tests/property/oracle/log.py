"""The log as the oracle sees it: every message at once, with what its place says about it.

A message is late if its event time is below the largest event time before it in its Kafka partition, less the bound.
It acts at its own time; a late one acts at that watermark. Equal times stand in order of partition, then of offset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, TypeAlias

Event: TypeAlias = dict[str, Any]
"""Canonical, with ``event_time`` in microseconds."""

Moment: TypeAlias = tuple[float, float, float]
"""(time, partition, offset): where something stands in the order of everything."""

DAY_US = 86_400_000_000
REMEMBERED_US = 7 * DAY_US
"""How long an id that fired on arrival is known."""


@dataclass(frozen=True)
class Seen:
    """An event of the log that is no duplicate."""

    event: Event = field(compare=False, repr=False)
    partition: int
    offset: int
    time: int
    watermark: float
    """Of its partition, at its offset."""

    @property
    def id(self) -> str:
        return str(self.event["event_id"])

    @property
    def type(self) -> str:
        return str(self.event["type"])

    @property
    def late(self) -> bool:
        return self.time < self.watermark

    @property
    def moment(self) -> Moment:
        return (self.watermark if self.late else self.time, self.partition, self.offset)


@dataclass(frozen=True)
class Log:
    """Messages in order of arrival, each with its Kafka partition."""

    events: Sequence[Event]
    partitions: Sequence[int]
    bound_us: int

    @property
    def largest(self) -> float:
        """The largest event time read: where ``hold`` leaves the watermark."""
        return max((event["event_time"] for event in self.events), default=-inf)

    @property
    def watched_since(self) -> float:
        """From when on everything was seen: the largest time of the first messages of the partitions."""
        firsts: dict[int, int] = {}
        for event, partition in zip(self.events, self.partitions, strict=True):
            firsts.setdefault(partition, event["event_time"])
        return max(firsts.values(), default=inf)

    def distinct(self, fires: Callable[[Event], bool]) -> Iterator[Seen]:
        """Every event once. An id is known until the watermark of the copy's partition has passed the event's time;
        for days where the event fired on arrival."""
        known: dict[str, float] = {}
        for seen in self._all():
            if seen.id in known and seen.watermark <= known[seen.id]:
                continue
            if not seen.late:
                known[seen.id] = seen.time
            if fires(seen.event):
                known[seen.id] = seen.time + REMEMBERED_US
            yield seen

    def _all(self) -> Iterator[Seen]:
        offsets: dict[int, int] = {}
        largest: dict[int, int] = {}
        for event, partition in zip(self.events, self.partitions, strict=True):
            offset, time = offsets.get(partition, 0), event["event_time"]
            watermark = largest[partition] - self.bound_us if partition in largest else -inf
            yield Seen(event, partition, offset, time, watermark)
            offsets[partition] = offset + 1
            largest[partition] = max(largest.get(partition, time), time)
