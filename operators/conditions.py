"""``where`` compiled to functions with SQL's three values: True, False, and None for unknown.

A comparison with a missing field or between types is unknown and never raises; unknown is carried through ``not``,
``any_of`` and ``all_of`` (Kleene). What unknown means is up to the asker: it does not fit a step that acts, and does
fit an absence or an exit.
"""

from __future__ import annotations

import operator as op
from collections.abc import Callable
from typing import Any, TypeAlias

import re2

from config.language import AllOf, AnyOf, Comparison, Condition, Not
from config.references import EventPath, Reference, Scaled
from operators.paths import Getter, getter
from operators.records import Event

Captures: TypeAlias = tuple[Any, ...]
Test: TypeAlias = Callable[[Event, Captures], bool | None]
Read: TypeAlias = Callable[[Captures], Any]
"""Gives a captured value, None where there is none."""

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {"gt": op.gt, "gte": op.ge, "lt": op.lt, "lte": op.le}
_TEXT: dict[str, Callable[[str, str], bool]] = {"starts_with": str.startswith, "ends_with": str.endswith}
_SCALE: dict[str, Callable[[float, float], float]] = {"*": op.mul, "/": op.truediv, "+": op.add, "-": op.sub}


def compile_condition(
    condition: Condition, resolve: Callable[[Reference], Read], left: Callable[[EventPath], Getter] = getter
) -> Test:
    """The condition as one function; ``resolve`` gives the reader of a reference to a captured event, ``left`` that of
    the path on the left."""
    match condition:
        case Comparison():
            return _comparison(condition, resolve, left)
        case Not(member):
            return _negation(compile_condition(member, resolve, left))
        case AllOf(members):
            return _all(tuple(compile_condition(member, resolve, left) for member in members))
        case AnyOf(members):
            return _any(tuple(compile_condition(member, resolve, left) for member in members))


def compile_scaled(scaled: Scaled, resolve: Callable[[Reference], Read]) -> Read:
    """A reader of a scaled reference; what is no number stays None."""
    return _scaled(scaled, resolve(scaled.reference))


def _scaled(scaled: Scaled, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    apply, operand = _SCALE[scaled.operator], scaled.operand

    def scale(source: Any) -> Any:
        value = read(source)
        return apply(value, operand) if _is_number(value) else None

    return scale


def _of_customer(value: Reference | Scaled, reference: Reference, left: Callable[[EventPath], Getter]) -> Getter:
    """A reader of ``$customer.path``, where the left-hand side finds it too: in the profile that an event carries."""
    read = left(("$customer", *reference.path))
    return _scaled(value, read) if isinstance(value, Scaled) else read


def _negation(member: Test) -> Test:
    def negation(event: Event, captures: Captures) -> bool | None:
        verdict = member(event, captures)
        return None if verdict is None else not verdict

    return negation


def _all(members: tuple[Test, ...]) -> Test:
    def conjunction(event: Event, captures: Captures) -> bool | None:
        result: bool | None = True
        for member in members:
            verdict = member(event, captures)
            if verdict is False:
                return False
            if verdict is None:
                result = None
        return result

    return conjunction


def _any(members: tuple[Test, ...]) -> Test:
    def disjunction(event: Event, captures: Captures) -> bool | None:
        result: bool | None = False
        for member in members:
            verdict = member(event, captures)
            if verdict is True:
                return True
            if verdict is None:
                result = None
        return result

    return disjunction


def _comparison(
    comparison: Comparison, resolve: Callable[[Reference], Read], left: Callable[[EventPath], Getter]
) -> Test:
    read, name, value = left(comparison.path), comparison.operator, comparison.value
    if name == "exists":
        return lambda event, captures: (read(event) is not None) is value
    if name == "matches":
        return _matches(read, str(value))
    if isinstance(value, Reference | Scaled):
        compare = comparator(name)
        reference = value.reference if isinstance(value, Scaled) else value
        if reference.is_customer:
            theirs = _of_customer(value, reference, left)
            return lambda event, captures: compare(read(event), theirs(event))
        wanted = compile_scaled(value, resolve) if isinstance(value, Scaled) else resolve(value)
        return lambda event, captures: compare(read(event), wanted(captures))
    return _literal(read, name, value)


def _literal(read: Getter, name: str, value: Any) -> Test:
    compare = comparator(name)
    if name in _ORDERED and _is_number(value):
        ordered = _ORDERED[name]

        def number(event: Event, captures: Captures) -> bool | None:
            found = read(event)
            kind = type(found)
            return ordered(found, value) if kind is float or kind is int else None

        return number
    return lambda event, captures: compare(read(event), value)


def comparator(name: str) -> Callable[[Any, Any], bool | None]:
    """The comparison called ``name`` in the language, over any two JSON values."""
    if name == "eq":
        return _equal
    if name == "ne":
        return lambda a, b: _opposite(_equal(a, b))
    if name in _ORDERED:
        ordered = _ORDERED[name]
        return lambda a, b: ordered(a, b) if _comparable(a, b) and not isinstance(a, bool) else None
    if name == "in":
        return _member
    if name == "not_in":
        return lambda a, b: _opposite(_member(a, b))
    if name == "contains":
        return _contains
    text = _TEXT[name]
    return lambda a, b: text(a, b) if isinstance(a, str) and isinstance(b, str) else None


def _matches(read: Getter, pattern: str) -> Test:
    search = re2.compile(pattern).search

    def matches(event: Event, captures: Captures) -> bool | None:
        found = read(event)
        return search(found) is not None if isinstance(found, str) else None

    return matches


def _opposite(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _comparable(a: Any, b: Any) -> bool:
    if isinstance(a, str):
        return isinstance(b, str)
    if isinstance(a, bool):
        return isinstance(b, bool)
    return _is_number(a) and _is_number(b)


def _equal(a: Any, b: Any) -> bool | None:
    return a == b if _comparable(a, b) else None


def _member(a: Any, values: Any) -> bool | None:
    if not isinstance(values, list | tuple):
        return None
    verdicts = [_equal(a, value) for value in values]
    if True in verdicts:
        return True
    return False if False in verdicts else None


def _contains(a: Any, b: Any) -> bool | None:
    if isinstance(a, str):
        return b in a if isinstance(b, str) else None
    if isinstance(a, list):
        return _member(b, a) if a else False
    return None
