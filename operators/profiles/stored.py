"""The published format of a bucket of profiles in the recovery store: plain values in MessagePack, versioned.

``(FORMAT, base, deltas)`` as of a key group's state, ``base`` the whole bucket. A trait's values carry the fingerprint
of its text: a changed one starts fresh, and what nothing reads any more is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from operators.profiles.kept import Kept
from operators.profiles.profile import Profile
from operators.profiles.store import Profiles

FORMAT: Final = "customer-triggers/profiles/1"

Stored = tuple[str, bytes, tuple[bytes, ...]]


class ProfileFormatError(Exception):
    """A stored bucket that this version cannot read."""


def store_bucket(profiles: Profiles, group: int, number: int) -> Stored:
    """One bucket of a key group, without the customers of whom nothing is left."""
    bucket = profiles.buckets[number]
    profiles.let_go(bucket)
    base = {
        "group": group,
        "bucket": number,
        "traits": [[trait.name, trait.fingerprint] for trait in profiles.kept.traits],
        "customers": [
            [customer_id, profile.assigned, profile.settled, profile.pending, list(profile.heard.items())]
            for customer_id, profile in bucket.items()
        ],
    }
    return (FORMAT, msgspec.msgpack.encode(base), ())


def restore_bucket(stored: Any, profiles_of: Callable[[int], Profiles]) -> tuple[int, int]:
    """Puts a stored bucket among the profiles of its group; gives (group, bucket). Raises ``ProfileFormatError``."""
    if stored[0] != FORMAT or stored[2]:
        raise ProfileFormatError(
            f"the recovery store holds profiles of format {stored[0]!r}{' with deltas' if stored[2] else ''}; this "
            f"version reads {FORMAT!r}. Start with an empty recovery store, or with the version that wrote it"
        )
    base = msgspec.msgpack.decode(stored[1])
    profiles = profiles_of(base["group"])
    kept = profiles.kept
    places = _places(kept, base["traits"])
    for customer_id, assigned, settled, pending, heard in base["customers"]:
        profile = Profile(len(kept.traits))
        profile.assigned = [
            (time_us, tuple(path), value) for time_us, path, value in assigned if kept.wants(tuple(path))
        ]
        for number, place in places.items():
            profile.settled[place] = _settled(kept, place, settled[number])
        profile.pending = [
            (
                (order_us, tuple(origin), offset, index),
                time_us,
                [(tuple(path), value) for path, value in found if kept.wants(tuple(path))],
                [(places[number], value) for number, value in added if number in places],
            )
            for (order_us, origin, offset, index), time_us, found, added in pending
        ]
        profile.heard = dict(heard)
        profiles.put(customer_id, base["bucket"], profile)
    return base["group"], base["bucket"]


def _places(kept: Kept, traits: list[list[str]]) -> dict[int, int]:
    """Of each stored trait that is still the same, its number now."""
    now = {(trait.name, trait.fingerprint): place for place, trait in enumerate(kept.traits)}
    known = {number: now.get((name, fingerprint)) for number, (name, fingerprint) in enumerate(traits)}
    return {number: place for number, place in known.items() if place is not None}


def _settled(kept: Kept, place: int, plain: Any) -> Any:
    trait = kept.traits[place]
    if plain is None:
        return None
    if trait.within_us is not None:
        return [(time_us, value) for time_us, value in plain]
    return tuple(plain) if trait.aggregate in ("last", "first") else plain
