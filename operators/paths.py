"""Paths compiled to functions over one event whose properties and context are parsed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from config.references import EventPath
from operators.records import CONTEXT, CUSTOMER, ITEM, PROFILE, PROPERTIES, SCORES, SESSION, TIME, TYPE, Event

Getter: TypeAlias = Callable[[Event], Any]
"""Gives the value at a path, None where there is none."""

_FIELDS: Final = {"type": TYPE, "customer_id": CUSTOMER, "session_id": SESSION, "event_time": TIME}
_OBJECTS: Final = {"properties": PROPERTIES, "context": CONTEXT}


def needs_body(path: EventPath) -> bool:
    """Whether reading this path asks for the event's JSON to be parsed."""
    return path[0] in _OBJECTS or path[0] == "score"


def getter(path: EventPath) -> Getter:
    """A function that reads ``path``; through a list it gives the list of what its elements hold."""
    root = path[0]
    if root in _FIELDS:
        field = _FIELDS[root]
        return lambda event: event[field]
    if root == "$customer":
        below = path[1:]
        return lambda event: descend(event[PROFILE], below)
    if root == "score":
        score = path[1]
        return lambda event: event[SCORES][score]
    place = _OBJECTS[root]
    if len(path) == 2:
        name = path[1]
        return lambda event: event[place].get(name)
    parts = path[1:]
    return lambda event: descend(event[place], parts)


def item_getter(path: EventPath) -> Getter:
    """A function that reads ``path`` inside the list element by which the event came to its key."""
    if not path:
        return lambda event: event[ITEM] if len(event) > ITEM else None
    return lambda event: descend(event[ITEM], path) if len(event) > ITEM else None


def descend(value: Any, parts: EventPath) -> Any:
    """The value at ``parts`` below a parsed JSON value; a list on the way gives the list of its elements' values, None
    if none has any."""
    for i, part in enumerate(parts):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list):
            rest = parts[i:]
            found = [descend(element, rest) for element in value]
            return [each for each in found if each is not None] or None
        else:
            return None
    return value


def key_text(value: Any) -> str | None:
    """A value as a key: text, or a whole number as its digits; None for all else, which correlates nothing."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def key_elements(path: EventPath) -> Callable[[Event], list[tuple[str, Any]]]:
    """A function that gives every distinct key value at ``path`` with the list element it came by (None: no list)."""
    read = getter(path) if path[0] in _FIELDS else None
    place = _OBJECTS.get(path[0], PROPERTIES)
    parts = path[1:]

    def elements(event: Event) -> list[tuple[str, Any]]:
        if read is not None:
            text = key_text(read(event))
            return [] if text is None else [(text, None)]
        found: dict[str, Any] = {}
        _spread(event[place], parts, None, found)
        return list(found.items())

    return elements


def _spread(value: Any, parts: EventPath, item: Any, found: dict[str, Any]) -> None:
    if isinstance(value, list):
        for element in value:
            _spread(element, parts, element, found)
    elif parts:
        if isinstance(value, dict):
            _spread(value.get(parts[0]), parts[1:], item, found)
    else:
        text = key_text(value)
        if text is not None:
            found.setdefault(text, item)
