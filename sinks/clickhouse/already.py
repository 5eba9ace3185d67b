"""What a table held of one Kafka partition before this run: what a resume reads again and must not write again.

Asked as a set, not as a maximum: an INSERT over several table partitions is not atomic, so a crash may have left gaps.
The record's own time is part of the identity, so that a topic deleted and made again, which starts at offset 0, is
not taken for what it replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from operators.records import Origin
from sinks.clickhouse.database import Database
from sinks.clickhouse.tables import EVENTS, Table
from sinks.errors import TransientSinkError

RowKey: TypeAlias = tuple[int, int, int]
"""(offset, index, record time in milliseconds); a dead letter has no index, and 0 there."""

# About 25 MB of Python integers and tuples at one row an offset; a question costs 10 to 20 ms.
WINDOW_OFFSETS: Final = 200_000


class AlreadyThere:
    """Which rows of one Kafka partition are new. Used by one thread at a time; keys come in offset order.

    It asks at its first keys, and then once a window until it has passed the last offset the table held; after that
    it costs nothing. Asking the same again, as a retry does, gives the same answer.
    """

    def __init__(
        self, database: Database, table: Table, origin: Origin, *, window_offsets: int = WINDOW_OFFSETS
    ) -> None:
        self._window_offsets = window_offsets
        self._database = database
        self._table = table
        self._origin = origin
        self._last: int | None = None
        self._window = range(0)
        self._there: frozenset[RowKey] = frozenset()

    def may_hold(self, first: int) -> bool:
        """Whether the table held anything from this offset on: cheap, once it has been asked."""
        if self._last is None:
            self._last = self._last_offset(first)
        if first <= self._last:
            return True
        self._there = frozenset()
        self._window = range(0)
        return False

    def new(self, keys: Sequence[RowKey]) -> list[int]:
        """Which places in ``keys`` (at least one) are not in the table. Raises `TerminalSinkError`."""
        first, last = keys[0][0], keys[-1][0]
        if not self.may_hold(first):
            return list(range(len(keys)))
        if first not in self._window or last not in self._window:
            self._window = range(first, max(last + 1, first + self._window_offsets))
            self._there = self._rows_in(self._window)
        return [place for place, key in enumerate(keys) if key not in self._there]

    def _last_offset(self, first: int) -> int:
        """The largest offset the table holds from ``first`` on; one less than ``first`` where it holds none."""
        rows = self._ask("count(), max(`offset`)", "`offset` >= {first:Int64}", {"first": first})
        return int(rows[0][1]) if rows[0][0] else first - 1

    def _rows_in(self, window: range) -> frozenset[RowKey]:
        index = "`index`" if self._table is EVENTS else "0"
        rows = self._ask(
            f"`offset`, {index}, toUnixTimestamp64Milli(record_time)",
            "`offset` >= {first:Int64} AND `offset` < {end:Int64}",
            {"first": window.start, "end": window.stop},
        )
        return frozenset((row[0], row[1], row[2]) for row in rows)

    def _ask(self, what: str, where: str, parameters: dict[str, int]) -> Sequence[Sequence[int]]:
        topic, partition = self._origin
        sql = (
            f"SELECT {what} FROM {self._table.name} "
            f"WHERE topic = {{topic:String}} AND kafka_partition = {{partition:UInt32}} AND {where}"
        )
        bound = {"topic": topic, "partition": partition, **parameters}
        return self._database.retry.call(
            f"ask {self._table.name} what it holds of {topic}/{partition}", lambda: self._database.query(sql, bound)
        )


def wait_for_running_inserts(database: Database) -> None:
    """Returns when the INSERTs that run now are over: one that a dead predecessor sent may still be committed.

    ClickHouse does not end an INSERT whose client is gone. Those seen are waited for, not those that come after, so
    other writers of the database delay nothing for long. Of a cluster only the node that answers is asked.
    Raises `RetriesExhausted` where one outlives the deadline.
    """
    seen = database.retry.call("ask which INSERTs are running", lambda: _running_inserts(database))

    def attempt() -> None:
        left = seen & _running_inserts(database)
        if left:
            raise TransientSinkError(f"{len(left)} INSERTs that an earlier run may have sent are still running.")

    if seen:
        database.retry.call("wait for the INSERTs of an earlier run", attempt)


def _running_inserts(database: Database) -> frozenset[str]:
    rows = database.query(
        "SELECT query_id FROM system.processes WHERE query_kind = 'Insert' AND current_database = currentDatabase()",
        {},
    )
    return frozenset(row[0] for row in rows)
