"""Traits: an aggregate over a customer's events, as of any time that the watermark has not passed.

What is settled is small: of all events one value, of those of a horizon the rows ``(event time, value)`` that a later
reading can still need. What is not settled is added at each reading.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any, Final, TypeAlias

import msgspec
import orjson

from config.language import comparisons
from config.traits import ALL, Trait
from operators.body import keepable
from operators.conditions import Test, compile_condition
from operators.paths import Getter, getter, needs_body
from operators.records import TYPE, Event

Row: TypeAlias = tuple[int, Any]
"""(event time, value)."""

MOST_ROWS: Final = 10_000
"""Kept of one customer's events in one horizon; of more, the newest count. A robot must not grow the state."""
_LARGEST: Final = 2**63 - 1
_time: Final = itemgetter(0)
_NUMERIC: Final = ("sum", "min", "max")


@dataclass(frozen=True, slots=True)
class CompiledTrait:
    """One trait, ready to be worked out."""

    name: str
    aggregate: str
    types: frozenset[str] | None
    """None: any type."""
    within_us: int | None
    fingerprint: str
    """A hash of what it says; settled values of another fingerprint are not taken over."""
    test: Test | None
    read: Getter | None
    """None: the event itself is counted."""
    reads_body: bool

    @property
    def adds_up(self) -> bool:
        """Whether a copy of an event would change it."""
        return self.aggregate in ("count", "sum")

    def hears(self, event_type: str) -> bool:
        """Whether events of this type can add to it."""
        return self.types is None or event_type in self.types

    def value_of(self, event: Event) -> Any:
        """What an event adds, its body parsed if that is read; None if it is not of this trait or adds nothing."""
        if not self.hears(event[TYPE]):
            return None
        if self.test is not None and self.test(event, ()) is not True:
            return None
        if self.read is None:
            return True
        value = self.read(event)
        if self.aggregate == "count":
            return None if value is None else True
        if self.aggregate in _NUMERIC:
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None
        if self.aggregate == "distinct":
            return _hashed(value)
        return keepable(value)

    def settle(self, settled: Any, row: Row, floor_us: int) -> Any:
        """``settled`` (None: nothing yet) with one more row. Nothing asks any more for a time below ``floor_us``."""
        if self.within_us is None:
            return _folded(self.aggregate, settled, row)
        rows = [] if settled is None else settled
        insort(rows, row, key=_time)
        if self.aggregate not in ("count", "sum", "first"):
            rows = _deciding(self.aggregate, rows)
        return self.recent(rows, floor_us)

    def recent(self, settled: Any, floor_us: int) -> Any:
        """``settled`` without the rows that no reading from ``floor_us`` on can need; None if nothing is left."""
        if self.within_us is None or settled is None:
            return settled
        old = max(bisect_right(settled, floor_us - self.within_us, key=_time), len(settled) - MOST_ROWS)
        if old > 0:
            del settled[:old]
        return settled or None

    def worked_out(self, settled: Any, rows: list[Row], time_us: int) -> Any:
        """The value as of ``time_us``; ``rows`` are not settled and in order. None where there is none."""
        if self.within_us is None:
            for row in rows:
                settled = _folded(self.aggregate, settled, row)
            return _finished(self.aggregate, settled)
        from_us = time_us - self.within_us
        inside = [row for row in rows if row[0] > from_us]
        older = settled or []
        first = bisect_right(older, from_us, key=_time)
        if self.aggregate == "count":
            return min(len(older) - first + len(inside), MOST_ROWS)
        inside = sorted([*islice(older, first, None), *inside], key=_time)[-MOST_ROWS:]
        if self.aggregate == "distinct":
            return len({value for _, value in inside})
        folded = None
        for row in inside:
            folded = _folded(self.aggregate, folded, row)
        return _finished(self.aggregate, folded)


def compile_traits(traits: Iterable[Trait]) -> tuple[CompiledTrait, ...]:
    """The traits in order of name."""
    return tuple(_compiled(trait) for trait in sorted(traits, key=lambda trait: trait.trait))


def _compiled(trait: Trait) -> CompiledTrait:
    shape = trait.model_dump(mode="json", exclude={"description"}, exclude_defaults=True)
    return CompiledTrait(
        name=trait.trait,
        aggregate=trait.aggregate,
        types=None if trait.types == ("*",) else frozenset(trait.types),
        within_us=trait.within_us,
        fingerprint=hashlib.blake2b(msgspec.json.encode(shape), digest_size=8).hexdigest(),
        test=None if trait.where is None else compile_condition(trait.where, _no_capture),
        read=None if trait.path == ALL else getter(trait.path),
        reads_body=any(needs_body(path) for path in (trait.path, *(each.path for each in comparisons(trait.where)))),
    )


def _no_capture(reference: object) -> Any:
    raise AssertionError(f"a trait refers to nothing: {reference}")


def _folded(aggregate: str, settled: Any, row: Row) -> Any:
    """One more row, later in order than all before; the kept value of ``last`` and ``first`` is a row itself."""
    time_us, value = row
    if aggregate == "count":
        return (settled or 0) + 1
    if aggregate == "last":
        return row if settled is None or time_us >= settled[0] else settled
    if aggregate == "first":
        return row if settled is None or time_us < settled[0] else settled
    if settled is None:
        return value
    if aggregate == "sum":
        total = settled + value
        return float(total) if isinstance(total, int) and abs(total) > _LARGEST else total
    return min(settled, value) if aggregate == "min" else max(settled, value)


def _finished(aggregate: str, folded: Any) -> Any:
    if folded is None:
        return 0 if aggregate in ("count", "sum", "distinct") else None
    return folded[1] if aggregate in ("last", "first") else folded


def _deciding(aggregate: str, rows: list[Row]) -> list[Row]:
    """Of rows in order of time, those that can still decide a horizon which ends after all of them."""
    if aggregate == "last":
        return rows[-1:]
    kept: list[Row] = []
    seen: set[Any] = set()
    best: Any = None
    for time_us, value in reversed(rows):
        if aggregate == "distinct":
            if value in seen:
                continue
            seen.add(value)
        elif best is not None and not (value < best if aggregate == "min" else value > best):
            continue
        best = value
        kept.append((time_us, value))
    kept.reverse()
    return kept


def _hashed(value: Any) -> int | None:
    """A text, number, true or false as 64 bits; 1 and 1.0 are one value."""
    if isinstance(value, float) and value.is_integer():
        value = int(value) if abs(value) <= _LARGEST else value
    if not isinstance(value, str | int | float):
        return None
    return int.from_bytes(hashlib.blake2b(orjson.dumps(value), digest_size=8).digest(), "big")
