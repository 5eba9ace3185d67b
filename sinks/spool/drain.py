"""The drain: takes rows from the spool to their tables, each once, for as long as that takes.

There is one in a dataflow, so nobody else asks and inserts the same rows at the same time. It asks the table which rows
it holds before it inserts, holds a batch under one token until ClickHouse has confirmed it, and only then moves the
consumer group on: what a crash or a replay brings again is not inserted again
(proof: ``tests/integration/test_triggers_without_clickhouse.py``).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import Message

from config.clickhouse_url import ClickHouseUrl
from sinks import metrics
from sinks.clickhouse.already import wait_for_running_inserts
from sinks.clickhouse.batch import insert_batch, new_token
from sinks.clickhouse.database import Database
from sinks.clickhouse.decision_rows import new_rows
from sinks.clickhouse.tables import Columns, Table
from sinks.errors import RetriesExhausted, SinkError, SpoolUnreadable
from sinks.retry import Retry
from sinks.spool.messages import unpack
from sinks.spool.reader import SpoolReader

_log: Final = logging.getLogger(__name__)

DRAIN_RETRY: Final = Retry(deadline_s=5.0, attempt_s=10)
"""Short, because the drain begins again without end, and would rather say so."""
_MOST_MESSAGES: Final = 2_000
_MOST_BYTES: Final = 16 * 2**20
_READ_S: Final = 0.2
_AGAIN_S: Final = 1.0
"""How soon after a failure that may pass it begins again; `DRAIN_RETRY` has waited before."""
_AGAIN_WHEN_REFUSED_S: Final = 5.0
"""And after one that will not pass by itself: somebody must free a disk or restore a table."""


class Drain:
    """One thread, from `start` to `close`. ``failure`` is why it ended by itself, if it did.

    No ClickHouse ends it, whatever it answers: rows are safe where they are. A spool that cannot be read does.
    Memory: one batch, and what librdkafka reads ahead, each about 16 MB.
    """

    def __init__(self, kafka: Mapping[str, Any], topic: str, url: ClickHouseUrl, *, retry: Retry = DRAIN_RETRY) -> None:
        self._kafka = kafka
        self._topic = topic
        self._url = url
        self._retry = retry
        self._database: Database | None = None
        self._stop = threading.Event()
        self._troubled = False
        self._thread = threading.Thread(target=self._run, name="spool-drain", daemon=True)
        self.failure: SinkError | None = None

    def start(self) -> None:
        """Begins with what lies there."""
        self._thread.start()

    def close(self) -> None:
        """Ends it, without waiting for a ClickHouse that does not answer: what is not stored stays on the spool."""
        self._stop.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        try:
            reader = SpoolReader(self._kafka, self._topic)
            try:
                while not self._stop.is_set():
                    self._drain(reader)
            finally:
                reader.close()
        except SinkError as error:
            self.failure = error
        except BaseException as error:  # a thread that just died would leave rows waiting without a word
            _log.exception("the drain of the spool failed")
            self.failure = SpoolUnreadable(f"The drain of the spool failed: {error!r}. A fault of the job: report it.")

    def _drain(self, reader: SpoolReader) -> None:
        messages = self._read(reader)
        metrics.SPOOL_WAITING.set(reader.waiting())
        if not messages:
            return
        for table, columns in _by_table(messages).items():
            token = new_token()
            new: Columns | None = None
            while not self._stop.is_set():
                try:
                    if new is None:
                        new = new_rows(self._open(), table, columns)
                    if new[0]:
                        # Of a batch that may be under way the same rows again, under the same token.
                        insert_batch(self._open(), table, new, token)
                    break
                except SinkError as error:
                    self._wait(error, messages, reader)
        if not self._stop.is_set():
            reader.done(messages)
            metrics.SPOOL_WAITING.set(reader.waiting())
            self._recovered()

    def _read(self, reader: SpoolReader) -> list[Message]:
        """What is ready, up to a batch."""
        messages = reader.read(_MOST_MESSAGES, _READ_S)
        size = sum(len(message) for message in messages)
        while messages and len(messages) < _MOST_MESSAGES and size < _MOST_BYTES:
            more = reader.read(_MOST_MESSAGES - len(messages), 0)
            if not more:
                break
            messages += more
            size += sum(len(message) for message in more)
        return messages

    def _open(self) -> Database:
        if self._database is None:
            database = Database.open(self._url, self._retry)
            wait_for_running_inserts(database)
            self._database = database
        return self._database

    def _wait(self, error: SinkError, messages: list[Message], reader: SpoolReader) -> None:
        if not self._troubled:
            self._troubled = True
            oldest_ms = min(message.timestamp()[1] for message in messages)
            metrics.SPOOL_WAITING_SINCE.set(oldest_ms / 1000)
            _log.warning(
                "ClickHouse takes no rows; they wait on the spool, topic %s. %s", self._topic, error.__cause__ or error
            )
        metrics.SPOOL_WAITING.set(reader.waiting())
        self._stop.wait(_AGAIN_S if isinstance(error, RetriesExhausted) else _AGAIN_WHEN_REFUSED_S)

    def _recovered(self) -> None:
        if self._troubled:
            self._troubled = False
            metrics.SPOOL_WAITING_SINCE.set(0)
            _log.warning("ClickHouse takes rows again; what waits on the spool is being stored")


def _by_table(messages: list[Message]) -> dict[Table, Columns]:
    """The rows of all the messages, one set of columns a table."""
    tables: dict[Table, list[list[Any]]] = {}
    for message in messages:
        table, columns = unpack(message.value() or b"")
        for whole, part in zip(tables.setdefault(table, [[] for _ in table.columns]), columns, strict=True):
            whole += part
    return {table: list(columns) for table, columns in tables.items()}
