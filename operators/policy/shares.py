"""Hashes as shares of one: who is held out, and when after its quiet hours an action is released."""

from __future__ import annotations

from typing import Final

from operators.identity import identity
from operators.policy.local_time import QuietEnd

SPREAD_US: Final = 900_000_000
"""Releases after quiet hours are spread over 15 minutes: all at 08:00 sharp would be a load of its own."""
_MILLISECOND_US: Final = 1_000
_DIGITS: Final = 16


def share_of(digest: str) -> float:
    """A hash as a number from 0 up to 1."""
    return int(digest[:_DIGITS], 16) / 16**_DIGITS


def is_held_out(recipient: str, trigger: str, holdout: float) -> bool:
    """Whether a recipient is among the share that a trigger does not reach; the same in every version of it."""
    return holdout > 0 and share_of(identity(("holdout", trigger, recipient))) < holdout


def is_held_out_of_all(recipient: str, holdout: float) -> bool:
    """Whether a recipient is among the share that no trigger reaches."""
    return holdout > 0 and share_of(identity(("holdout", recipient))) < holdout


def release_us(action_id: str, quiet: QuietEnd) -> int:
    """When an action held by quiet hours is released: in the first 15 minutes after, and before the next ones."""
    span_us = min(SPREAD_US, quiet.next_start_us - quiet.end_us)
    offset_us = int(share_of(action_id) * span_us)
    return quiet.end_us + offset_us - offset_us % _MILLISECOND_US
