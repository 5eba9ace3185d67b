"""The host of the identity step.

Chunks are parted once. Known customers' events go to detection as ever; anonymous ones, and a copy of what identifies
say, go through the identity step, and from there by one relay a worker to detection. Time goes on in a key group when
it has come by both ways.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Stream
from bytewax.operators import KeyedStream, StatefulBatchLogic

from operators.anonymous.group import IdentityGroup
from operators.anonymous.relay import IdentityRelay, touches_of
from operators.anonymous.state import restore, snapshot
from operators.anonymous.values import FromIdentity, Identified, IdentityBatch
from operators.detect import Detection, GroupReport, Output, Routed, detect_routed
from operators.policy.facts import SentBefore
from operators.records import Chunk
from operators.route import Parted, parting_router
from operators.shares import batches_of
from operators.state import Snapshot


@dataclass
class Identity:
    """What the identity step is made of, and, once it runs, the groups of this process (for metrics).

    ``detection`` is told of it (``has_identity``): it must not go on without this step's word.
    """

    detection: Detection
    horizon_us: int
    """How far back a known customer takes over what an anonymous one did."""
    logics: list[IdentityLogic] = field(default_factory=list)
    _worker: threading.local = field(default_factory=threading.local)
    """A worker of Bytewax is a thread, and a relay is one worker's."""

    @property
    def groups(self) -> list[IdentityGroup]:
        """The groups of this process."""
        return [logic.group for logic in self.logics]

    def snapshot_bytes(self) -> int:
        """The size of the latest snapshot of every group of this process."""
        return sum(logic.snapshot_bytes for logic in self.logics)

    def relay(self, identified: list[tuple[str, Identified]]) -> Iterable[tuple[str, FromIdentity]]:
        """What the identity step on this worker settled, to whom it concerns."""
        relay: IdentityRelay | None = getattr(self._worker, "relay", None)
        if relay is None:
            relay = self._worker.relay = IdentityRelay(self.detection.plan, self.detection.key_groups)
        return relay.pass_on(identified)

    def build(self, resume_state: Snapshot | None) -> IdentityLogic:
        """The logic of one group, fresh or resumed."""
        detection = self.detection
        group = IdentityGroup(detection.plan, horizon_us=self.horizon_us, dedupe_horizon_us=detection.dedupe_horizon_us)
        if resume_state is not None:
            restore(group, resume_state)
        logic = IdentityLogic(group, keeps_snapshots=detection.keeps_snapshots)
        self.logics.append(logic)
        return logic


class IdentityLogic(StatefulBatchLogic[IdentityBatch, Identified, Any]):
    """Feeds batches to an ``IdentityGroup``."""

    def __init__(self, group: IdentityGroup, *, keeps_snapshots: bool) -> None:
        self.group = group
        self.snapshot_bytes = 0
        self._keeps_snapshots = keeps_snapshots

    def on_batch(self, values: list[IdentityBatch]) -> tuple[list[Identified], bool]:
        """Batches in the order they came; never complete, for links are for ever."""
        return [self.group.receive(batch) for batch in values], False

    def snapshot(self) -> Snapshot | None:
        """The group's whole state; at the end of each epoch in which it was woken."""
        if not self._keeps_snapshots:
            return None
        made = snapshot(self.group)
        self.snapshot_bytes = len(made[1])
        return made


def detect_identified(
    step_id: str,
    identity_step_id: str,
    chunks: Stream[Chunk],
    identity: Identity,
    sent: KeyedStream[SentBefore] | None = None,
) -> KeyedStream[Output]:
    """As ``operators.detect.detect``, with the identity step before it."""
    detection = identity.detection
    route = parting_router(detection.plan, detection.key_groups, detection.identity_groups)
    parted = op.map(f"{identity_step_id}_part", chunks, route)
    return detect_parted(step_id, identity_step_id, parted, identity, chunks, sent)


def detect_parted(
    step_id: str,
    identity_step_id: str,
    parted: Stream[Parted],
    identity: Identity,
    chunks: Stream[Chunk] | None = None,
    sent: KeyedStream[SentBefore] | None = None,
) -> KeyedStream[Output]:
    """The same of chunks that are parted already; they are asked for only where snapshots are kept."""
    detection = identity.detection
    apart: KeyedStream[IdentityBatch] = op.flat_map(f"{identity_step_id}_route", parted, _apart)
    identified = op.stateful_batch(identity_step_id, apart, identity.build)
    told: KeyedStream[Output] = op.flat_map(f"{identity_step_id}_told", identified, _told)
    relayed: KeyedStream[FromIdentity] = op.flat_map_batch(f"{identity_step_id}_relay", identified, identity.relay)
    direct: KeyedStream[Routed] = op.flat_map(f"{step_id}_route", parted, _direct)
    ways: list[KeyedStream[Any]] = [direct, relayed]
    if detection.stores_profiles:
        ways.append(op.flat_map(f"{identity_step_id}_touch", relayed, touches_of(detection.plan, detection.key_groups)))
    routed: KeyedStream[Routed] = op.merge(f"{identity_step_id}_routed", *ways)
    found = detect_routed(step_id, chunks, routed, detection, sent)
    return op.merge(f"{step_id}_told", found, told)


def _direct(parted: Parted) -> Iterable[tuple[str, Routed]]:
    return batches_of(parted.direct)


def _apart(parted: Parted) -> Iterable[tuple[str, IdentityBatch]]:
    return parted.identity


def _told(keyed: tuple[str, Identified]) -> Iterable[tuple[str, Output]]:
    """What is not for detection but for whoever stands behind it: late events, and a report at the end."""
    name, identified = keyed
    for late in identified.late:
        yield name, late
    if identified.counts is not None:
        yield name, GroupReport(identified.counts, 0)
