"""One deciding key group, where matches are found in other groups than their recipients'. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from operators.marks import RelayedClock
from operators.plan import Plan
from operators.policy.facts import SentBefore
from operators.policy.state import plain_policy, restore_policy
from operators.policy.step import PolicyStep
from operators.policy.values import Ended, Handover, MarkTo, Match, ToDecide
from operators.profile_reader import ProfileReader, nobody_known
from operators.records import Decision
from operators.state import StateFormatError
from operators.tally import Tally

FORMAT = "customer-triggers/decide-group/1"

Snapshot = tuple[str, bytes, tuple[bytes, ...]]
"""As a key group's: (format, base, deltas)."""


class DecideGroup:
    """Matches and marks in, decisions out."""

    def __init__(
        self, plan: Plan, key_groups: int, profiles: ProfileReader = nobody_known, *, knows_sent: bool = True
    ) -> None:
        """``knows_sent`` as of ``PolicyStep``."""
        self.tally = Tally()
        self.clock = RelayedClock(key_groups)
        self.group: int | None = None
        """Which one it is, once a relay has said so."""
        self.policy = PolicyStep(plan.programs, self.tally, profiles, knows_sent=knows_sent)

    def receive(self, values: Sequence[ToDecide]) -> list[Decision]:
        """What the relays sent, in the order it came."""
        found: list[Match | Ended] = []
        for each in values:
            if isinstance(each, MarkTo):
                self.clock.hear(each)
                self.group = each.to
            elif isinstance(each, Handover):
                restore_policy(self.policy, each.policy)
            elif isinstance(each, SentBefore):
                self.policy.learn(each.facts, complete=each.complete)
            else:
                found.append(each)
        return self.policy.receive(found, self.clock.before_us)

    def snapshot(self) -> Snapshot:
        """The state: how far time has come, and the policy's. What relays said they will say again."""
        base = {"before_us": self.clock.before_us, "policy": plain_policy(self.policy, self.clock.before_us)}
        return (FORMAT, msgspec.msgpack.encode(base), ())

    def restore(self, stored: Any) -> None:
        """Continues from a snapshot. Raises ``StateFormatError``."""
        if not isinstance(stored, tuple) or len(stored) != 3 or stored[0] != FORMAT or stored[2]:
            found = stored[0] if isinstance(stored, tuple) and stored else type(stored).__name__
            raise StateFormatError(
                f"the recovery store holds state of format {found!r} where decisions are made; this version reads "
                f"{FORMAT!r}. Start with an empty recovery store, or with the version that wrote it"
            )
        base = msgspec.msgpack.decode(stored[1], strict=False)
        self.clock.before_us = base["before_us"]
        restore_policy(self.policy, base["policy"])
