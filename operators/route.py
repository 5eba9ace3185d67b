"""Routing: the events of a chunk to the key groups they concern, the watermark to every key group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from zlib import crc32

import numpy as np

from operators.anonymous.part import IDENTIFY, anonymous_places, links_of
from operators.anonymous.values import LINK_ANONYMOUS, IdentityBatch
from operators.body import keepable, parse_body
from operators.copies import Copies, Homes
from operators.keys import PROFILES, bucket_of, cold_names, group_names, key_group_of
from operators.plan import NOTHING, Interest, Plan, keys_of
from operators.records import BEGINNING_OF_TIME, CUSTOMER, TYPE, Chunk, Event, Touch
from operators.shares import Head, Shares, Times

Router = Callable[[Chunk], Shares]
Toucher = Callable[[Chunk], list[tuple[str, Touch]]]


class Parted(NamedTuple):
    """A chunk for two steps."""

    direct: Shares
    identity: list[tuple[str, IdentityBatch]]
    """By Bytewax key."""


def toucher(plan: Plan, key_groups: int) -> Toucher:
    """A function from a chunk to (Bytewax key of a bucket of profiles, its touch) for every bucket it may change."""
    names = cold_names(key_groups, PROFILES)

    def touch(chunk: Chunk) -> list[tuple[str, Touch]]:
        types = {each for each in {record.type for record in chunk.records} if plan.interest(each).changes_profile}
        if not types:
            return []
        customers = {record.customer_id for record in chunk.records if record.type in types}
        touched = {(key_group_of(each, key_groups), bucket_of(each)) for each in customers if each is not None}
        return [(names[group][bucket], Touch(group, bucket, PROFILES)) for group, bucket in sorted(touched)]

    return touch


def copies_of(plan: Plan, key_groups: int) -> Copies | None:
    """What tells copies apart while a router sees all there is; None where the key groups must."""
    return None if any(each.fires_on_arrival for each in plan.programs) else Copies(key_groups + 1)


def router(plan: Plan, key_groups: int, copies: Copies | None = None) -> Router:
    """A function from a chunk to the share of every key group that it concerns; of all where the chunk broadcasts.

    ``copies``, of ``copies_of``, where the chunks are all of a log's, in order.
    """
    direct = _direct(key_groups, copies)

    def route(chunk: Chunk) -> Shares:
        types = [record.type for record in chunk.records]
        interests = {each: plan.interest(each) for each in set(types)}
        return direct(chunk, interests, _wanted(types, interests), [])

    return route


def parting_router(
    plan: Plan, key_groups: int, identity_groups: int, copies: Copies | None = None
) -> Callable[[Chunk], Parted]:
    """As ``router``, but anonymous events that a trigger listens to go to the identity step and nowhere else.

    So does a copy of what each identify says of an anonymous customer.
    """
    direct = _direct(key_groups, copies)
    names = group_names(identity_groups)

    def route(chunk: Chunk) -> Parted:
        types = [record.type for record in chunk.records]
        interests = {each: plan.interest(each) for each in set(types)}
        wanted = _wanted(types, interests)
        apart = anonymous_places(chunk.records, wanted)
        batches = [IdentityBatch(chunk.origin, chunk.origins, chunk.watermark_us, chunk.final, [], []) for _ in names]
        for place, event in _events(chunk, apart):
            batches[key_group_of(event[CUSTOMER], identity_groups)].events.append((event, chunk.watermarks_us[place]))
        if IDENTIFY in interests:
            for link in links_of(chunk, [place for place, each in enumerate(types) if each == IDENTIFY]):
                batches[key_group_of(link[0][LINK_ANONYMOUS], identity_groups)].links.append(link)
        woken = [
            keyed for keyed in zip(names, batches, strict=True) if chunk.broadcast or keyed[1].events or keyed[1].links
        ]
        return Parted(direct(chunk, interests, wanted, apart), woken)

    return route


def _direct(key_groups: int, copies: Copies | None) -> Callable[..., Shares]:
    """A function that gives the shares of the key groups in a chunk, from the places that triggers listen to.

    ``apart`` are those that are not for them at all, not even to be counted.
    """
    names = group_names(key_groups)
    group_type = np.min_scalar_type(key_groups)

    def route(chunk: Chunk, interests: Mapping[str, Interest], wanted: list[int], apart: list[int]) -> Shares:
        records, watermarks_us = chunk.records, chunk.watermarks_us
        # Copies of an event without a customer share its id, so that is where they meet.
        homes = np.array(
            [crc32((record.customer_id or record.event_id).encode()) % key_groups for record in records], group_type
        )
        homes[apart] = key_groups  # one more than there are: behind all others
        counts = np.bincount(homes, minlength=key_groups + 1)[:key_groups]
        places = _places(wanted, chunk.late, apart)
        ids = [record.event_id for record in records]
        copied = [] if copies is None else copies.of(chunk, ids, homes)
        foreign: dict[int, list[Any]] = {}
        heard = []
        for place, event in _events(chunk, places):
            interest = interests[event[TYPE]]
            if interest.foreign or interest.foreign_arrivals:
                send_abroad(event, watermarks_us[place], interest, key_groups, foreign)
            heard.append(event)
        if copied:
            left_out = set(copied)
            heard = [event for place, event in zip(places, heard, strict=True) if place not in left_out]
            places = [place for place in places if place not in left_out]
        heard_homes = homes[places]
        heard_order = np.argsort(heard_homes, kind="stable")
        heard_counts = np.bincount(heard_homes, minlength=key_groups)
        # Where copies are told apart nobody needs what it takes to.
        all_of = _NOTHING_OF_ALL if copies is not None else _columns(chunk, ids, homes, counts, places, heard_order)
        copy_counts = np.bincount(homes[copied], minlength=key_groups + 1).tolist() if copies is not None else None
        late = set(homes[chunk.late].tolist())
        # Nothing has moved this partition's watermark yet: every group is to hear of its first message at once.
        to_all = chunk.broadcast or (bool(records) and watermarks_us[0] == BEGINNING_OF_TIME)
        heads = [
            Head(name, group, count, heard_count, group in late, None if copy_counts is None else copy_counts[group])
            for group, (name, count, heard_count) in enumerate(
                zip(names, counts.tolist(), heard_counts.tolist(), strict=True)
            )
            if to_all or count or group in foreign
        ]
        return Shares(
            origin=chunk.origin,
            origins=chunk.origins,
            watermark_us=chunk.watermark_us,
            final=chunk.final,
            first_us=chunk.event_times_us[0] if records else None,
            heads=heads,
            ids=all_of.ids,
            event_times_us=all_of.event_times_us,
            watermarks_us=all_of.watermarks_us,
            heard=list(map(heard.__getitem__, heard_order.tolist())),
            heard_at=all_of.heard_at,
            foreign=foreign,
        )

    return route


class _Columns(NamedTuple):
    """What ``Shares`` says of all events, by group."""

    ids: list[str]
    event_times_us: Times
    watermarks_us: Times
    heard_at: list[int]


_NOTHING_OF_ALL: Final = _Columns([], np.empty(0, np.int64), np.empty(0, np.int64), [])


def _columns(
    chunk: Chunk, ids: list[str], homes: Homes, counts: Times, places: list[int], heard_order: Times
) -> _Columns:
    """``counts``: by group, how many events; ``places``: of what is heard; ``heard_order``: theirs by group."""
    order = np.argsort(homes, kind="stable")
    kept = order[: counts.sum()]
    position = np.empty(len(ids), np.int64)
    position[order] = np.arange(len(ids))
    heard_at = (position[places] - (counts.cumsum() - counts)[homes[places]])[heard_order]
    return _Columns(
        list(map(ids.__getitem__, kept.tolist())),
        np.array(chunk.event_times_us, np.int64)[kept],
        np.array(chunk.watermarks_us, np.int64)[kept],
        heard_at.tolist(),
    )


def _wanted(types: list[str], interests: Mapping[str, Interest]) -> list[int]:
    """The places of the events that a trigger listens to."""
    wanted = {each for each, interest in interests.items() if interest is not NOTHING}
    return [place for place, each in enumerate(types) if each in wanted] if wanted else []


def _places(wanted: list[int], late: list[int], apart: list[int]) -> list[int]:
    """The places of the events to be sent whole: those that a trigger listens to, and the late ones."""
    return sorted({*wanted, *late}.difference(apart)) if late or apart else wanted


def _events(chunk: Chunk, places: Iterable[int]) -> Iterator[tuple[int, Event]]:
    """The events at these places, each with its place."""
    records, origin, offsets, indexes = chunk.records, chunk.origin, chunk.offsets, chunk.indexes
    times_us, watermarks_us = chunk.event_times_us, chunk.watermarks_us
    for place in places:
        record, time_us, watermark_us = records[place], times_us[place], watermarks_us[place]
        yield (
            place,
            (
                watermark_us if time_us < watermark_us else time_us,
                origin,
                offsets[place],
                indexes[place],
                time_us,
                record.event_id,
                record.type,
                record.customer_id,
                record.session_id,
                record.properties,
                record.context,
            ),
        )


def send_abroad(
    event: Event, watermark_us: int, interest: Interest, key_groups: int, foreign: dict[int, list[Any]]
) -> None:
    """Adds the event to the batch of every group where another key of it lives, once a group."""
    parsed = parse_body(event)
    concerns: dict[int, list[Any]] = {}
    for listener in (*interest.foreign, *interest.foreign_arrivals):
        for key, item in keys_of(listener, parsed):
            group = key_group_of(key if isinstance(key, str) else key[0], key_groups)
            concerns.setdefault(group, []).append((listener.program, listener.spec, key, keepable(item)))
    for group, found in concerns.items():
        foreign.setdefault(group, []).append((event, watermark_us, tuple(found)))
