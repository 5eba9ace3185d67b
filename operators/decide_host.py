"""The host of deciding where recipients are not the customers that matches are keyed by: a second hop.

Behind detection each worker has a relay, which sends matches to their recipient's key group and tells every group how
far time has come.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import bytewax.operators as op
from bytewax.operators import KeyedStream, StatefulBatchLogic

from operators.detect import Detection, GroupReport, Output
from operators.keys import key_group_of
from operators.marks import GroupMark
from operators.policy.decide_group import DecideGroup, Snapshot
from operators.policy.facts import SentBefore
from operators.policy.relay import Relay
from operators.policy.values import Ended, Handover, Match, ToDecide
from operators.profile_reader import Profile

_UNDECIDED = (Match, Ended, GroupMark, Handover)


@dataclass
class Deciding:
    """What deciding is made of, and, once it runs, the groups of this process (for metrics)."""

    detection: Detection
    """Its key group of a recipient keeps the profile, on the same worker: both steps' groups have the same names."""
    groups: list[DecideGroup] = field(default_factory=list)
    _worker: threading.local = field(default_factory=threading.local)
    """A worker of Bytewax is a thread, and a relay is one worker's."""

    def relay(self, batch: list[tuple[str, Output]]) -> Iterable[tuple[str, ToDecide]]:
        """What detection on this worker found, to whom it concerns."""
        relay: Relay | None = getattr(self._worker, "relay", None)
        if relay is None:
            relay = self._worker.relay = Relay(self.detection.key_groups)
        return relay.pass_on([(name, found) for name, found in batch if isinstance(found, _UNDECIDED)])

    def build(self, resume_state: Snapshot | None) -> DecideLogic:
        """The logic of one deciding group, fresh or resumed."""
        detection = self.detection
        group = DecideGroup(
            detection.plan, detection.key_groups, self._profile_at, knows_sent=not detection.awaits_sent
        )
        if resume_state is not None:
            group.restore(resume_state)
            self.detection.tell_of_state_let_go(group.tally)
        self.groups.append(group)
        return DecideLogic(group, self.detection)

    def _profile_at(self, recipient: str, time_us: int) -> Profile | None:
        group = key_group_of(recipient, self.detection.key_groups)
        return self.detection.profiles_of(group).at(recipient, time_us)


class DecideLogic(StatefulBatchLogic[ToDecide, Output, Any]):
    """Feeds what was found to a ``DecideGroup``."""

    def __init__(self, group: DecideGroup, detection: Detection) -> None:
        self._group = group
        self._detection = detection
        self._reported = False

    def on_batch(self, values: list[ToDecide]) -> tuple[list[Output], bool]:
        """In the order it came; when all that detects has ended, a report beside the decisions."""
        if self._group.group is not None:
            # Nothing is asked any more as of a time before that.
            before_us = min(self._group.clock.before_us, self._group.policy.before_us)
            self._detection.profiles_of(self._group.group).advance(before_us)
        out: list[Output] = [*self._group.receive(values)]
        if self._group.clock.final and not self._reported:
            self._reported = True
            out.append(GroupReport(dict(self._group.tally.counts), 0))
        return out, False

    def snapshot(self) -> Snapshot | None:
        """The group's whole state."""
        return self._group.snapshot() if self._detection.keeps_snapshots else None


def decide(
    step_id: str, found: KeyedStream[Output], deciding: Deciding, sent: KeyedStream[SentBefore] | None = None
) -> KeyedStream[Output]:
    """What detection found, with its matches decided; keyed by key group. ``sent`` where detection awaits it."""
    to_decide: KeyedStream[ToDecide] = op.flat_map_batch(f"{step_id}_relay", found, deciding.relay)
    if sent is not None:
        to_decide = op.merge(f"{step_id}_sent", to_decide, sent)
    decided = op.stateful_batch(step_id, to_decide, deciding.build)
    others = op.filter(f"{step_id}_others", found, lambda keyed: not isinstance(keyed[1], _UNDECIDED))
    return op.merge(f"{step_id}_all", others, decided)
