"""The published format of a bucket of open matches in the recovery store: plain values in MessagePack, versioned.

``(FORMAT, base, deltas)`` as of a key group's state. A bucket is stored now and then; what changed since is in the
snapshot of its group, which therefore comes first at a resume. A trigger's part is of the trigger that the group's
snapshot knows: by fingerprint, and by when the flow began with it, for it may have been taken out and put back since.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from operators.group import KeyGroup
from operators.owner_state import plain_bucket, restore_bucket
from operators.state import Snapshot, base_of

FORMAT: Final = "customer-triggers/matches/1"


def store_matches(group: KeyGroup, bucket: int) -> Snapshot:
    """One bucket of what a key group has open; what changes from here on is for the group's own snapshot."""
    triggers = {}
    for automaton in group.automata:
        owners, states = plain_bucket(automaton, bucket)
        if owners:
            triggers[automaton.program.name] = [automaton.program.fingerprint, automaton.new_since_us, owners, states]
    return _stored(group.number, bucket, triggers)


def no_matches(group: int, bucket: int) -> Snapshot:
    """The bucket of a group that has nothing yet."""
    return _stored(group, bucket, {})


def _stored(group: int | None, bucket: int, triggers: dict[str, list[Any]]) -> Snapshot:
    base = {"group": group, "bucket": bucket, "triggers": triggers}
    return (FORMAT, msgspec.msgpack.encode(base), ())


def place_of_matches(stored: Any) -> tuple[int, int]:
    """(group, bucket) of a stored bucket. Raises ``StateFormatError``."""
    base = msgspec.msgpack.decode(base_of(stored, FORMAT, what="open-match"), type=_Place)
    return base.group, base.bucket


class _Place(msgspec.Struct):
    group: int
    bucket: int


def restore_matches(group: KeyGroup, stored: Any) -> None:
    """Puts a stored bucket into a key group that has been restored. Raises ``StateFormatError``."""
    base = msgspec.msgpack.decode(base_of(stored, FORMAT, what="open-match"), strict=False)
    for automaton in group.automata:
        found = base["triggers"].get(automaton.program.name)
        if found is not None and found[:2] == [automaton.program.fingerprint, automaton.new_since_us]:
            restore_bucket(automaton, base["bucket"], *found[2:])
