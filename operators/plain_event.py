"""Events, and what else stands in line with them, in snapshots: plain values that MessagePack holds."""

from __future__ import annotations

from typing import Any

import msgspec

from operators.anonymous.values import EVENTS, FORGET, KIND, Handover
from operators.records import CONTEXT, ORIGIN, PROPERTIES, Event


def plain_event(event: Event) -> list[Any]:
    """An event as plain values, whether or not its JSON has been parsed yet."""
    plain = plain_placed(event)
    for place in (PROPERTIES, CONTEXT):
        if not isinstance(plain[place], dict):
            plain[place] = bytes(plain[place])
    return plain


def event_of(plain: list[Any]) -> Event:
    """The inverse of ``plain_event``."""
    for place in (PROPERTIES, CONTEXT):
        if not isinstance(plain[place], dict):
            plain[place] = msgspec.Raw(plain[place])
    return placed(plain)


def plain_handover(handover: Handover) -> list[Any]:
    """A handover that waits in a key group of detection, as plain values."""
    plain = plain_placed(handover)
    if handover[KIND] != FORGET:
        plain[EVENTS] = [plain_event(event) for event in handover[EVENTS]]
    return plain


def handover_of(plain: list[Any]) -> Handover:
    """The inverse of ``plain_handover``."""
    if plain[KIND] != FORGET:
        plain[EVENTS] = [event_of(event) for event in plain[EVENTS]]
    return placed(plain)


def plain_placed(entry: tuple[Any, ...]) -> list[Any]:
    """Anything that begins with its place in the order of processing, and is plain but for that."""
    plain = list(entry)
    plain[ORIGIN] = list(entry[ORIGIN])
    return plain


def placed(plain: list[Any]) -> tuple[Any, ...]:
    """The inverse of ``plain_placed``."""
    plain[ORIGIN] = tuple(plain[ORIGIN])
    return tuple(plain)
