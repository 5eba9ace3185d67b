"""What one chunk has for the key groups of one worker, on its way between two processes of one run.

Columns of all groups one after the other: to take them apart costs the worker a tenth of what making them costs.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from operators.anonymous.values import IdentityBatch
from operators.records import ORIGIN, Event, Origin
from operators.route import Parted
from operators.shares import Head, Shares, joined

_VERSION = 2
"""Of marshal's format: later ones look for objects that come twice, which costs more than it saves here."""


@dataclass(frozen=True)
class Fed:
    """What a chunk has for one worker, and how many events and dead letters it brought, told to one of them."""

    parted: Parted
    events: int
    dead: int
    final: bool


def pack(fed: Fed) -> bytes:
    """As bytes that ``unpack`` reads in a process of the same Python."""
    shares, identity = fed.parted
    direct = (
        *(shares.origin, shares.origins, shares.watermark_us, shares.final, shares.first_us),
        [tuple(head) for head in shares.heads],
        shares.ids,
        shares.event_times_us.tobytes(),
        shares.watermarks_us.tobytes(),
        [_plain(event) for event in shares.heard],
        shares.heard_at,
        {group: [(_plain(event), *rest) for event, *rest in entries] for group, entries in shares.foreign.items()},
    )
    apart = [
        (
            *(name, batch.watermark_us, batch.final),
            [(_plain(event), at_us) for event, at_us in batch.events],
            [(_plain(link), at_us) for link, at_us in batch.links],
        )
        for name, batch in identity
    ]
    whole: Any = (direct, apart, fed.events, fed.dead, fed.final)
    return marshal.dumps(whole, _VERSION)


def unpack(packed: bytes | memoryview) -> Fed:
    """The inverse of ``pack``, but that JSON is ``bytes``."""
    direct, apart, events, dead, final = marshal.loads(packed)
    origin, origins, watermark_us, is_final, first_us, heads, ids, times, stamps, heard, heard_at, foreign = direct
    shares = Shares(
        origin=origin,
        origins=origins,
        watermark_us=watermark_us,
        final=is_final,
        first_us=first_us,
        heads=[Head(*head) for head in heads],
        ids=ids,
        event_times_us=np.frombuffer(times, np.int64),
        watermarks_us=np.frombuffer(stamps, np.int64),
        heard=[_event(plain, origin) for plain in heard],
        heard_at=heard_at,
        foreign={
            group: [(_event(plain, origin), *rest) for plain, *rest in entries] for group, entries in foreign.items()
        },
    )
    identity = [
        (
            name,
            IdentityBatch(
                origin,
                origins,
                time_us,
                is_last,
                [(_event(plain, origin), at_us) for plain, at_us in events_apart],
                [(_event(plain, origin), at_us) for plain, at_us in links],
            ),
        )
        for name, time_us, is_last, events_apart, links in apart
    ]
    return Fed(Parted(shares, identity), events, dead, final)


def together(several: Sequence[Fed]) -> Fed:
    """What chunks that follow on each other have, as if they had been one; copies are told apart in them."""
    last = several[-1]
    if len(several) == 1:
        return last
    identity: list[tuple[str, IdentityBatch]] = []
    for each in zip(*(fed.parted.identity for fed in several), strict=True):
        name, batch = each[-1]
        events = [event for _, one in each for event in one.events]
        links = [link for _, one in each for link in one.links]
        identity.append((name, msgspec.structs.replace(batch, events=events, links=links)))
    return Fed(
        Parted(joined([fed.parted.direct for fed in several]), identity),
        sum(fed.events for fed in several),
        sum(fed.dead for fed in several),
        last.final,
    )


def _plain(event: Event) -> tuple[Any, ...]:
    """Without its origin, which is the chunk's: what waits is to hold one origin, and not one each."""
    return (*event[:ORIGIN], *event[ORIGIN + 1 :])


def _event(plain: tuple[Any, ...], origin: Origin) -> Event:
    return (*plain[:ORIGIN], origin, *plain[ORIGIN:])
