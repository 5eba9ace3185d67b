"""What a shop's topic also receives: messages that never become an event, one kind for each way to fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from operators.reasons import DeadReason
from operators.render import iso_ms

_AHEAD_US: Final = 7_200_000_000
"""A clock that is two hours ahead: far beyond ``max_future_skew``."""


def garbage(number: int, value: bytes, arrival_us: int) -> bytes:
    """A broken copy of an event; one number after the other, each kind takes its turn."""
    kinds = tuple(KINDS.values())
    return kinds[number % len(kinds)](value, arrival_us)


def _changed(value: bytes, **fields: Any) -> bytes:
    event = orjson.loads(value) | fields
    return orjson.dumps({name: each for name, each in event.items() if each is not None})


KINDS: Final[Mapping[DeadReason, Callable[[bytes, int], bytes]]] = {
    DeadReason.EMPTY_MESSAGE: lambda value, at_us: b"",
    DeadReason.MALFORMED_JSON: lambda value, at_us: value[: len(value) // 2] + b"\xff\xfe",
    DeadReason.UNKNOWN_ENVELOPE: lambda value, at_us: b"[" + value + b"]",
    DeadReason.MISSING_FIELD: lambda value, at_us: _changed(value, event_id=None),
    DeadReason.INVALID_FIELD: lambda value, at_us: _changed(value, properties="none"),
    DeadReason.INVALID_EVENT_TIME: lambda value, at_us: _changed(value, event_time="yesterday"),
    DeadReason.MISSING_CUSTOMER: lambda value, at_us: _changed(value, customer_id=None, type="page_view"),
    DeadReason.SCHEMA_VIOLATION: lambda value, at_us: _changed(
        value, type="price_changed", properties={"product_id": "p-00", "price": "cheap"}
    ),
    DeadReason.FUTURE_EVENT_TIME: lambda value, at_us: _changed(value, event_time=iso_ms(at_us + _AHEAD_US)),
}
"""By the reason they die of; a message too large for Kafka cannot be sent, so that one is missing."""
