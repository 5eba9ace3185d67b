"""``max_age`` against the wall: the last test, made where actions leave, and the only one that asks a clock.

It can only turn what would be sent into *stale*: everything before it was decided in event time.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from operators.reasons import Outcome, SuppressReason
from operators.records import Decision

SENT_ON: Final = "sent_on"
"""What is counted for each action that is still in time."""
STALE_AT_SINK: Final = f"{Outcome.SUPPRESSED}/{SuppressReason.STALE}"
"""What is counted for each that is not."""


def is_too_old(decision: Decision, now_us: int) -> bool:
    """Whether an action has come too late to be sent."""
    return decision.not_after_us is not None and now_us > decision.not_after_us and decision.outcome == Outcome.ACTION


def too_old(decision: Decision) -> Decision:
    """The same action, suppressed."""
    return suppressed(decision, SuppressReason.STALE)


def suppressed(decision: Decision, reason: SuppressReason) -> Decision:
    """The same action, held back at the last moment."""
    return replace(decision, outcome=Outcome.SUPPRESSED.value, reason=reason.value)
