"""A run that begins where another died: what that sent is on the topic, what it kept is as of an earlier moment."""

from __future__ import annotations

from collections.abc import Sequence

from operators.clock import PartitionClock
from operators.decode import Decoder
from operators.plan import Plan
from operators.policy.facts import route_facts
from operators.policy.step import PolicyStep
from operators.records import BEGINNING_OF_TIME, Decision
from tests.harness import TOPIC, Graph, Item, Log

KEY_GROUPS = 4


class Run(Graph):
    """One run over a log of one partition. Told nothing of what was sent, it decides nothing."""

    def __init__(self, plan: Plan, profiles=None, *, out_of_order_us: int = 0) -> None:
        super().__init__(plan, KEY_GROUPS, 0, None, profiles, restarts=True)
        self.log = Log((TOPIC, 0), PartitionClock(out_of_order_us))
        self._await_sent()

    @property
    def policies(self) -> list[PolicyStep]:
        return [group.policy for group in (self.deciding or self.groups).values()]

    def _await_sent(self) -> None:
        for policy in self.policies:
            policy.knows_sent = False

    def learn(self, sent: Sequence[Decision], *, complete: bool = True) -> Run:
        """What the topic holds."""
        for name, batch in route_facts(sent, KEY_GROUPS, complete=complete):
            if self.deciding:
                self.result.told += self.deciding[name].receive([batch])
            else:
                self.result.told += self.groups[name].receive(batch)
        return self

    def read(self, *events: Item) -> Run:
        """Event by event, as chunks of their own."""
        for each in events:
            self.log.items.append(each)
            self.feed(self.log, (self.log.origin,), Decoder(), 1)
        return self

    def restart(self) -> Run:
        """Goes on from a snapshot of now, and awaits what was sent."""
        self._restart()
        self._await_sent()
        return self

    def finish(self) -> Run:
        self.largest_us = max(self.largest_us, BEGINNING_OF_TIME)
        self.end((self.log.origin,), "hold")
        return self

    @property
    def sent(self) -> list[Decision]:
        """What went to the topic."""
        return [each for each in self.result.told if each.outcome == "action" and not each.sent_before]


def rows(*told: Sequence[Decision]) -> set[tuple[str, str, str]]:
    """What the table of decisions would hold."""
    return {(each.action_id, each.outcome, each.reason or "") for some in told for each in some}
