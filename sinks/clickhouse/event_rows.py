"""Chunks as columns of ``events`` and ``dead_letters``. JSON stays text: ClickHouse parses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from operators.records import Chunk, DeadLetter
from sinks.clickhouse.already import RowKey
from sinks.clickhouse.tables import EVENTS, Columns


class ChunkRows(NamedTuple):
    """A chunk and which of its records to write; ``places`` `None` means all."""

    chunk: Chunk
    places: Sequence[int] | None


def event_keys(chunk: Chunk) -> list[RowKey]:
    """The identities of a chunk's records, in order."""
    times_ms = [time_us // 1000 for time_us in chunk.record_times_us]
    return list(zip(chunk.offsets, chunk.indexes, times_ms, strict=True))


def dead_keys(dead: Sequence[DeadLetter]) -> list[RowKey]:
    """The identities of dead letters, in order."""
    return [(letter.offset, 0, letter.record_time_us // 1000) for letter in dead]


def event_columns(parts: Sequence[ChunkRows]) -> Columns:
    """The columns of ``events``, in the order of `EVENTS`, of the records of several chunks one after the other."""
    columns: list[list[Any]] = [[] for _ in EVENTS.columns]
    for part in parts:
        for column, values in zip(columns, _columns_of(part), strict=True):
            column += values
    return list(columns)


def _columns_of(part: ChunkRows) -> list[list[Any]]:
    chunk, places = part
    records = _pick(chunk.records, places)
    late = [False] * len(chunk.records)
    for place in chunk.late:
        late[place] = True
    topic, partition = chunk.origin
    return [
        [topic] * len(records),
        [partition] * len(records),
        _pick(chunk.offsets, places),
        _pick(chunk.indexes, places),
        [record.event_id for record in records],
        [record.type for record in records],
        [record.customer_id or "" for record in records],
        [record.session_id or "" for record in records],
        _pick(chunk.event_times_us, places),
        [time_us // 1000 for time_us in _pick(chunk.record_times_us, places)],
        # A partition that has not spoken has a watermark before all time, which the column cannot hold.
        [watermark_us if watermark_us > 0 else 0 for watermark_us in _pick(chunk.watermarks_us, places)],
        _pick(late, places),
        # What is raw has been scanned as JSON, not decoded: its texts may hold bytes that are not UTF-8.
        [str(record.properties, "utf-8", "replace") for record in records],
        [str(record.context, "utf-8", "replace") for record in records],
    ]


def _pick(column: list[Any], places: Sequence[int] | None) -> list[Any]:
    return column if places is None else [column[place] for place in places]


def dead_letter_columns(letters: Sequence[DeadLetter]) -> Columns:
    """The columns of ``dead_letters``, in the order of `DEAD_LETTERS`."""
    return [
        [letter.origin[0] for letter in letters],
        [letter.origin[1] for letter in letters],
        [letter.offset for letter in letters],
        [letter.record_time_us // 1000 for letter in letters],
        [letter.reason for letter in letters],
        [letter.message.encode("utf-8", "replace") for letter in letters],
        [letter.raw for letter in letters],
        [letter.raw_key or b"" for letter in letters],
        [[name for name, _ in letter.headers] for letter in letters],
        [[value for _, value in letter.headers] for letter in letters],
    ]
