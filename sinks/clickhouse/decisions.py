"""The sinks of what the triggers decided: ``decisions`` and ``late``, each row once.

After a resume decisions are made again, and late events come again. Their identities are deterministic, so each batch
asks the table which of them it holds; on the writer's thread, where the question holds nobody up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from config.clickhouse_url import ClickHouseUrl
from operators.records import Decision, LateEvent
from sinks.clickhouse.already import wait_for_running_inserts
from sinks.clickhouse.batch import insert_batch
from sinks.clickhouse.database import Database
from sinks.clickhouse.decision_rows import (
    Decided,
    decision_columns,
    late_columns,
    new_rows,
)
from sinks.clickhouse.tables import DECISIONS, LATE, Columns, Table
from sinks.clickhouse.writer import DEFAULT_BATCHING, Batching, Writer
from sinks.retry import DEFAULT_RETRY, Retry
from sinks.routing import PartNames
from sinks.shared import Shared

T = TypeVar("T")
X = TypeVar("X")

# A decision with its data and evidence, and a late event, are about this large; the size is for a memory bound.
_ROW_BYTES: Final = 1_000


class _Rows(Generic[T]):
    """One writer for all the partitions of a sink in a process."""

    def __init__(
        self,
        name: str,
        database: Database,
        insert: Callable[[Database, Sequence[T]], None],
        batching: Batching,
    ) -> None:
        self._database = database
        wait_for_running_inserts(database)
        self._writer: Writer[Sequence[T], list[T]] = Writer(
            name,
            lambda items: [row for rows in items for row in rows],
            lambda rows: insert(database, rows),
            batching=batching,
        )

    def write(self, rows: Sequence[T]) -> None:
        if rows:
            self._writer.write(rows, rows=len(rows), size=len(rows) * _ROW_BYTES)

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()
        self._database.close()


class DecisionSink(FixedPartitionedSink[Sequence[Decision], None]):
    """Writes ``(shard, decisions)`` to ``decisions``; ``shards`` are the names of its partitions.

    ``now_us`` gives system time, for ``decided_at``. Durability and errors are those of `ArchiveSink`.
    """

    def __init__(
        self,
        url: str | ClickHouseUrl,
        shards: Sequence[str],
        *,
        now_us: Callable[[], int],
        retry: Retry = DEFAULT_RETRY,
        batching: Batching = DEFAULT_BATCHING,
    ) -> None:
        self._parts = PartNames(shards)
        self._now_us = now_us
        self._shared = Shared(
            lambda: _Rows("decisions", Database.open(url, retry), _insert_decisions, batching), _Rows[Decided].close
        )

    def list_parts(self) -> list[str]:
        return self._parts.names

    def part_fn(self, item_key: str) -> int:
        return self._parts.place(item_key)

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> RowsPartition[Decision, Decided]:
        def stamp(decisions: Sequence[Decision]) -> Sequence[Decided]:
            now_us = self._now_us()
            return [Decided(decision, now_us) for decision in decisions]

        return RowsPartition(self._shared, stamp)


class LateSink(FixedPartitionedSink[Sequence[LateEvent], None]):
    """Writes ``(shard, late events)`` to ``late``; ``shards`` are the names of its partitions.

    Durability and errors are those of `ArchiveSink`.
    """

    def __init__(
        self,
        url: str | ClickHouseUrl,
        shards: Sequence[str],
        *,
        retry: Retry = DEFAULT_RETRY,
        batching: Batching = DEFAULT_BATCHING,
    ) -> None:
        self._parts = PartNames(shards)
        self._shared = Shared(
            lambda: _Rows("late", Database.open(url, retry), _insert_late, batching), _Rows[LateEvent].close
        )

    def list_parts(self) -> list[str]:
        return self._parts.names

    def part_fn(self, item_key: str) -> int:
        return self._parts.place(item_key)

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> RowsPartition[LateEvent, LateEvent]:
        return RowsPartition(self._shared, lambda events: events)


class RowsPartition(StatefulSinkPartition[Sequence[X], None], Generic[X, T]):
    """One shard of a sink of rows."""

    def __init__(self, shared: Shared[_Rows[T]], rows_of: Callable[[Sequence[X]], Sequence[T]]) -> None:
        self._shared = shared
        self._rows = shared.acquire()
        self._rows_of = rows_of

    def write_batch(self, values: list[Sequence[X]]) -> None:
        """Hands the rows to the writer; waits only while too many wait there."""
        for value in values:
            self._rows.write(self._rows_of(value))

    def snapshot(self) -> None:
        self._rows.flush()

    def close(self) -> None:
        """Writes nothing: what no epoch has closed over will be decided again."""
        self._shared.release()


def _insert_decisions(database: Database, rows: Sequence[Decided]) -> None:
    _insert_new(database, DECISIONS, decision_columns(rows))


def _insert_late(database: Database, events: Sequence[LateEvent]) -> None:
    _insert_new(database, LATE, late_columns(events))


def _insert_new(database: Database, table: Table, columns: Columns) -> None:
    new = new_rows(database, table, columns)
    if new[0]:
        insert_batch(database, table, new)
