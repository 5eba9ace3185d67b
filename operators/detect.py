"""The host of a key group: the only class of detection that knows Bytewax.

A Bytewax key is a key group. Its snapshot is ``operators.state``'s; nothing here depends on a wall clock, so no
notification is ever asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import bytewax.operators as op
from bytewax.dataflow import Stream
from bytewax.operators import KeyedStream, StatefulBatchLogic

from operators.group import KeyGroup, Told
from operators.plan import Plan
from operators.records import Chunk, GroupBatch
from operators.route import router
from operators.state import Snapshot, restore, snapshot


@dataclass(frozen=True)
class GroupReport:
    """What a key group has to say when a bounded input has ended."""

    counts: dict[tuple[str, str], int]
    open_matches: int


Output: TypeAlias = Told | GroupReport


@dataclass
class Detection:
    """What detection is made of, and, once it runs, the key groups of this process (for metrics)."""

    plan: Plan
    key_groups: int
    dedupe_horizon_us: int
    keeps_snapshots: bool = True
    """False where no recovery store is used: a snapshot would be made for nobody."""
    logics: list[KeyGroupLogic] = field(default_factory=list)

    @property
    def groups(self) -> list[KeyGroup]:
        """The key groups of this process."""
        return [logic.group for logic in self.logics]

    def snapshot_bytes(self) -> int:
        """The size of the latest snapshot of every key group of this process."""
        return sum(logic.snapshot_bytes for logic in self.logics)

    def build(self, resume_state: Snapshot | None) -> KeyGroupLogic:
        """The logic of one key group, fresh or resumed."""
        group = KeyGroup(self.plan, dedupe_horizon_us=self.dedupe_horizon_us)
        if resume_state is not None:
            restore(group, resume_state)
        logic = KeyGroupLogic(group, keeps_snapshots=self.keeps_snapshots)
        self.logics.append(logic)
        return logic


class KeyGroupLogic(StatefulBatchLogic[GroupBatch, Output, Any]):
    """Feeds batches to a ``KeyGroup``."""

    def __init__(self, group: KeyGroup, *, keeps_snapshots: bool) -> None:
        self.group = group
        self.snapshot_bytes = 0
        self._keeps_snapshots = keeps_snapshots

    def on_batch(self, values: list[GroupBatch]) -> tuple[list[Output], bool]:
        """Batches in the order they came; never complete, for the watermark of a group must live on."""
        out: list[Output] = []
        for batch in values:
            out += self.group.receive(batch)
            if batch.final:
                out.append(GroupReport(dict(self.group.tally.counts), self.group.open_matches))
        return out, False

    def snapshot(self) -> Snapshot | None:
        """The group's whole state; at the end of each epoch in which it was woken."""
        if not self._keeps_snapshots:
            return None
        made = snapshot(self.group)
        self.snapshot_bytes = len(made[1])
        return made


def detect(step_id: str, chunks: Stream[Chunk], detection: Detection) -> KeyedStream[Output]:
    """Chunks to decisions, late events and reports, keyed by key group."""
    routed = op.flat_map(f"{step_id}_route", chunks, router(detection.plan, detection.key_groups))
    return op.stateful_batch(step_id, routed, detection.build)
