"""The published format of a group of the identity step: ``(FORMAT, base, deltas)``, as of a key group's state.

Links are for ever. Of an anonymous customer nobody has claimed, the events a known one could take over.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from operators.anonymous.group import IdentityGroup
from operators.plain_event import event_of, placed, plain_event, plain_placed
from operators.state import Snapshot, base_of

FORMAT: Final = "customer-triggers/identity-group/1"


def snapshot(group: IdentityGroup) -> Snapshot:
    """The state of a group."""
    base = {
        "watermark_us": group.clock.watermark_us,
        "marks": [[topic, partition, mark] for (topic, partition), mark in group.clock.marks.items()],
        "seen": group.seen.state(),
        "waiting": [plain_event(event) for event in group.waiting],
        "waiting_links": [plain_placed(link) for link in group.waiting_links],
        "kept": {each: [plain_event(event) for event in events] for each, events in group.kept.items()},
        "customers": group.customers,
    }
    return (FORMAT, msgspec.msgpack.encode(base), ())


def restore(group: IdentityGroup, stored: Any) -> None:
    """Puts a stored snapshot into a fresh group. Raises ``StateFormatError``."""
    base = msgspec.msgpack.decode(base_of(stored, FORMAT, what="identity"))
    group.clock.watermark_us = base["watermark_us"]
    group.clock.marks = {(topic, partition): mark for topic, partition, mark in base["marks"]}
    group.seen.resume(base["seen"])
    group.waiting.extend(event_of(plain) for plain in base["waiting"])
    group.waiting_links.extend(placed(plain) for plain in base["waiting_links"])
    group.kept = {each: [event_of(plain) for plain in events] for each, events in base["kept"].items()}
    group.customers = base["customers"]
