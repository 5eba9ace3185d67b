"""Aggregates over the values of a repetition, one event at a time: ``count sum min max avg distinct``.

As in SQL, a value that is missing takes no part, and an aggregate of no values is missing; ``count`` and ``distinct``
of none are 0. ``sum`` and ``avg`` are over numbers alone, ``min`` and ``max`` over numbers, or over texts where there
is no number. A state is a plain value: it is kept with open matches.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import orjson

START: Final[dict[str, Any]] = {
    "count": 0,
    "sum": None,
    "min": (None, None),
    "max": (None, None),
    "avg": (None, 0),
    "distinct": (),
}
"""By aggregate, its state before the first value."""

_WIDEST: Final = 2**63
"""Whole numbers from here on no snapshot can hold: they go on as doubles."""


def add(aggregate: str, state: Any, value: Any) -> Any:
    """The state with one more value."""
    if value is None:
        return state
    match aggregate:
        case "count":
            return state + 1
        case "sum":
            return _sum(state, value)
        case "avg":
            total, count = state
            return (_sum(total, value), count + 1) if _is_number(value) else state
        case "distinct":
            text = _canonical(value)
            return state if text in state else (*state, text)
        case _:
            return _extreme(state, value, max if aggregate == "max" else min)


def result(aggregate: str, state: Any) -> Any:
    """What the aggregate is, None where it is missing."""
    match aggregate:
        case "distinct":
            return len(state)
        case "avg":
            total, count = state
            return total / count if count else None
        case "min" | "max":
            number, text = state
            return text if number is None else number
        case _:
            return state


def over(aggregate: str, values: Iterable[Any]) -> Any:
    """The aggregate of these values."""
    state = START[aggregate]
    if aggregate == "distinct":
        return len({_canonical(value) for value in values if value is not None})
    for value in values:
        state = add(aggregate, state, value)
    return result(aggregate, state)


def _sum(total: Any, value: Any) -> Any:
    if not _is_number(value):
        return total
    total = value if total is None else total + value
    return float(total) if isinstance(total, int) and not -_WIDEST <= total < _WIDEST else total


def _extreme(state: Any, value: Any, choose: Any) -> Any:
    number, text = state
    if _is_number(value):
        return (value if number is None else choose(number, value), text)
    if isinstance(value, str):
        return (number, value if text is None else choose(text, value))
    return state


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _canonical(value: Any) -> str:
    """One text for one value: 1 and 1.0 are the same, 1 and true are not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
