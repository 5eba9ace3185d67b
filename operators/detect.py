"""The hosts of detection. With ``operators.identity_host`` and ``operators.decide_host`` all here that knows Bytewax.

A Bytewax key is a key group, or one of its *cold* keys. Bytewax writes at the end of an epoch every key that was woken
in it, and the watermark wakes every group; so what is much and changes little (profiles, open matches) is stored in
buckets under keys of the same step that are woken seldom (``operators.cold_keys``). A group and its cold keys are at
one worker and share in memory what they store: the group changes it, a cold key stores its bucket. Bytewax takes all
snapshots of an epoch when everything of it and nothing of the next has been processed, and hands all of them out before
the first input after a resume, so what all store is one state (tests/recovery/test_profiles_resumed.py and
test_matches_resumed.py; decisions 0006, 0018).

No answer depends on a wall clock; when a bucket is written does. A group that is behind with an event that concerns
many (``operators.apart``) asks to be woken at once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import bytewax.operators as op
from bytewax.dataflow import Stream
from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.operators import KeyedStream, StatefulBatchLogic

from operators.anonymous.group import identity_groups
from operators.anonymous.values import FromIdentity
from operators.clock import periods_passed
from operators.cold_keys import Apart, ColdKey, share_changed, taking_turns
from operators.group import KeyGroup, Told
from operators.keys import GROUPS, MATCHES, PROFILES, TOGETHER_FOR, cold_names, group_names, worker_of
from operators.match_buckets import FORMAT as MATCHES_FORMAT
from operators.match_buckets import place_of_matches
from operators.plan import Plan
from operators.policy.facts import SentBefore
from operators.profiles import Profiles
from operators.profiles.stored import FORMAT as PROFILES_FORMAT
from operators.profiles.stored import restore_bucket
from operators.records import Chunk, GroupBatch, Touch
from operators.route import Toucher, router, toucher
from operators.shares import batches_of
from operators.state import Snapshot, restore, snapshot
from operators.tally import Tally

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GroupReport:
    """What a key group has to say when a bounded input has ended."""

    counts: dict[tuple[str, str], int]
    open_matches: int


Output: TypeAlias = Told | GroupReport
Routed: TypeAlias = GroupBatch | FromIdentity | SentBefore | Touch

_AT_ONCE: Final = datetime.fromtimestamp(0, UTC)
TURN_S: Final = 5.0
"""So long after one bucket of open matches the next is stored: each of them every 80 s, or as often as they change."""


_LET_GO = {
    "state_reset": "trigger %s has changed since the recovery store was written: what it had open is let go, and it "
    "starts fresh; the other triggers go on",
    "state_dropped": "trigger %s is no longer there: what it had open is let go; the other triggers go on",
}
"""What becomes of stored state whose trigger is not what it was, and how it is said."""


class WorkersError(Exception):
    """A number of workers that would part a key group from its cold keys."""


@dataclass
class Detection:
    """What detection is made of, and, once it runs, the key groups of this process (for metrics)."""

    plan: Plan
    key_groups: int
    dedupe_horizon_us: int
    keeps_snapshots: bool = True
    """False where no recovery store is used: a snapshot would be made for nobody."""
    has_identity: bool = False
    """Whether the identity step stands before it (``operators.identity_host``)."""
    awaits_sent: bool = False
    """Whether nothing is decided before it is told what was sent before (``operators.policy.facts``)."""
    turn: Callable[[], int] = lambda: periods_passed(TURN_S)
    """Whose turn it is to be stored of the buckets of open matches: when this changes, the next one's."""
    logics: list[KeyGroupLogic | ColdKey] = field(default_factory=list)
    let_go: Tally = field(default_factory=Tally)
    """Triggers whose stored state was not taken over, each once (in this process)."""
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _apart: dict[int, Apart] = field(default_factory=dict)

    @property
    def identity_groups(self) -> int:
        """How many groups the identity step has; 0: there is no such step."""
        return identity_groups(self.key_groups) if self.has_identity else 0

    @property
    def groups(self) -> list[KeyGroup]:
        """The key groups of this process."""
        return [logic.group for logic in self.logics if isinstance(logic, KeyGroupLogic)]

    @property
    def stores_profiles(self) -> bool:
        """Whether there are cold keys of profiles."""
        return self.keeps_snapshots and bool(self.plan.profiles)

    def snapshot_bytes(self) -> int:
        """The size of the latest snapshot of every key of this process."""
        return sum(logic.snapshot_bytes for logic in self.logics)

    def written_bytes(self) -> int:
        """The size of all snapshots that were made in this process."""
        return sum(logic.written_bytes for logic in self.logics)

    def apart_of(self, group: int) -> Apart:
        """What a key group stores apart, the same for all of its keys."""
        found = self._apart.get(group)
        if found is None:
            profiles = Profiles(self.plan.profiles, dedupe_horizon_us=self.dedupe_horizon_us)
            found = self._apart[group] = Apart(group, profiles)
        return found

    def profiles_of(self, group: int) -> Profiles:
        """The profiles of a key group."""
        return self.apart_of(group).profiles

    def toucher(self) -> Toucher:
        """A function from a chunk to (Bytewax key, touch) of every cold key that it wakes."""
        turns = taking_turns(self.key_groups, self.turn, lambda: share_changed(self.groups))
        if not self.stores_profiles:
            return turns
        profiles = toucher(self.plan, self.key_groups)
        return lambda chunk: [*profiles(chunk), *turns(chunk)]

    def build(self, resume_state: Any) -> KeyLogic:
        """The logic of one key, fresh or resumed."""
        return KeyLogic(self, resume_state)

    def group_logic(self, resume_state: Snapshot | None) -> KeyGroupLogic:
        """The logic of a key group."""
        group = KeyGroup(
            self.plan,
            dedupe_horizon_us=self.dedupe_horizon_us,
            key_groups=self.key_groups,
            identity_groups=self.identity_groups,
            knows_sent=not self.awaits_sent,
            rests_in_buckets=self.keeps_snapshots,
        )
        if resume_state is not None:
            restore(group, resume_state)
            self.tell_of_state_let_go(group.tally)
        logic = KeyGroupLogic(group, self)
        self.logics.append(logic)
        return logic

    def tell_of_state_let_go(self, tally: Tally) -> None:
        """Says and counts it once for each trigger, though each of its groups has found it."""
        with self._guard:
            for what, said in _LET_GO.items():
                for trigger in tally.take(what):
                    if not self.let_go.of(what, trigger):
                        self.let_go.add(what, trigger)
                        log.warning(said, trigger)

    def cold_logic(self, touch: Touch) -> ColdKey:
        """The logic of a bucket."""
        logic = self.apart_of(touch.group).key(touch.kind, touch.bucket)
        self.logics.append(logic)
        return logic

    def resumed_logic(self, stored: Any) -> KeyGroupLogic | ColdKey:
        """The logic of whichever key this was stored for. Raises ``StateFormatError``, ``ProfileFormatError``."""
        format_ = stored[0] if isinstance(stored, tuple) and stored else None
        logic: KeyGroupLogic | ColdKey
        if format_ == PROFILES_FORMAT:
            place = restore_bucket(stored, self.profiles_of)
            logic = self.cold_logic(Touch(*place, PROFILES))
        elif format_ == MATCHES_FORMAT:
            group, bucket = place_of_matches(stored)
            self.apart_of(group).bring_back(bucket, stored)
            logic = self.cold_logic(Touch(group, bucket, MATCHES))
        else:
            logic = self.group_logic(stored)
        logic.snapshot_bytes = len(stored[1])
        return logic


class KeyLogic(StatefulBatchLogic[Routed, Output, Any]):
    """Either kind of key. Bytewax does not tell which one a logic is built for: its state or its first item does."""

    def __init__(self, detection: Detection, resume_state: Any) -> None:
        self._detection = detection
        self._logic = None if resume_state is None else detection.resumed_logic(resume_state)

    def on_batch(self, values: list[Routed]) -> tuple[list[Output], bool]:
        """Never complete: the watermark of a group must live on."""
        logic = self._logic
        if logic is None:
            first, detection = values[0], self._detection
            if isinstance(first, Touch) and first.kind != GROUPS:
                logic = detection.cold_logic(first)
            else:
                logic = detection.group_logic(None)
            self._logic = logic
        return logic.on_batch(values), False

    def notify_at(self) -> datetime | None:
        """At once, while a group is behind with what it has been given."""
        return _AT_ONCE if isinstance(self._logic, KeyGroupLogic) and self._logic.group.is_behind else None

    def on_notify(self) -> tuple[list[Output], bool]:
        """A slice of what the group is behind with; those that come between are other groups' turns."""
        assert isinstance(self._logic, KeyGroupLogic)
        return self._logic.go_on(), False

    def snapshot(self) -> Any:
        """At the end of each epoch in which the key was woken."""
        assert self._logic is not None, "a key is woken by an item or has a state"
        return self._logic.snapshot()


class KeyGroupLogic:
    """Feeds batches to a ``KeyGroup``."""

    def __init__(self, group: KeyGroup, detection: Detection) -> None:
        self.group = group
        self.snapshot_bytes = 0
        self.written_bytes = 0
        self._detection = detection
        self._has_joined = False
        self._reported = False

    def on_batch(self, values: Sequence[Any]) -> list[Output]:
        """Batches in the order they came."""
        if not self._has_joined:
            self._join(values[0].group)
        out: list[Output] = []
        for batch in values:
            if not isinstance(batch, Touch):
                out += self.group.receive(batch)
        return self._reporting(out)

    def go_on(self) -> list[Output]:
        """What the group has to tell after a slice of what it was behind with."""
        self._join(self.group.number)
        return self._reporting(list(self.group.go_on()))

    def _reporting(self, out: list[Output]) -> list[Output]:
        if self.group.ended and not self._reported:
            self._reported = True
            out.append(GroupReport(dict(self.group.tally.counts), self.group.open_matches))
        return out

    def snapshot(self) -> Snapshot | None:
        """The group's state but for its profiles and for what stands in buckets of open matches."""
        if not self._detection.keeps_snapshots:
            return None
        self._join(self.group.number)
        made = snapshot(self.group)
        self.snapshot_bytes = len(made[1])
        self.written_bytes += self.snapshot_bytes
        return made

    def _join(self, number: int | None) -> None:
        """With what came back of the group under other keys. None: it was stored before there were such."""
        if not self._has_joined and number is not None:
            self._detection.apart_of(number).join(self.group)
            self._has_joined = True


def detect(
    step_id: str, chunks: Stream[Chunk], detection: Detection, sent: KeyedStream[SentBefore] | None = None
) -> KeyedStream[Output]:
    """Chunks to decisions, late events and reports, keyed by key group.

    ``sent``: where it awaits what was sent before, and decides itself.
    """
    route = router(detection.plan, detection.key_groups)
    routed: KeyedStream[Routed] = op.flat_map(f"{step_id}_route", chunks, lambda chunk: batches_of(route(chunk)))
    return detect_routed(step_id, chunks, routed, detection, sent)


def detect_routed(
    step_id: str,
    chunks: Stream[Chunk] | None,
    routed: KeyedStream[Routed],
    detection: Detection,
    sent: KeyedStream[SentBefore] | None = None,
) -> KeyedStream[Output]:
    """The same of what is routed already; ``chunks`` wake what is stored apart, where snapshots are kept."""
    if sent is not None:
        routed = op.merge(f"{step_id}_sent", routed, sent)
    if detection.keeps_snapshots:
        assert chunks is not None, "nothing else wakes what is stored apart"
        woken: KeyedStream[Routed] = op.input(f"{step_id}_wake", chunks.flow(), _Waking(detection))
        touches: KeyedStream[Routed] = op.flat_map(f"{step_id}_touch", chunks, detection.toucher())
        routed = op.merge(f"{step_id}_routed", routed, touches, woken)
    return op.stateful_batch(step_id, routed, detection.build)


@dataclass
class _Waking(DynamicSource[tuple[str, Routed]]):
    """Wakes every key of a worker once, in the first epoch; also, an input is what Bytewax tells the number of workers.

    Bytewax stores the keys that were woken in an epoch before that has closed, and leaves them in its store when it
    never does. The next life begins with that epoch: where it comes less far, or not to that key, what was left would
    be taken for its own in the life after. So each life writes all of its first epoch.
    """

    detection: Detection

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Once:
        """Raises ``WorkersError``."""
        check_workers(worker_count)
        key_groups = self.detection.key_groups
        kinds = [MATCHES, PROFILES] if self.detection.stores_profiles else [MATCHES]
        cold = [(kind, cold_names(key_groups, kind)) for kind in kinds]
        touches: list[tuple[str, Routed]] = []
        for group, name in enumerate(group_names(key_groups)):
            if worker_of(name, worker_count) == worker_index:
                touches.append((name, Touch(group, 0, GROUPS)))
                for kind, names in cold:
                    touches += [(each, Touch(group, bucket, kind)) for bucket, each in enumerate(names[group])]
        return _Once(touches)


class _Once(StatelessSourcePartition[tuple[str, Routed]]):
    def __init__(self, items: list[tuple[str, Routed]]) -> None:
        self._items = items

    def next_batch(self) -> list[tuple[str, Routed]]:
        if not self._items:
            raise StopIteration
        items, self._items = self._items, []
        return items


def check_workers(workers: int) -> None:
    """Raises ``WorkersError`` where a key group and its cold keys could come to different workers."""
    if TOGETHER_FOR % workers:
        allowed = ", ".join(str(each) for each in range(1, 33) if TOGETHER_FOR % each == 0)
        raise WorkersError(f"a flow that keeps its state cannot run on {workers} workers; allowed: {allowed}, …")
