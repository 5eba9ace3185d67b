"""Event time of one Kafka partition: its watermark, what is late, and when silence may move time.

The watermark ``W_p`` is the largest event time of the messages *before* this one in that partition, minus
``max_out_of_orderness``; it never falls. So lateness is a property of the log, not of the reader. While a partition
is read to its end and silent, a heartbeat may raise it to ``now - max_delay``; a partition with unread messages
never follows a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic, time_ns

from operators.records import BEGINNING_OF_TIME

SystemClock = Callable[[], int]
"""Gives system time in microseconds since the Unix epoch."""


def system_time_us() -> int:
    """The wall clock, in microseconds; with the flows, the only reader of the time."""
    return time_ns() // 1_000


def accelerated_clock(start_us: int, speed: float, clock: SystemClock = system_time_us) -> SystemClock:
    """A clock that stood at ``start_us`` when this was called and has run ``speed`` times as fast since."""
    origin_us = clock()
    return lambda: start_us + int((clock() - origin_us) * speed)


def periods_passed(period_s: float) -> int:
    """How many times so long has passed, since whenever: for what is to be done now and then, and for no answer."""
    return int(monotonic() / period_s)


@dataclass
class PartitionClock:
    """The watermark of one Kafka partition. ``state`` and ``resume`` carry it through a snapshot."""

    max_out_of_orderness_us: int
    watermark_us: int = BEGINNING_OF_TIME
    """``W_p``, heartbeats included."""
    log_watermark_us: int = BEGINNING_OF_TIME
    """What ``W_p`` would be had no heartbeat ever moved it."""
    late_by_heartbeat: int = 0
    """Late events that would have been on time without a heartbeat, since the last ``take_late_by_heartbeat``."""

    def stamp(self, event_times_us: Sequence[int]) -> tuple[list[int], list[int]]:
        """``W_p`` at each of the next messages' offsets (before the message), and the places of the late ones."""
        bound_us = self.max_out_of_orderness_us
        watermark_us = self.watermark_us
        largest_us = self.log_watermark_us + bound_us
        highest_us = watermark_us + bound_us
        stamps = [watermark_us] * len(event_times_us)
        late: list[int] = []
        for i, time_us in enumerate(event_times_us):
            stamps[i] = watermark_us
            if time_us < watermark_us:
                late.append(i)
                if time_us >= largest_us - bound_us:
                    self.late_by_heartbeat += 1
            if time_us > largest_us:
                largest_us = time_us
                if time_us > highest_us:
                    highest_us = time_us
                    watermark_us = time_us - bound_us
        self.watermark_us = watermark_us
        self.log_watermark_us = largest_us - bound_us
        return stamps, late

    def raise_to(self, watermark_us: int) -> None:
        """An explicit watermark of the log; one below the present is without effect."""
        self.watermark_us = max(self.watermark_us, watermark_us)
        self.log_watermark_us = max(self.log_watermark_us, watermark_us)

    def heartbeat(self, watermark_us: int) -> bool:
        """Silence at the head of the log moves time to ``watermark_us``; tells whether it moved at all."""
        if watermark_us <= self.watermark_us:
            return False
        self.watermark_us = watermark_us
        return True

    def take_late_by_heartbeat(self) -> int:
        """The count since the last call."""
        count, self.late_by_heartbeat = self.late_by_heartbeat, 0
        return count

    def state(self) -> tuple[int, int]:
        """What a snapshot keeps: (W_p, W_p without heartbeats)."""
        return (self.watermark_us, self.log_watermark_us)

    def resume(self, state: tuple[int, int]) -> None:
        """Continue from what ``state`` gave."""
        self.watermark_us, self.log_watermark_us = state


class GroupClock:
    """The watermark of one key group: the lowest over all partitions of the flow, once each has spoken."""

    def __init__(self) -> None:
        self.watermark_us = BEGINNING_OF_TIME
        self.marks: dict[tuple[str, int], int] = {}

    def hear(self, origin: tuple[str, int], watermark_us: int, origins: tuple[tuple[str, int], ...]) -> int:
        """A partition's watermark arrived; gives the group's watermark after it, which never falls."""
        marks = self.marks
        if watermark_us > marks.get(origin, BEGINNING_OF_TIME - 1):
            marks[origin] = watermark_us
        lowest = min(marks.get(each, BEGINNING_OF_TIME) for each in origins)
        if lowest > self.watermark_us:
            self.watermark_us = lowest
        return self.watermark_us
