"""Whether all of it came out as it must: counted from topics and tables, for the processes' own counters died."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from flows.backtest import Backtest, run
from flows.backtest_report import Summary
from operators.clock import PartitionClock
from tests.chaos.traffic import MAX_OUT_OF_ORDERNESS_US, is_event
from tests.integration.live_site import Site
from tests.integration.live_topics import Read, read_topic
from tests.integration.live_week import time_ms

_SHOWN: Final = 5
Place = tuple[int, int]
"""(Kafka partition, offset)."""


@dataclass
class Expected:
    """What the log says must come of it."""

    events: set[Place] = field(default_factory=set)
    garbage: set[Place] = field(default_factory=set)
    late: set[Place] = field(default_factory=set)
    copies: set[Place] = field(default_factory=set)
    """Whose event id came before in their partition."""
    decided: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(action id, outcome, reason) by the backtest."""
    summary: Summary = field(default_factory=Summary)

    @property
    def actions(self) -> set[str]:
        """Those that are sent."""
        return {action_id for action_id, outcome, _ in self.decided if outcome == "action"}


def expect(site: Site, folder: Path) -> Expected:
    """Reads the whole log and runs the backtest over it."""
    log = sorted(read_topic(site.kafka, site.topic), key=lambda read: (read.time_ms, read.partition, read.offset))
    expected = Expected()
    lines: list[bytes] = []
    clocks: dict[int, PartitionClock] = {}
    seen: set[tuple[int, str]] = set()
    for read in log:
        place = (read.partition, read.offset)
        if not is_event(read.value or b"", read.time_ms):
            expected.garbage.add(place)
            continue
        lines.append(read.value)
        event = read.json
        expected.events.add(place)
        clock = clocks.setdefault(read.partition, PartitionClock(MAX_OUT_OF_ORDERNESS_US))
        if clock.stamp([time_ms(event["event_time"]) * 1_000])[1]:
            expected.late.add(place)
        if (read.partition, event["event_id"]) in seen:
            expected.copies.add(place)
        seen.add((read.partition, event["event_id"]))
    in_order, out = folder / "log.jsonl", folder / "backtest.jsonl"
    in_order.write_bytes(b"\n".join(lines))
    expected.summary = run(
        Backtest((site.triggers,), in_order, out=out, max_out_of_orderness_us=MAX_OUT_OF_ORDERNESS_US, at_end="hold")
    )
    with out.open("rb") as rows:
        expected.decided.update(_decided(json.loads(row)) for row in rows)
    return expected


def violations(site: Site, expected: Expected) -> list[str]:
    """Everything that is not as it must be, in words; nothing: all is well."""
    found = _Findings()
    archived = _places(site, "events")
    found.same("rows of events, by offset", archived, Counter(expected.events))
    found.same("rows of dead_letters, by offset", _places(site, "dead_letters"), Counter(expected.garbage))
    letters = Counter(_origin(letter) for letter in site.dead_letters())
    found.same("messages on the dead-letter topic, by origin", Counter(letters.keys()), Counter(expected.garbage))
    found.same("events archived as late", _places(site, "events", "late"), Counter(expected.late))
    late = _places(site, "late")
    found.same("rows of late, by offset", late, Counter(late.keys() & expected.late))
    found.same("late and neither in late nor a copy", Counter(expected.late - late.keys() - expected.copies), Counter())
    found.equal("rows of late, and the backtest's", len(late), expected.summary.late)

    actions = Counter(site.action_ids())
    found.same("actions on their topic", actions, Counter(expected.actions))
    decided = Counter(site.rows("SELECT action_id, outcome, reason FROM decisions"))
    found.same("rows of decisions", decided, expected.decided)  # type: ignore[arg-type]
    sent = sum(count for (_, outcome, _), count in decided.items() if outcome == "action")
    found.equal("actions in decisions, and on their topic", sent, actions.total())
    return found.violations


@dataclass
class _Findings:
    violations: list[str] = field(default_factory=list)

    def same(self, what: str, found: Counter[Any], expected: Counter[Any]) -> None:
        """As often each."""
        missing, too_many = expected - found, found - expected
        if missing:
            self.violations.append(f"{what}: {missing.total()} missing, {_some(missing)}")
        if too_many:
            self.violations.append(f"{what}: {too_many.total()} too many, {_some(too_many)}")

    def equal(self, what: str, found: int, expected: int) -> None:
        if found != expected:
            self.violations.append(f"{what}: {found} and {expected}")


def _some(counted: Counter[Any]) -> str:
    shown = sorted(counted.items())[:_SHOWN]
    more = ", …" if len(counted) > _SHOWN else ""
    return "e.g. " + ", ".join(f"{each} {count} times" for each, count in shown) + more


def _places(site: Site, table: str, where: str = "1") -> Counter[Place]:
    rows: Iterable[tuple[Any, ...]] = site.rows(f"SELECT kafka_partition, `offset` FROM {table} WHERE {where}")
    return Counter((partition, offset) for partition, offset in rows)


def _origin(letter: Read) -> Place:
    return int(letter.headers["partition"]), int(letter.headers["offset"])


def _decided(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["action_id"], row["outcome"], row["reason"] or ""
