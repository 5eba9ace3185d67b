"""The JSON parts of an event, parsed when something reads them and not before."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from operators.records import CONTEXT, PROPERTIES, Event

_decode: Final = msgspec.json.decode


def parse_body(event: Event) -> Event:
    """The event with its properties and context as dicts. The decoder has seen to it that both are objects."""
    return (*event[:PROPERTIES], _parsed(event[PROPERTIES]), _parsed(event[CONTEXT]))


def is_system(event: Event) -> bool:
    """Whether the event was made by a system on a customer's behalf (``context.kind: system``)."""
    context: Any = event[CONTEXT]
    if not isinstance(context, dict):
        if len(context_text := bytes(context)) <= 2:
            return False
        context = _parsed(context_text)
    return bool(context.get("kind") == "system")


def _parsed(text: bytes | msgspec.Raw) -> Any:
    try:
        return _decode(text)
    except msgspec.ValidationError:
        # The one thing that is JSON and that msgspec refuses: a number beyond every double, which reads as infinity.
        return json.loads(bytes(text))
