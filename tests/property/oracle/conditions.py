"""Conditions with three values (``None`` is unknown), references and aggregates."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import Any

from config.language import AllOf, AnyOf, Comparison, Condition, Matcher, Not
from config.language.repetition import Having
from config.references import Reference, Scaled
from tests.property.oracle.keys import read
from tests.property.oracle.log import Event

_ORDER = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
_SCALE = {"*": operator.mul, "/": operator.truediv, "+": operator.add, "-": operator.sub}


@dataclass(frozen=True)
class Captured:
    """What one name took: its events in order, with the list element each came by, and the event before them."""

    events: tuple[Event, ...]
    items: tuple[Any, ...]
    before: Event | None


@dataclass(frozen=True)
class Known:
    """What a condition may ask about. ``own`` is the repetition that the asking event would go on with."""

    captured: dict[str, Captured]
    own: str | None = None


NOTHING = Known({})


def verdict(matcher: Matcher, event: Event, known: Known) -> bool | None:
    """Whether the event is of the types and fits the condition."""
    if matcher.types != ("*",) and event["type"] not in matcher.types:
        return False
    return holds(matcher.where, event, known)


def holds(condition: Condition | None, event: Event, known: Known) -> bool | None:
    match condition:
        case None:
            return True
        case Not(member):
            inner = holds(member, event, known)
            return None if inner is None else not inner
        case AllOf(members) | AnyOf(members):
            verdicts = [holds(member, event, known) for member in members]
            decisive = isinstance(condition, AnyOf)
            return decisive if decisive in verdicts else None if None in verdicts else not decisive
        case Comparison(path, word, value):
            return compare(word, read(event, path), value_of(value, known))


def having_holds(having: Having, events: tuple[Event, ...], known: Known) -> bool | None:
    """Whether the aggregate of the repetitions is within all its bounds."""
    found = aggregate(having.aggregate, having.path, events)
    verdicts = [compare(bound.operator, found, value_of(bound.value, known)) for bound in having.bounds]
    return False if False in verdicts else None if None in verdicts else True


def aggregate(word: str, path: tuple[str, ...], events: tuple[Event, ...]) -> Any:
    """As SQL's: what is missing does not count; ``sum min max avg`` look at numbers and are nothing without one."""
    found = [value for event in events if (value := read(event, path)) is not None]
    if word == "count":
        return len(found)
    if word == "distinct":
        return len({(_sort_of(value), value if _sort_of(value) else repr(value)) for value in found})
    numbers = [value for value in found if _sort_of(value) == "number"]
    if not numbers:
        return None
    return {"sum": sum(numbers), "min": min(numbers), "max": max(numbers), "avg": sum(numbers) / len(numbers)}[word]


def value_of(value: Any, known: Known) -> Any:
    """A literal, or what a reference leads to; ``None`` where there is nothing."""
    if isinstance(value, Scaled):
        scaled = value_of(value.reference, known)
        return _SCALE[value.operator](scaled, value.operand) if _sort_of(scaled) == "number" else None
    if not isinstance(value, Reference):
        return value
    captured = known.captured.get(value.name)
    if captured is None:
        return None
    events, selector = captured.events, value.selector
    if selector == "count":
        return len(events)
    if selector in ("sum", "min", "max", "avg", "distinct"):
        return aggregate(selector, value.path, events)
    if selector == "prev":
        return read(_before(captured, own=value.name == known.own), value.path)
    if not events:
        return None
    if selector == "item":
        return read(captured.items[-1], value.path)
    return read(events[0 if selector == "first" else -1], value.path)


def compare(word: str, found: Any, wanted: Any) -> bool | None:
    if word == "exists":
        return (found is not None) == wanted
    if word in ("ne", "not_in"):
        opposite = compare({"ne": "eq", "not_in": "in"}[word], found, wanted)
        return None if opposite is None else not opposite
    if word == "in":
        verdicts = {compare("eq", found, each) for each in wanted} if isinstance(wanted, list | tuple) else {None}
        return True if True in verdicts else False if False in verdicts else None
    if word == "contains" and isinstance(found, list):
        return compare("in", wanted, found) if found else False
    if _sort_of(found) is None or _sort_of(found) != _sort_of(wanted):
        return None
    if word == "eq":
        return bool(found == wanted)
    if word in _ORDER:
        return None if _sort_of(found) == "truth" else bool(_ORDER[word](found, wanted))
    if _sort_of(found) != "text":
        return None
    if word == "matches":
        return re.search(wanted, found) is not None
    return {"contains": wanted in found, "starts_with": found.startswith(wanted), "ends_with": found.endswith(wanted)}[
        word
    ]


def _before(captured: Captured, *, own: bool) -> Event | None:
    """The repetition before: before the one that is asking, or before the last; at the first, the event before it."""
    place = len(captured.events) - (1 if own else 2)
    return captured.events[place] if place >= 0 else captured.before


def _sort_of(value: Any) -> str | None:
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, int | float) else "text" if isinstance(value, str) else None
