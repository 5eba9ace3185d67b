"""What passes between routing, the identity step and detection: plain tuples where there is one an event.

All of them that wait somewhere begin with their place in the order of processing, as events do.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from operators.marks import GroupMark, RelayedMark
from operators.records import INDEX, Event, LateEvent, Origin

LINK_TIME, LINK_ID, LINK_ANONYMOUS, LINK_CUSTOMER = range(INDEX + 1, INDEX + 5)
Link: TypeAlias = tuple[Any, ...]
"""What an identify says: (order_us, origin, offset, index, event_time_us, event_id, anonymous_id, customer_id)."""
LINK_LENGTH = LINK_CUSTOMER + 1

KIND, WHO, EVENTS, SINCE = range(INDEX + 1, INDEX + 5)
FORGET, TAKE_OVER = 0, 1
Handover: TypeAlias = tuple[Any, ...]
"""What detection does at the place of an identify, before the identify itself:

(order_us, origin, offset, index, FORGET, anonymous_id), where the anonymous one lives, and
(order_us, origin, offset, index, TAKE_OVER, customer_id, events, since_us), where the known one does: the events of the
anonymous one up to there, in order and in the known one's name, and since when none of them is missing.
"""


class IdentityBatch(msgspec.Struct, array_like=True):
    """What one chunk has for one group of the identity step."""

    origin: Origin
    origins: tuple[Origin, ...]
    watermark_us: int
    final: bool
    events: list[tuple[Event, int]]
    """Anonymous events that a trigger listens to, each with W_p at its offset: counted and de-duplicated there."""
    links: list[tuple[Link, int]]
    """Copies of what identifies say, each with W_p at its offset."""


class Identified(msgspec.Struct):
    """What a group of the identity step knows now that the watermark has passed it, in order."""

    events: list[Event]
    """In the name of whom they belong to."""
    handovers: list[Handover]
    late: list[LateEvent]
    mark: GroupMark
    counts: dict[tuple[str, str], int] | None
    """What it counted, when a bounded input has ended."""


class FromIdentity(msgspec.Struct, array_like=True):
    """What the identity step has for one key group; by Bytewax it comes in the order it was sent."""

    events: list[Event]
    """Events of anonymous customers, whoever's they are now: counted and de-duplicated before."""
    foreign: list[tuple[Event, int, tuple[tuple[int, Any, Any, Any], ...]]]
    """As in ``GroupBatch``."""
    handovers: list[Handover]
    mark: RelayedMark | None
    group: int
    """Which key group this is for, as in ``GroupBatch``."""
