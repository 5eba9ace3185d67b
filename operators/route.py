"""Routing: the events of a chunk to the key groups they concern, the watermark to every key group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

from operators.body import keepable, parse_body
from operators.keys import group_names, key_group_of
from operators.plan import NOTHING, Interest, Plan, keys_of
from operators.records import BEGINNING_OF_TIME, Chunk, Entry, Event, GroupBatch

Router = Callable[[Chunk], list[tuple[str, GroupBatch]]]


def router(plan: Plan, key_groups: int) -> Router:
    """A function from a chunk to (Bytewax key of the group, its batch); of every group where the chunk broadcasts."""
    names = group_names(key_groups)

    def route(chunk: Chunk) -> list[tuple[str, GroupBatch]]:
        records = chunk.records
        # Copies of an event without a customer share its id, so that is where they meet.
        homes = [crc32((record.customer_id or record.event_id).encode()) % key_groups for record in records]
        foreign: dict[int, list[Any]] = {}
        entries: list[list[Entry]] = [[] for _ in names]
        heard: list[list[Event]] = [[] for _ in names]
        late = {homes[place] for place in chunk.late}
        ids = [record.event_id for record in records]
        rows: list[Entry] = list(zip(ids, chunk.event_times_us, chunk.watermarks_us, strict=True))
        for place, event in _events(chunk, plan, key_groups, foreign):
            rows[place] = (*rows[place][:3], event)
            heard[homes[place]].append(event)
        for group, row in zip(homes, rows, strict=True):
            entries[group].append(row)
        origin, origins, watermark_us, final = chunk.origin, chunk.origins, chunk.watermark_us, chunk.final
        first_us = chunk.event_times_us[0] if records else None
        # Nothing has moved this partition's watermark yet: every group is to hear of its first message at once.
        is_first = bool(records) and chunk.watermarks_us[0] == BEGINNING_OF_TIME
        return [
            (
                name,
                GroupBatch(
                    origin, origins, watermark_us, final,
                    entries[group], heard[group], group in late, foreign.get(group, []), first_us,
                ),
            )
            for group, name in enumerate(names)
            if chunk.broadcast or is_first or entries[group] or group in foreign
        ]  # fmt: skip

    return route


def _events(chunk: Chunk, plan: Plan, key_groups: int, foreign: dict[int, list[Any]]) -> Iterator[tuple[int, Event]]:
    """The events that are late or of a type that a trigger listens to, each with its place in the chunk."""
    records = chunk.records
    types = [record.type for record in records]
    interests = {each: plan.interest(each) for each in set(types)}
    wanted = {each for each, interest in interests.items() if interest is not NOTHING}
    places = [place for place, each in enumerate(types) if each in wanted] if wanted else []
    if chunk.late:
        places = sorted({*places, *chunk.late})
    origin, offsets, indexes = chunk.origin, chunk.offsets, chunk.indexes
    times_us, watermarks_us = chunk.event_times_us, chunk.watermarks_us
    for place in places:
        record, time_us, watermark_us = records[place], times_us[place], watermarks_us[place]
        event = (
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
        )
        interest = interests[record.type]
        if interest.foreign or interest.foreign_arrivals:
            _send_abroad(event, watermark_us, interest, key_groups, foreign)
        yield place, event


def _send_abroad(
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
