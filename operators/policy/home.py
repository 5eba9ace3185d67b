"""Whose key group a match is decided in: its own where its key begins with its recipient, the recipient's where not."""

from __future__ import annotations

from collections.abc import Iterator

from config.language import EventMember, EventStep, Trigger
from config.language.policy_checks import recipient_path
from config.language.uses import STEPS, members
from config.references import EventPath

_CUSTOMER = ("customer_id",)


def recipient_is_key(trigger: Trigger) -> bool:
    """Whether a match's key begins with its recipient, so that both fall into one key group."""
    if trigger.match.key[0] != _CUSTOMER or recipient_path(trigger) != _CUSTOMER:
        return False
    # An event that keeps the key elsewhere may be another customer's.
    return all(paths[0] == _CUSTOMER for taker in _takers(trigger) for paths in _own_keys(taker))


def _takers(trigger: Trigger) -> Iterator[EventStep | EventMember]:
    for place, step in enumerate(trigger.match.steps):
        if isinstance(step, EventStep):
            yield step
        for _, member in members(step, (*STEPS, place)):
            if isinstance(member, EventMember):
                yield member


def _own_keys(taker: EventStep | EventMember) -> list[tuple[EventPath, ...]]:
    if taker.key is None:
        return []
    return list(taker.key.values()) if isinstance(taker.key, dict) else [taker.key]
