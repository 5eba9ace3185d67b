"""Attributes: each profile event is a JSON merge patch (RFC 7396), applied in order of event time.

Nested mappings merge by key, null removes, anything else replaces. What is kept is not the outcome but the
assignments it rests on, one a path, each with its event time: so an event that comes late still lands where its time
puts it, and sets what no later event has set.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Final, TypeAlias

from operators.body import MAX_KEPT_DEPTH

Path: TypeAlias = tuple[str, ...]
Assignment: TypeAlias = tuple[int, Path, Any]
"""(event time, path, value); None removes what is there."""

_time: Final = itemgetter(0)

MOST_ASSIGNMENTS: Final = 256
"""Kept of one customer, removals included: a source that makes up names must not grow the state. The oldest go."""


def assignments(properties: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
    """What a profile event assigns, path by path. An empty mapping assigns nothing."""
    pending: list[tuple[Path, dict[str, Any]]] = [((), properties)]
    while pending:
        path, value = pending.pop()
        for name, each in value.items():
            if not isinstance(each, dict):
                yield (*path, name), each
            elif len(path) < MAX_KEPT_DEPTH:
                pending.append(((*path, name), each))


def assign(kept: list[Assignment], time_us: int, path: Path, value: Any) -> None:
    """Adds an assignment to those kept, in order of time; of equal times the one added last wins."""
    for other_us, other, _ in kept:
        if other_us > time_us and path[: len(other)] == other:
            return
    length = len(path)
    kept[:] = [each for each in kept if each[0] > time_us or each[1][:length] != path]
    insort(kept, (time_us, path, value), key=_time)
    if len(kept) > MOST_ASSIGNMENTS:
        del kept[0]


def outcome(kept: list[Assignment]) -> dict[str, Any]:
    """The attributes that these assignments make."""
    made: dict[str, Any] = {}
    for _, path, value in kept:
        inner = made
        for name in path[:-1]:
            below = inner.get(name)
            if not isinstance(below, dict):
                below = inner[name] = {}
            inner = below
        if value is None:
            inner.pop(path[-1], None)
        else:
            inner[path[-1]] = value
    return made
