"""Which fault comes after how many events: all of it from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What is done to the running system."""

    KILL_ONE = "kill -9 of one process"
    RESCALE = "stopped, and started with other processes and workers"
    KILL_ALL = "kill -9 of all processes"
    BROKER_KILLED = "kill -9 of the broker, and a start"
    CLICKHOUSE_CUTS = "ClickHouse cuts connections"
    CLICKHOUSE_REFUSES = "ClickHouse refuses connections"
    KILL_SUPERVISOR = "kill -9 of the supervisor, and a new one"
    CLICKHOUSE_STALLS = "ClickHouse stalls"
    KILL_DURING_STALL = "kill -9 of one process while ClickHouse stalls"
    BROKER_RESTARTED = "the broker stopped and started"
    CLICKHOUSE_KILLED = "kill -9 of ClickHouse, and a start"
    KILL_WITHOUT_BROKER = "kill -9 of one process while the broker is down"


KINDS: Final = tuple(Kind)
"""So many faults as there are kinds show each of them; fewer, the first ones."""
_MORE_OFTEN: Final = (Kind.KILL_ONE,) * 6 + (Kind.RESCALE,) * 3 + (Kind.KILL_ALL,) * 2
SCALES: Final = ((2, 1), (1, 1), (2, 2), (1, 2))
"""(processes, workers of each); the first is what a run begins with."""


@dataclass(frozen=True)
class Fault:
    """One fault. ``process`` is meant modulo how many there are."""

    after_events: int
    kind: Kind
    process: int
    seconds: float
    """How long an outage lasts."""
    pause_s: float
    """How long the system may run after it before the next."""
    scale: tuple[int, int]
    """What runs from here on."""


def schedule(*, seed: int, faults: int, events: int) -> list[Fault]:
    """In order; spread over the events but for their first and last tenth."""
    chance = random.Random(seed)
    kinds = [*KINDS[:faults], *chance.choices((*KINDS, *_MORE_OFTEN), k=max(0, faults - len(KINDS)))]
    chance.shuffle(kinds)
    places = sorted(chance.randrange(events // 10, events * 9 // 10) for _ in kinds)
    planned, scale = [], SCALES[0]
    for place, kind in zip(places, kinds, strict=True):
        if kind is Kind.RESCALE:
            scale = chance.choice([each for each in SCALES if each != scale])
        fault = Fault(
            after_events=place,
            kind=kind,
            process=chance.randrange(2),
            seconds=round(chance.uniform(0.5, 3.0), 2),
            pause_s=round(chance.uniform(0.2, 2.5), 2),
            scale=scale,
        )
        planned.append(fault)
    return planned
