"""One run: traffic, the schedule, the end, the verdict."""

from __future__ import annotations

import math
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.chaos.arena import Arena
from tests.chaos.schedule import Fault, schedule
from tests.chaos.traffic import Traffic
from tests.chaos.verdict import Expected, expect, violations

_TYPICAL_FAULT_S: Final = 6.0
"""From one fault to the next, with what it takes to come back: it sets the rate of the traffic."""
_PRODUCED_WITHIN_S: Final = 300.0


@dataclass
class Outcome:
    """What a run came to."""

    seed: int
    faults: list[Fault]
    starts: int
    seconds: float
    expected: Expected
    violations: list[str]


def run_chaos(folder: Path, *, seed: int, faults: int, events: int) -> Outcome:
    """Raises ``AssertionError`` where the system did not come back; ``folder`` keeps what it said."""
    planned = schedule(seed=seed, faults=faults, events=events)
    traffic = Traffic(seed=seed, events=events)
    begun_s = time.monotonic()
    arena = Arena(folder)
    try:
        places = [*(fault.after_events for fault in planned), math.inf, math.inf]
        traffic.limit = places[1]
        traffic.start(arena.site.kafka, arena.site.topic, per_s=events / (len(planned) * _TYPICAL_FAULT_S + 5.0))
        for number, fault in enumerate(planned, 1):
            arena.wait_until(lambda: traffic.count >= fault.after_events or traffic.failed, "traffic")  # noqa: B023
            _tell(begun_s, f"{number:>2}/{len(planned)} after {traffic.count:>7,} events: {fault.kind.value}", fault)
            # Traffic goes on during it and beyond, and no further than to the one after the next.
            traffic.limit = places[number + 1]
            arena.strike(fault)
            time.sleep(fault.pause_s)
        traffic.join(_PRODUCED_WITHIN_S)
        _say(begun_s, f"all {traffic.total:,} messages produced; a backtest of the log")
        expected = expect(arena.site, folder)
        _say(begun_s, f"{len(expected.actions):,} actions expected; waiting for the flow to come so far")
        _settle(arena, expected)
        arena.stop()
        found = violations(arena.site, expected)
        seconds = time.monotonic() - begun_s
        return Outcome(seed, planned, arena.all_starts, seconds, expected, found)
    finally:
        arena.close()


def _settle(arena: Arena, expected: Expected) -> None:
    """Returns when everything expected is there, and an epoch after that in which more could have come."""
    site, inputs = arena.site, len(expected.events) + len(expected.garbage)
    read = "SELECT (SELECT count() FROM events) + (SELECT count() FROM dead_letters)"
    arena.wait_until(lambda: site.number(read) >= inputs, f"{inputs} messages archived")
    arena.wait_until(lambda: expected.actions <= set(site.action_ids()), f"{len(expected.actions)} actions")
    decided = expected.decided.total()
    arena.wait_until(lambda: site.number("SELECT count() FROM decisions") >= decided, f"{decided} decisions")
    arena.wait_until_kept()


def table(outcome: Outcome) -> str:
    """The run in a few lines."""
    expected = outcome.expected
    kinds = Counter(fault.kind.value for fault in outcome.faults)
    suppressed = sum(count for (_, what, _), count in expected.decided.items() if what == "suppressed")
    rows = [
        ("seed", str(outcome.seed)),
        ("seconds", f"{outcome.seconds:.0f}"),
        ("faults", str(len(outcome.faults))),
        *((f"  {kind}", str(count)) for kind, count in sorted(kinds.items())),
        ("sets of processes started", str(outcome.starts)),
        ("messages", f"{len(expected.events) + len(expected.garbage):,}"),
        ("  archived", f"{len(expected.events):,}"),
        ("  of them late", f"{len(expected.late):,}"),
        ("  of them copies", f"{len(expected.copies):,}"),
        ("  dead letters", f"{len(expected.garbage):,}"),
        ("triggers that fired", f"{sum(map(bool, expected.summary.fired.values()))} of {len(expected.summary.fired)}"),
        ("actions", f"{len(expected.actions):,}"),
        ("held back", f"{suppressed:,}"),
        ("violations", str(len(outcome.violations))),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join([f"{name:<{width}}  {value}" for name, value in rows] + outcome.violations)


def _tell(begun_s: float, what: str, fault: Fault) -> None:
    outage = f", for {fault.seconds} s" if "ClickHouse" in fault.kind.value or "broker" in fault.kind.value else ""
    scale = f", now {fault.scale[0]} processes of {fault.scale[1]} workers" if "workers" in fault.kind.value else ""
    _say(begun_s, f"{what}{outage}{scale}")


def _say(begun_s: float, what: str) -> None:
    sys.stdout.write(f"{time.monotonic() - begun_s:6.1f} s  {what}\n")
    sys.stdout.flush()
