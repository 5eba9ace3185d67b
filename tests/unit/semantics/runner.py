"""A case of the trigger language's semantics: a match, a line of events, and exactly what must come of them.

    case(
        "the next event that fits is taken, others may come between",
        "steps: [{event: a}, {event: b}]",
        "a1 x1 b1@5m b2",
        ["5m: a1 b1"],
    )

An event is ``LABEL(property=value,…)@TIME/CUSTOMER``. Its label is its id, and its type the label without the digits
at its end; without a time it comes a minute after the one before it in the line (the first at ``0m``), without a
customer it is c1's. ``watermark@TIME`` and ``heartbeat@TIME`` stand in the line too, and an event may be a dict where
the short form cannot say it. What fires is ``[KEY ]TIME: ids of the evidence``, in any order of equal times.

Every case is run as one chunk, event by event, in twos, and with every key group resumed from a snapshot before each
event. A case whose events come in order is also run with neighbours swapped, and backwards, within the bound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from operators.reasons import Outcome
from operators.records import Decision
from tests.harness import Item, compiled, event, heartbeat, run, trigger, watermark
from tests.moments import at, since_start, us

_TOKEN = re.compile(r"([a-z_]+)(\d*)(?:\(([^)]*)\))?(?:@([^/\s]+))?(?:/(\S+))?")
_MARKS = {"watermark": watermark, "heartbeat": heartbeat}

Line = str | Sequence[str | Item]
"""Events in order of arrival."""


@dataclass(frozen=True)
class Case:
    """One match over one line of events. ``ends`` are counts of the tally; None expects nothing of it."""

    name: str
    match: str
    events: Line
    fires: Sequence[str]
    expires: Sequence[str] | None = None
    carries: Sequence[dict[str, Any]] | None = None
    """The data of each that fires, in the order of ``fires``."""
    ends: dict[str, int] | None = None
    pending: int | None = None
    data: str = ""
    rest: str = ""
    bound: str = "0s"
    at_end: str = "flush"
    partitions: Sequence[int] | None = None
    any_order: bool = True
    """Whether the order of arrival within the bound is nothing to this case."""

    def check(self) -> None:
        """Runs it every way. Raises ``AssertionError`` that names the way and shows both answers."""
        data = f"actions: [{{channel: email, template: x, data: {self.data}}}]" if self.data else ""
        plan = compiled(trigger(self.match, rest=f"{self.rest}\n{data}".strip()))
        for way, events, options in self._ways():
            found = run(plan, events, **({"max_out_of_orderness": self.bound, "at_end": self.at_end} | options))
            answers = {"fires": _told(each for each in found.told if each.outcome != Outcome.EXPIRED)}
            wanted: dict[str, Any] = {"fires": self._wanted(self.fires, self.carries)}
            if self.carries is None:
                answers["fires"] = [told[:-1] for told in answers["fires"]]
            if self.expires is not None:
                expired = _told(each for each in found.told if each.outcome == Outcome.EXPIRED)
                answers["expires"] = [told[:-1] for told in expired]
                wanted["expires"] = self._wanted(self.expires, None)
            for what, count in (self.ends or {}).items():
                answers[what], wanted[what] = [found.tally.total(what)], [count]
            if self.pending is not None:
                answers["pending"], wanted["pending"] = [found.pending], [self.pending]
            if answers != wanted:
                raise AssertionError(f"{self.name}\n  run: {way}\n  found:  {answers}\n  wanted: {wanted}")

    @staticmethod
    def _wanted(lines: Sequence[str], carries: Sequence[dict[str, Any]] | None) -> list[tuple[Any, ...]]:
        if carries is not None:
            assert len(lines) == len(carries), "one mapping of data for each that fires"
        told = []
        for place, line in enumerate(lines):
            head, _, ids = line.partition(":")
            *key, when = head.split()
            one = (us(when), key[0] if key else "c1", tuple(ids.split()))
            told.append(one if carries is None else (*one, carries[place]))
        return _readable(told)

    def _ways(self) -> Iterator[tuple[str, list[Item], dict[str, Any]]]:
        events = read_line(self.events)
        given = {} if self.partitions is None else {"partitions": self.partitions}
        yield "one chunk", events, given
        yield "event by event, in one key group", events, {"chunk_size": 1, "key_groups": 1, **given}
        yield "in twos", events, {"chunk_size": 2, **given}
        yield "resumed before each event", events, {"chunk_size": 1, "snapshot_every": 1, **given}
        if not self.any_order or self.partitions is not None or not _is_in_order(events):
            return
        instants = _instants(events)
        gap = max((b[0]["event_time"] - a[0]["event_time"] for a, b in pairwise(instants)), default=0)
        swapped = [
            each for i in range(0, len(instants), 2) for instant in reversed(instants[i : i + 2]) for each in instant
        ]
        yield "neighbours swapped", swapped, {"chunk_size": 1, "max_out_of_orderness": f"{gap}ms"}
        span = instants[-1][0]["event_time"] - instants[0][0]["event_time"]
        backwards = [each for instant in reversed(instants) for each in instant]
        yield (
            "backwards, resumed",
            backwards,
            {
                "chunk_size": 1,
                "snapshot_every": 1,
                "max_out_of_orderness": f"{span}ms",
            },
        )


case = Case


def each(*cases: Case) -> Callable[..., Any]:
    """Parametrizes a test over cases; its body is ``case.check()``."""
    names = [one.name for one in cases]
    assert len(set(names)) == len(names), "two cases of one name"
    return pytest.mark.parametrize("case", cases, ids=names)


def read_line(line: Line) -> list[Item]:
    """The events of a line. Raises ``AssertionError`` for what is no event."""
    if isinstance(line, str):
        line = line.split()
    items: list[Item] = []
    last_us: int | None = None
    for token in line:
        if not isinstance(token, str):
            items.append(token)
            continue
        found = _TOKEN.fullmatch(token)
        assert found, f"{token!r} is no event"
        name, number, properties, when, customer = found.groups()
        when = when or ("0m" if last_us is None else since_start(at_us(last_us + us("1m"))))
        if name in _MARKS:
            items.append(_MARKS[name](when))
            continue
        last_us = us(when)
        items.append(event(name, when, customer=customer or "c1", id=name + number, **_properties(properties)))
    return items


def at_us(since_us: int) -> int:
    """A time after the start of the test, as epoch microseconds."""
    return at("0s") * 1_000 + since_us


def _properties(text: str | None) -> dict[str, Any]:
    pairs = [pair.split("=", 1) for pair in (text or "").split(",") if pair]
    return {name: _value(value) for name, value in pairs}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _told(decisions: Iterator[Decision]) -> list[tuple[Any, ...]]:
    return _readable(
        [
            (
                one.event_time_us - at_us(0),
                one.key if isinstance(one.key, str) else "/".join(one.key),
                tuple(row.event_id for row in one.evidence),
                one.data,
            )
            for one in decisions
        ]
    )


def _readable(told: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """In one order, with times as text."""
    ordered = sorted(told, key=lambda one: (one[:3], repr(one[3:])))
    return [(since_start(at_us(time_us)), *others) for time_us, *others in ordered]


def _is_in_order(events: list[Item]) -> bool:
    """Whether all are events, none twice, in order of their times."""
    if any(one.keys() <= {"watermark", "heartbeat"} for one in events) or len(events) < 2:
        return False
    times = [one["event_time"] for one in events]
    return times == sorted(times) and len({one["event_id"] for one in events}) == len(events)


def _instants(events: list[Item]) -> list[list[Item]]:
    """The events of each time together: their order of arrival decides among them."""
    by_time: dict[int, list[Item]] = {}
    for one in events:
        by_time.setdefault(one["event_time"], []).append(one)
    return list(by_time.values())
