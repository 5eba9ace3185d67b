"""What one chunk has for the key groups of one worker, on its way between two processes of one run.

Columns of all groups one after the other: to take them apart costs the worker a tenth of what making them costs.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

import numpy as np

from operators.anonymous.values import IdentityBatch
from operators.records import ORIGIN, Event, GroupBatch, Origin
from operators.route import Parted

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
    direct, identity = fed.parted
    batches = [batch for _, batch in direct]
    shared: tuple[Any, ...] = ()
    if batches:
        first = batches[0]
        shared = (first.origin, first.origins, first.watermark_us, first.final, first.first_us)
    return marshal.dumps(
        (
            (fed.events, fed.dead, fed.final, shared),
            [(name, len(batch.ids), len(batch.heard), batch.late, batch.group) for name, batch in direct],
            list(chain.from_iterable(batch.ids for batch in batches)),
            _words(batch.event_times_us for batch in batches),
            _words(batch.watermarks_us for batch in batches),
            [_plain(event) for batch in batches for event in batch.heard],
            _words(batch.heard_at for batch in batches),
            [
                (place, [(_plain(event), *rest) for event, *rest in batch.foreign])
                for place, batch in enumerate(batches)
                if batch.foreign
            ],
            [
                (
                    name,
                    batch.origin,
                    batch.origins,
                    batch.watermark_us,
                    batch.final,
                    [(_plain(event), at_us) for event, at_us in batch.events],
                    [(_plain(link), at_us) for link, at_us in batch.links],
                )
                for name, batch in identity
            ],
        ),
        _VERSION,
    )


def unpack(packed: bytes | memoryview) -> Fed:
    """The inverse of ``pack``, but that JSON is ``bytes``."""
    (events, dead, final, shared), heads, ids, times, stamps, heard, heard_at, foreign, identity = marshal.loads(packed)
    times_us, watermarks_us, places = _numbers(times), _numbers(stamps), _numbers(heard_at)
    direct: list[tuple[str, GroupBatch]] = []
    if heads:
        origin, origins, watermark_us, is_final, first_us = shared
        abroad = {place: [(_event(event, origin), *rest) for event, *rest in found] for place, found in foreign}
        told = [_event(event, origin) for event in heard]
        begin = begin_heard = 0
        for place, (name, count, heard_count, late, group) in enumerate(heads):
            end, end_heard = begin + count, begin_heard + heard_count
            batch = GroupBatch(
                origin, origins, watermark_us, is_final,
                ids[begin:end], times_us[begin:end], watermarks_us[begin:end],
                told[begin_heard:end_heard], places[begin_heard:end_heard],
                late, abroad.get(place, []), first_us, group,
            )  # fmt: skip
            direct.append((name, batch))
            begin, begin_heard = end, end_heard
    apart = [
        (
            name,
            IdentityBatch(
                origin, origins, watermark_us, is_final,
                [(_event(event, origin), at_us) for event, at_us in events_apart],
                [(_event(link, origin), at_us) for link, at_us in links],
            ),
        )
        for name, origin, origins, watermark_us, is_final, events_apart, links in identity
    ]  # fmt: skip
    return Fed(Parted(direct, apart), events, dead, final)


def _plain(event: Event) -> tuple[Any, ...]:
    """Without its origin, which is the chunk's: what waits is to hold one origin, and not one each."""
    return (*event[:ORIGIN], *event[ORIGIN + 1 :])


def _event(plain: tuple[Any, ...], origin: Origin) -> Event:
    return (*plain[:ORIGIN], origin, *plain[ORIGIN:])


def _words(columns: Iterable[list[int]]) -> bytes:
    return np.array(list(chain.from_iterable(columns)), dtype=np.int64).tobytes()


def _numbers(words: bytes) -> list[int]:
    return cast(list[int], np.frombuffer(words, np.int64).tolist())
