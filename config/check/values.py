"""Which literal conditions on one path cannot hold together."""

import operator
from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final, NamedTuple

from config.errors import Location
from config.language import AllOf, AnyOf, Comparison, Condition, Not
from config.reading import conditions
from config.references import Reference, Scaled

_UPPER: Final = ("lt", "lte")
_ORDER: Final = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


class Contradiction(NamedTuple):
    """The later of two comparisons, and the earlier one in words."""

    location: Location
    other: str


def contradictions(condition: Condition | None) -> Iterator[Contradiction]:
    """Pairs of comparisons that must hold together and cannot, in any group of the condition."""
    together = list(_together(condition))
    for one, other in combinations(together, 2):
        if one.path == other.path and _exclude_each_other(one, other):
            yield Contradiction(other.location, conditions.comparison(one))
    for group in _alternatives(condition):
        yield from contradictions(group)


def _together(condition: Condition | None) -> Iterator[Comparison]:
    """The comparisons that all have to hold."""
    match condition:
        case Comparison():
            yield condition
        case AllOf(members):
            for member in members:
                yield from _together(member)


def _alternatives(condition: Condition | None) -> Iterator[Condition]:
    """Parts inside which other comparisons have to hold together."""
    match condition:
        case AllOf(members):
            for member in members:
                yield from _alternatives(member)
        case AnyOf(members):
            yield from members
        case Not(member):
            yield member


def _exclude_each_other(one: Comparison, other: Comparison) -> bool:
    if "exists" in (one.operator, other.operator):
        # Whatever compares a value asks for one, except exists itself.
        return any(each.operator == "exists" and each.value is False for each in (one, other)) and one != other
    values = (one.value, other.value)
    if any(isinstance(value, Reference | Scaled) for value in values):
        return False
    return _never_both(one, other) or _never_both(other, one)


def _never_both(one: Comparison, other: Comparison) -> bool:
    """Whether what `one` asks for lies where `other` has nothing."""
    match one.operator:
        case "eq":
            return not _holds(other, one.value)
        case "in" if isinstance(one.value, tuple):
            return not any(_holds(other, value) for value in one.value)
        case "gt" | "gte" if other.operator in _UPPER:
            # Where the lower bound itself is too high, everything above it is.
            return not _holds(other, one.value) or (
                one.value == other.value and (one.operator, other.operator) != ("gte", "lte")
            )
        case _:
            return False


def _holds(comparison: Comparison, value: Any) -> bool:
    """Whether a literal meets a literal comparison; `True` where that is not plain."""
    bound: Any = comparison.value
    among = bound if isinstance(bound, tuple) else (bound,)
    match comparison.operator:
        case "eq" | "in":
            return any(_equal(each, value) for each in among)
        case "ne" | "not_in":
            return not any(_equal(each, value) for each in among)
        case "gt" | "gte" | "lt" | "lte" if _comparable(bound, value):
            return bool(_ORDER[comparison.operator](value, bound))
        case _:
            return True


def _equal(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _comparable(one: object, other: object) -> bool:
    """Two numbers, or two texts."""
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (one, other))
    return numbers or (isinstance(one, str) and isinstance(other, str))
