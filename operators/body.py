"""The JSON parts of an event, parsed when something reads them and not before, and what of them may be kept."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
import orjson

from operators.profile_reader import ProfileReader
from operators.records import CONTEXT, CUSTOMER, ITEM, ORDER, PROFILE, PROPERTIES, Event

MAX_KEPT_DEPTH: Final = 64
"""Nesting of a value that is kept with a match: less than what snapshots and actions can be written with."""
_SAFE_DIGITS: Final = 18


def parse_body(event: Event) -> Event:
    """The event with its properties and context as dicts. The decoder has seen to it that both are objects."""
    return (*event[:PROPERTIES], _read(event[PROPERTIES]), _read(event[CONTEXT]))


def parsed(event: Event) -> Event:
    """The event as ``parse_body`` gives it, which it may be already."""
    return event if isinstance(event[PROPERTIES], dict) else parse_body(event)


def carrying(event: Event, profile: ProfileReader) -> Event:
    """The event with its customer's profile as of the moment it is processed."""
    customer_id = event[CUSTOMER]
    return (*event, None, None if customer_id is None else profile(customer_id, event[ORDER]))


def by_item(event: Event, item: Any) -> Event:
    """The event with the list element by which it came to a key, None: no list."""
    return event if item is None else (*event[:ITEM], item, *event[PROFILE:])


def is_system(event: Event) -> bool:
    """Whether the event was made by a system on a customer's behalf (``context.kind: system``)."""
    context: Any = event[CONTEXT]
    if not isinstance(context, dict):
        if len(memoryview(context)) <= len(b"{}"):
            return False
        context = _read(context)
    return bool(context.get("kind") == "system")


def keepable(value: Any) -> Any:
    """The value, or None where it is nested too deep to be written into a snapshot or an action."""
    level = [value] if isinstance(value, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > MAX_KEPT_DEPTH:
            return None
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, dict | list)
        ]
    return value


def _read(text: bytes | msgspec.Raw) -> Any:
    """As orjson reads it: a whole number beyond 64 bits becomes a double, which everything after can hold."""
    try:
        return orjson.loads(memoryview(text))
    except orjson.JSONDecodeError:
        # Of what the decoder lets in, orjson refuses one thing: a number beyond every double. It reads as infinity.
        return json.loads(bytes(text), parse_int=_whole_number)


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _SAFE_DIGITS else float(digits)
