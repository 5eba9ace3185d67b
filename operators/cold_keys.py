"""What a key group stores apart from its own snapshot: buckets of its profiles and of what it has open.

Each bucket has a Bytewax key of its own at the worker of its group, and does one thing: woken in an epoch, it is stored
when the epoch ends. A bucket of profiles is woken by a chunk that may change it (``operators.route.toucher``), one of
open matches in its turn (``taking_turns``); what changes between its turns is in the group's own snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

from operators.group import KeyGroup
from operators.keys import BUCKETS, MATCHES, PROFILES, cold_names
from operators.match_buckets import no_matches, restore_matches, store_matches
from operators.profiles import Profiles
from operators.profiles.stored import store_bucket
from operators.records import Chunk, Touch
from operators.route import Toucher
from operators.state import Snapshot


class Apart:
    """What the keys of one group share in a process."""

    def __init__(self, number: int, profiles: Profiles) -> None:
        self.number = number
        self.profiles = profiles
        self._group: KeyGroup | None = None
        self._came_back: dict[int, Snapshot] = {}
        """By number, stored buckets of open matches that the group has not taken over."""

    def bring_back(self, bucket: int, stored: Snapshot) -> None:
        """A stored bucket of open matches; before the group's first input."""
        assert self._group is None, "Bytewax hands out what was stored before the first input"
        self._came_back[bucket] = stored

    def join(self, group: KeyGroup) -> None:
        """The group, restored where there was something to restore. Raises ``StateFormatError``."""
        group.number, group.profiles = self.number, self.profiles
        for stored in self._came_back.values():
            restore_matches(group, stored)
        self._came_back.clear()
        self._group = group

    def key(self, kind: str, bucket: int) -> ColdKey:
        """The key of a bucket."""
        store = self.store_profiles if kind == PROFILES else self.store_matches
        return ColdKey(kind, partial(store, bucket))

    def store_profiles(self, bucket: int) -> Snapshot:
        """A bucket of the group's profiles."""
        return store_bucket(self.profiles, self.number, bucket)

    def store_matches(self, bucket: int) -> Snapshot:
        """A bucket of what the group has open; as it came back as long as the group has not joined."""
        if self._group is not None:
            return store_matches(self._group, bucket)
        return self._came_back.get(bucket) or no_matches(self.number, bucket)


class ColdKey:
    """A key of this kind that stores its bucket when it is woken."""

    def __init__(self, kind: str, store: Callable[[], Snapshot]) -> None:
        self.kind = kind
        self._store = store
        self.snapshot_bytes = 0
        self.written_bytes = 0

    def on_batch(self, values: Sequence[Any]) -> list[Any]:
        """To be woken is all there is to do."""
        return []

    def snapshot(self) -> Snapshot:
        """The bucket."""
        made = self._store()
        self.snapshot_bytes = len(made[1])
        self.written_bytes += self.snapshot_bytes
        return made


WORTH_A_BUCKET: Final = 32
"""Owners: to store a bucket costs as much as to write so many changes."""
MOST_AT_ONCE: Final = BUCKETS // 4
"""Buckets in one turn: after a backlog all has changed, and an epoch is not to write all of it twice."""


def share_changed(groups: Iterable[KeyGroup]) -> float:
    """Which part of what is open has changed since its bucket was stored; 0.0 where the buckets are too small."""
    states = buckets = changed = 0
    for group in groups:
        buckets += BUCKETS
        for automaton in group.automata:
            states += len(automaton.states)
            if automaton.states.buckets is not None:
                changed += automaton.states.buckets.changes
    return min(1.0, changed / max(states, 1)) if max(states, changed) > WORTH_A_BUCKET * buckets else 0.0


def taking_turns(key_groups: int, turn: Callable[[], int], changed: Callable[[], float]) -> Toucher:
    """A function from a chunk to (Bytewax key of a bucket of open matches, its touch): whenever ``turn`` has another
    answer than before, the next buckets of every group: as large a part of all as has ``changed``, at least one.

    With that part what is written is least: n of 16 buckets a turn, and what has changed in 16 / 2n turns. It is of
    one process, in any order with those of the others.
    """
    by_bucket = [
        [(names[bucket], Touch(group, bucket, MATCHES)) for group, names in enumerate(cold_names(key_groups, MATCHES))]
        for bucket in range(BUCKETS)
    ]
    bucket, latest = 0, turn()

    def touch(chunk: Chunk) -> list[tuple[str, Touch]]:
        nonlocal bucket, latest
        now = turn()
        if now == latest:
            return []
        latest = now
        touched = []
        for _ in range(min(max(1, round(changed() * BUCKETS)), MOST_AT_ONCE)):
            touched += by_bucket[bucket]
            bucket = (bucket + 1) % BUCKETS
        return touched

    return touch
