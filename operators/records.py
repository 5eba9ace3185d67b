"""The values that flow between steps: plain tuples where there is one per event, named types where there are few.

All times are integer microseconds since the Unix epoch, UTC. ``Origin`` is the Kafka partition (or file) a message
was read from. Nothing here knows Kafka, ClickHouse, Bytewax or a clock.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec

Origin: TypeAlias = tuple[str, int]
"""(topic, Kafka partition); a file is ``(its name, 0)``."""

BEGINNING_OF_TIME = -(2**62)
"""The watermark of a partition that has not spoken."""

END_OF_TIME = 2**62
"""The watermark that flushes everything; a deadline that never comes."""

EMPTY_OBJECT = msgspec.Raw(b"{}")

Headers: TypeAlias = Sequence[tuple[str, bytes | None]]
"""A Kafka message's headers in their order; a name may come twice."""

MIN_EPOCH_MS = -62_135_596_800_000
"""0001-01-01, where ``datetime`` begins."""
MAX_EPOCH_MS = 253_402_300_799_999
"""9999-12-31, where it ends. Seconds or microseconds taken for milliseconds are not caught by this, but by
``max_future_skew``."""


LONGEST_ID: Final = 1_024
"""Characters of an id or a type: state keeps many of them."""

EventId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
TypeName: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
CustomerId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
SessionId: TypeAlias = Annotated[str, msgspec.Meta(max_length=LONGEST_ID)]
EpochMilliseconds: TypeAlias = Annotated[int, msgspec.Meta(ge=MIN_EPOCH_MS, le=MAX_EPOCH_MS)]


class Record(msgspec.Struct, gc=False):
    """One decoded event, validated; ``properties`` and ``context`` are still JSON text of an object.

    They are parsed only for events that some trigger listens to; ClickHouse parses them itself.
    """

    event_id: EventId
    type: TypeName
    event_time: datetime | str | int
    """As it was sent (``operators.decode.times``); ``Chunk.event_times_us`` has it as a number."""
    customer_id: CustomerId | None = None
    session_id: SessionId | None = None
    properties: msgspec.Raw = EMPTY_OBJECT
    context: msgspec.Raw = EMPTY_OBJECT


class DeadLetter(msgspec.Struct, gc=False):
    """Input that never became an event. ``reason`` is one of ``operators.reasons.DeadReason``."""

    reason: str
    message: str
    raw: bytes
    raw_key: bytes | None
    origin: Origin
    offset: int
    record_time_us: int
    """The Kafka record's own time; of a line in a file 0."""
    headers: Headers = ()


class Chunk(msgspec.Struct):
    """What one read of one Kafka partition gave: columns of equal length, in offset order, and the watermark after.

    ``watermarks_us[i]`` is ``W_p`` at the offset of record ``i``: the record is late if its event time is below it.
    """

    origin: Origin
    origins: tuple[Origin, ...]
    """Every partition of the flow: a key group's watermark waits until each has spoken."""
    records: list[Record]
    event_times_us: list[int]
    offsets: list[int]
    indexes: list[int]
    """Place inside its message, for envelopes that carry several events; else 0."""
    record_times_us: list[int]
    watermarks_us: list[int]
    late: list[int]
    """Places of the records that are late."""
    dead: list[DeadLetter]
    watermark_us: int
    """``W_p`` as of the last message, to be applied after the events."""
    broadcast: bool = True
    """Whether key groups without an event in this chunk are to hear of the watermark too."""
    final: bool = False
    """The bounded input ends here: process every event read, then fire timers up to ``watermark_us``."""


# One event on its way through a key group. A tuple, because one is made for every event a trigger listens to, and
# because tuples sort by their first fields: the order in which events are processed.
ORDER, ORIGIN, OFFSET, INDEX, TIME, ID, TYPE, CUSTOMER, SESSION, PROPERTIES, CONTEXT, ITEM, PROFILE, SCORES = range(14)
Event: TypeAlias = tuple[Any, ...]
"""(order_us, origin, offset, index, event_time_us, event_id, type, customer_id, session_id, properties, context)

``order_us`` is the event time, or for a late event ``W_p`` at its offset: the moment its cancellation counts from.
``properties`` and ``context`` are raw JSON until the event is processed, then dicts; ``item`` is appended where the
event came by an element of a list. Where a condition reads them, ``item`` (or None), the customer's ``profile`` as of
the event and its ``scores`` by name follow.
"""


class GroupBatch(msgspec.Struct, array_like=True):
    """What one chunk has for one key group."""

    origin: Origin
    origins: tuple[Origin, ...]
    watermark_us: int
    final: bool
    ids: list[str]
    """Of every event whose ``customer_id`` falls into this group: counted and de-duplicated here."""
    event_times_us: list[int]
    watermarks_us: list[int]
    """``W_p`` at the offset of each."""
    heard: list[Event]
    """Those of them that a trigger listens to, and the late ones."""
    heard_at: list[int]
    """The place of each of these among all."""
    late: bool
    """Whether any of them is late."""
    foreign: list[tuple[Event, int, tuple[tuple[int, Any, Any, Any], ...]]]
    """Events that fall into this group by another key: (event, W_p at its offset, ((program index, paths the key
    was read from, key, list element), …))."""
    first_us: int | None = None
    """The event time of the chunk's first message; the first that a group hears is the partition's first."""
    group: int = 0
    """Which key group this is for: Bytewax tells a logic nothing of its key."""
    events: int = 0
    """How many are counted here, copies among them."""
    copies: int | None = None
    """How many of them are copies, where somebody has told them apart: then ``heard`` has none of them, and what says
    something of all events has nothing."""

    def __reduce__(self) -> Any:
        """To another worker all of it goes as one piece: to pickle it value by value takes three times as long."""
        return _group_batch, (marshal.dumps(msgspec.structs.astuple(self), 2),)


def _group_batch(packed: bytes) -> GroupBatch:
    batch = GroupBatch(*marshal.loads(packed))
    origin = batch.origin
    # What waits is to hold one origin, and not one each.
    batch.heard = [(*event[:ORIGIN], origin, *event[ORIGIN + 1 :]) for event in batch.heard]
    return batch


class Touch(msgspec.Struct, array_like=True):
    """This bucket of this key group is to be stored at the end of the epoch. ``kind``: of what (``operators.keys``);
    of the group itself there is one."""

    group: int
    bucket: int
    kind: str


class Evidence(NamedTuple):
    """One event that a match rests on."""

    step: str
    event_id: str
    topic: str
    partition: int
    offset: int
    event_time_us: int


class Decision(msgspec.Struct, omit_defaults=False):
    """What became of one action of one match. ``outcome`` is action, suppressed, deferred or expired."""

    action_id: str
    match_id: str
    trigger: str
    version: int
    key: str | tuple[str, ...]
    per: str | None
    recipient: str | None
    event_time_us: int
    outcome: str
    reason: str | None
    evidence: tuple[Evidence, ...]
    action: str
    channel: str
    template: str
    data: dict[str, Any]
    priority: int = 0
    not_before_us: int = 0
    """When it is due: the event time of its match, or when it was released."""
    not_after_us: int | None = None
    """When it is too old to be delivered; None: never."""
    sent_before: bool = False
    """An action that an earlier run sent: it is on the topic already."""


class LateEvent(msgspec.Struct):
    """An event that came after its partition's watermark: it began and advanced nothing, but may have cancelled."""

    event_id: str
    type: str
    customer_id: str | None
    event_time_us: int
    late_by_us: int
    origin: Origin
    offset: int
    index: int

    @classmethod
    def of(cls, event: Event) -> LateEvent:
        """What there is to tell of a late event."""
        return cls(
            event_id=event[ID],
            type=event[TYPE],
            customer_id=event[CUSTOMER],
            event_time_us=event[TIME],
            late_by_us=event[ORDER] - event[TIME],
            origin=event[ORIGIN],
            offset=event[OFFSET],
            index=event[INDEX],
        )
