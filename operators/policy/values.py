"""What passes between detection and deciding, and between deciding and its snapshot: plain values, no functions.

A match carries everything that deciding asks of it, so that it can wait, cross to another worker and be written into
a snapshot without what captured it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from operators.marks import GroupMark, RelayedMark
from operators.policy.facts import SentBefore
from operators.records import Evidence


class Match(msgspec.Struct):
    """A complete pattern (or one that timed out), before anything is decided about its actions."""

    trigger: str
    version: int
    match_id: str
    key: str | tuple[str, ...]
    per: str | None
    recipient: str | None
    event_time_us: int
    order_us: int
    """Its place among matches: the event time; of a late event that fired on arrival, ``W_p`` at its offset."""
    evidence: tuple[Evidence, ...]
    values: dict[str, Any]
    """What ``policy`` reads of the captured events, by the text of its path."""
    data: dict[str, dict[str, Any]]
    """By name of the action, what it carries, but for what comes from the profile; in the order written."""
    expired: bool = False
    arrived: bool = False
    """It fired on arrival."""


class Ended(msgspec.Struct):
    """An event that ends what of a match still waits: one action, or (None) all of them."""

    match_id: str
    action: str | None
    order_us: int


class MarkTo(RelayedMark, frozen=True):
    """How far a set of detecting groups has come, to the deciding group ``to``."""

    to: int


class Handover(msgspec.Struct):
    """The policy state of a group that decided for itself until a trigger came that needs a second hop."""

    policy: dict[str, Any]


Undecided: TypeAlias = Match | Ended | GroupMark | Handover
"""What detection sends where deciding is a step of its own."""

ToDecide: TypeAlias = Match | Ended | MarkTo | Handover | SentBefore
