"""The archive sink: every decoded event and every dead letter into ClickHouse, each once.

Bytewax gives a chunk again after a resume; what the tables already hold of it is not written again
(`AlreadyThere`; proof: ``tests/integration/test_clickhouse_sink.py``, ``tests/fault``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from config.clickhouse_url import ClickHouseUrl
from operators.records import Chunk, DeadLetter
from sinks import metrics
from sinks.clickhouse.already import AlreadyThere, RowKey, wait_for_running_inserts
from sinks.clickhouse.batch import insert_batch
from sinks.clickhouse.database import Database
from sinks.clickhouse.event_rows import ChunkRows, dead_keys, dead_letter_columns, event_columns, event_keys
from sinks.clickhouse.tables import DEAD_LETTERS, EVENTS, Table
from sinks.clickhouse.writer import Batching, Writer
from sinks.retry import Retry
from sinks.routing import PartNames
from sinks.shared import Shared

# Ids, times and numbers of a row beside its JSON, roughly; the bound is on memory, not on bytes sent.
_ROW_BYTES = 150
_SAMPLE_EVERY = 16


class _Archive:
    """One writer for all the partitions of this process; its methods but `write` and `flush` run on its thread."""

    def __init__(self, url: str | ClickHouseUrl, retry: Retry, batching: Batching) -> None:
        self._database = Database.open(url, retry)
        self._already: dict[tuple[int, str, tuple[str, int]], AlreadyThere] = {}
        wait_for_running_inserts(self._database)
        self._writer: Writer[tuple[int, Chunk]] = Writer("archive", self._insert, batching=batching)

    def write(self, run: int, chunk: Chunk) -> None:
        sample = chunk.records[::_SAMPLE_EVERY]
        json_bytes = _SAMPLE_EVERY * sum(len(record.properties) + len(record.context) for record in sample)
        rows = len(chunk.records) + len(chunk.dead)
        size = json_bytes + rows * _ROW_BYTES + sum(len(letter.raw) for letter in chunk.dead)
        self._writer.write((run, chunk), rows=rows, size=size)

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()
        self._database.close()

    def _insert(self, items: Sequence[tuple[int, Chunk]]) -> None:
        events = [ChunkRows(chunk, self._new(EVENTS, run, chunk, event_keys(chunk))) for run, chunk in items]
        dead = list(chain.from_iterable(self._new_dead(run, chunk) for run, chunk in items))
        columns = event_columns(events)
        if columns[0]:
            insert_batch(self._database, EVENTS, columns)
        if dead:
            insert_batch(self._database, DEAD_LETTERS, dead_letter_columns(dead))

    def _new(self, table: Table, run: int, chunk: Chunk, keys: list[RowKey]) -> list[int] | None:
        key = (run, table.name, chunk.origin)
        if key not in self._already:
            self._already[key] = AlreadyThere(self._database, table, chunk.origin)
        places = self._already[key].new(keys)
        if places is not None:
            metrics.ROWS_ALREADY_THERE.labels(table=table.name).inc(len(keys) - len(places))
        return places

    def _new_dead(self, run: int, chunk: Chunk) -> list[DeadLetter]:
        places = self._new(DEAD_LETTERS, run, chunk, dead_keys(chunk.dead))
        return chunk.dead if places is None else [chunk.dead[place] for place in places]
