"""Routing: the events of a chunk to the key groups they concern, the watermark to every key group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from operators.body import parse_body
from operators.keys import group_names, key_group_of
from operators.plan import NOTHING, Interest, Plan, keys_of
from operators.records import Chunk, Entry, Event, GroupBatch

Router = Callable[[Chunk], list[tuple[str, GroupBatch]]]


def router(plan: Plan, key_groups: int) -> Router:
    """A function from a chunk to (Bytewax key of the group, its batch); of every group where the chunk broadcasts."""
    names = group_names(key_groups)

    def route(chunk: Chunk) -> list[tuple[str, GroupBatch]]:
        entries: list[list[Entry]] = [[] for _ in names]
        foreign: dict[int, list[Any]] = {}
        origin, interest_of = chunk.origin, plan.interest
        for record, offset, index, time_us, watermark_us in zip(
            chunk.records,
            chunk.offsets,
            chunk.indexes,
            chunk.event_times_us,
            chunk.watermarks_us,
            strict=True,
        ):
            interest = interest_of(record.type)
            event: Event | None = None
            is_late = time_us < watermark_us
            if is_late or interest is not NOTHING:
                event = (
                    watermark_us if is_late else time_us,
                    origin,
                    offset,
                    index,
                    time_us,
                    record.event_id,
                    record.type,
                    record.customer_id,
                    record.session_id,
                    record.properties,
                    record.context,
                )
                if interest.foreign or interest.foreign_arrivals:
                    _send_abroad(event, watermark_us, interest, key_groups, foreign)
            # Copies of an event without a customer share its id, so that is where they meet.
            home = record.customer_id or record.event_id
            entries[key_group_of(home, key_groups)].append((record.event_id, time_us, watermark_us, event))
        return [
            (
                name,
                GroupBatch(
                    origin, chunk.origins, chunk.watermark_us, chunk.final, entries[group], foreign.get(group, [])
                ),
            )
            for group, name in enumerate(names)
            if chunk.broadcast or entries[group] or group in foreign
        ]

    return route


def _send_abroad(
    event: Event, watermark_us: int, interest: Interest, key_groups: int, foreign: dict[int, list[Any]]
) -> None:
    """Adds the event to the batch of every group where another key of it lives, once a group."""
    parsed = parse_body(event)
    concerns: dict[int, list[Any]] = {}
    for listener in (*interest.foreign, *interest.foreign_arrivals):
        for key, item in keys_of(listener, parsed):
            group = key_group_of(key if isinstance(key, str) else key[0], key_groups)
            concerns.setdefault(group, []).append((listener.program, listener.spec, key, item))
    for group, found in concerns.items():
        foreign.setdefault(group, []).append((parsed, watermark_us, tuple(found)))
