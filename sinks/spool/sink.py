"""The sinks of what the triggers decided, where ClickHouse is not waited for: rows go on the spool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from operators.records import Decision, LateEvent
from sinks.clickhouse.decision_rows import Decided, decision_columns, late_columns
from sinks.clickhouse.tables import DECISIONS, LATE, Columns, Table
from sinks.kafka.producer import ConfirmedProducer, KafkaConfig
from sinks.routing import PartNames
from sinks.shared import Shared
from sinks.spool.messages import pack

X = TypeVar("X")


class Spool:
    """A topic that takes rows, and the sinks that put them there; they share one producer in a process.

    ``now_us`` gives system time, for ``decided_at``.
    """

    def __init__(self, config: KafkaConfig, topic: str, *, now_us: Callable[[], int], deadline_s: float = 30.0) -> None:
        self._now_us = now_us
        self._shared = Shared(lambda: ConfirmedProducer(config, topic, deadline_s=deadline_s), lambda producer: None)

    def decisions(self, shards: Sequence[str]) -> SpoolSink[Decision]:
        """The sink of ``(shard, decisions)``; ``shards`` are the names of its partitions."""

        def columns_of(decisions: Sequence[Decision]) -> Columns:
            now_us = self._now_us()
            return decision_columns([Decided(decision, now_us) for decision in decisions])

        return SpoolSink(self._shared, DECISIONS, columns_of, shards)

    def late(self, shards: Sequence[str]) -> SpoolSink[LateEvent]:
        """The sink of ``(shard, late events)``; ``shards`` are the names of its partitions."""
        return SpoolSink(self._shared, LATE, late_columns, shards)


class SpoolSink(FixedPartitionedSink[Sequence[X], None], Generic[X]):
    """Puts rows of one table on the spool. At least once: the drain tells what came again.

    ``snapshot`` returns when every row written is confirmed by Kafka.
    Raises `DeliveryFailed` out of ``write_batch`` or ``snapshot``, which stops the dataflow.
    """

    def __init__(
        self,
        shared: Shared[ConfirmedProducer],
        table: Table,
        columns_of: Callable[[Sequence[X]], Columns],
        shards: Sequence[str],
    ) -> None:
        self._shared = shared
        self._table = table
        self._columns_of = columns_of
        self._parts = PartNames(shards)

    def list_parts(self) -> list[str]:
        return self._parts.names

    def part_fn(self, item_key: str) -> int:
        return self._parts.place(item_key)

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> SpoolPartition[X]:
        return SpoolPartition(self._shared, self._table, self._columns_of)


class SpoolPartition(StatefulSinkPartition[Sequence[X], None], Generic[X]):
    """One shard of a `SpoolSink`."""

    def __init__(
        self, shared: Shared[ConfirmedProducer], table: Table, columns_of: Callable[[Sequence[X]], Columns]
    ) -> None:
        self._shared = shared
        self._table = table
        self._columns_of = columns_of
        self._producer = shared.acquire()

    def write_batch(self, values: list[Sequence[X]]) -> None:
        """Raises `DeliveryFailed`."""
        rows = [row for value in values for row in value]
        if rows:
            for message in pack(self._table, self._columns_of(rows)):
                self._producer.write(message, key=None, headers=[("table", self._table.name.encode())])
        self._producer.poll()

    def snapshot(self) -> None:
        self._producer.flush()

    def close(self) -> None:
        self._shared.release()
