"""What goes into a decoder and what comes out: columns, not an object per message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from operators.reasons import DeadReason
from operators.records import DeadLetter, Headers, Origin, Record


class Messages(NamedTuple):
    """One read of one Kafka partition, as columns in offset order."""

    origin: Origin
    values: Sequence[bytes | None]
    offsets: list[int]
    record_times_us: list[int]
    """Kafka's own time of each record, microseconds."""
    keys: Sequence[bytes | None] | None = None
    """None: no message has a key."""
    headers: Sequence[Headers | None] | None = None
    """None: no message has headers."""

    def key(self, i: int) -> bytes | None:
        """The Kafka key of message ``i``."""
        return self.keys[i] if self.keys is not None else None

    def header(self, i: int) -> Headers:
        """The headers of message ``i``, none if it has none."""
        return (self.headers[i] or ()) if self.headers is not None else ()

    def dead(self, i: int, reason: DeadReason, message: str) -> DeadLetter:
        """Message ``i`` as a dead letter."""
        return DeadLetter(
            reason=reason.value,
            message=message,
            raw=self.values[i] or b"",
            raw_key=self.key(i),
            origin=self.origin,
            offset=self.offsets[i],
            record_time_us=self.record_times_us[i],
            headers=self.header(i),
        )


class Decoded(msgspec.Struct):
    """The events of one read as columns of equal length, in offset order, and what did not become one."""

    records: list[Record]
    event_times_us: list[int]
    offsets: list[int]
    indexes: list[int]
    record_times_us: list[int]
    dead: list[DeadLetter]

    def cut(self, count: int) -> None:
        """Takes back the events after the first ``count``: those of a message that is none after all."""
        for column in (self.records, self.event_times_us, self.offsets, self.indexes, self.record_times_us):
            del column[count:]


class Undecodable(Exception):
    """One message (or one event of a batch) that cannot become an event, with its reason code."""

    def __init__(self, reason: DeadReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
