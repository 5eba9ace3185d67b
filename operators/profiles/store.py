"""The profiles of one key group's customers.

A profile is read as of a time: attributes and traits as the events with an event time up to it made them, the event at
that time included. A late event counts from its partition's watermark on (the moment at which it is processed, decision
0002): it sets the attributes that no later event has set, and is part of every trait whose horizon still holds it; but
one later than ``dedupe_horizon`` adds to no count and no sum, for nobody knows any more whether it is a copy. So a
reading is a function of the log alone, provided that nothing reads below the watermark of the advance before, which
nothing in a key group does: events and timers come in order.

Customers lie in ``BUCKETS`` buckets, which are stored apart (decision 0006).
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

from operators.body import keepable
from operators.keys import BUCKETS, bucket_of
from operators.profiles.attributes import assignments
from operators.profiles.kept import PROFILE_TYPES, Kept
from operators.profiles.profile import Profile
from operators.records import CUSTOMER, END_OF_TIME, ID, INDEX, ORDER, PROPERTIES, TIME, TYPE, Event

_SPARE: Final = 64
"""Profiles that may be kept beyond their time before a sweep is worth it."""


def _hashed(event_id: str) -> int:
    return int.from_bytes(blake2b(event_id.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class Profiles:
    """What is kept of the customers of a key group. Shared by the group's automata and by its buckets' keys."""

    def __init__(self, kept: Kept, *, dedupe_horizon_us: int) -> None:
        self.kept = kept
        self._horizon_us = dedupe_horizon_us
        self.buckets: list[dict[str, Profile]] = [{} for _ in range(BUCKETS)]
        self.floor_us = -END_OF_TIME
        """Nothing will be asked any more as of a time below this."""
        self._count = 0
        self._sweep_at = _SPARE
        self._of_nobody = Profile(len(kept.traits))

    def __len__(self) -> int:
        return sum(map(len, self.buckets))

    def receive(self, event: Event) -> None:
        """An event of a customer that may change a profile, in order of arrival, its body parsed if ``kept`` reads it.

        No duplicate, but for copies of which one is late: detection does not remember those, they are recognised here.
        """
        kept = self.kept
        assigned: list[tuple[tuple[str, ...], Any]] = []
        if kept.attributes and event[TYPE] in PROFILE_TYPES:
            assigned = [
                (path, keepable(value))
                for path, value in assignments(event[PROPERTIES])
                if kept.wants(path) and (value is None or keepable(value) is not None)
            ]
        added = [
            (number, value) for number, trait in enumerate(kept.traits) if (value := trait.value_of(event)) is not None
        ]
        time_us, order_us = event[TIME], event[ORDER]
        is_late = time_us < order_us
        forgotten = is_late and time_us <= order_us - self._horizon_us
        if forgotten:
            added = [(number, value) for number, value in added if not kept.traits[number].adds_up]
        if not assigned and not added:
            return
        customer_id = event[CUSTOMER]
        bucket = self.buckets[bucket_of(customer_id)]
        profile = bucket.get(customer_id)
        if profile is None:
            self._make_room()
            profile = bucket[customer_id] = Profile(len(kept.traits))
        id_hash = _hashed(event[ID])
        if not forgotten and id_hash in profile.heard:
            return
        profile.settle(kept, self.floor_us)
        profile.forget_before(self.floor_us - self._horizon_us)
        profile.receive((event[ORDER : INDEX + 1], time_us, assigned, added), id_hash)

    def at(self, customer_id: str, time_us: int) -> dict[str, Any] | None:
        """The profile as of ``time_us``; None where nothing of any is kept. Of what was never heard of, counts are 0.

        What it gives is shared: not to be changed.
        """
        return self._read(customer_id, time_us, time_us)

    def on_arrival(self, customer_id: str, time_us: int) -> dict[str, Any] | None:
        """The profile as everything received so far makes it, horizons ending at ``time_us``."""
        return self._read(customer_id, time_us, END_OF_TIME)

    def advance(self, watermark_us: int) -> None:
        """All that lies before ``watermark_us`` has been processed."""
        self.floor_us = max(self.floor_us, watermark_us)

    def put(self, customer_id: str, bucket: int, profile: Profile) -> None:
        """A profile that was stored."""
        self.buckets[bucket][customer_id] = profile

    def let_go(self, bucket: dict[str, Profile]) -> None:
        """Forgets the customers of a bucket of whom nothing is left."""
        for customer_id in [each for each, profile in bucket.items() if profile.is_empty(self.kept, self.floor_us)]:
            del bucket[customer_id]

    def _read(self, customer_id: str, time_us: int, visible_us: int) -> dict[str, Any] | None:
        if not self.kept:
            return None
        profile = self.buckets[bucket_of(customer_id)].get(customer_id)
        if profile is None:
            profile = self._of_nobody
        elif profile.pending:
            profile.settle(self.kept, self.floor_us)
        return profile.read(self.kept, time_us, visible_us)

    def _make_room(self) -> None:
        """A sweep when the profiles have doubled."""
        self._count += 1
        if self._count > self._sweep_at:
            for bucket in self.buckets:
                self.let_go(bucket)
            self._count = len(self)
            self._sweep_at = max(_SPARE, 2 * self._count)
