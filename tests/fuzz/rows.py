"""What was decoded, written as the archive writes it, into a real engine."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from config.clickhouse_url import ClickHouseUrl
from operators.decode import Decoded
from operators.records import Chunk
from sinks.clickhouse.archive import ArchivePartition, ArchiveSink
from sinks.clickhouse.client import connect
from sinks.errors import SinkError
from sinks.retry import Retry
from tests.fuzz.decoding import Message, as_chunk

BATCH = 500


class Rows:
    """Collects events and dead letters, and writes so many messages' at once."""

    def __init__(self, url: ClickHouseUrl) -> None:
        self._url = url
        self._pending: list[tuple[Message, Chunk]] = []
        self._messages = 0
        self.written = 0
        """How many rows there must be."""

    def add(self, message: Message, found: Decoded) -> None:
        """What a message has become; writes now and then. Raises as `flush`."""
        chunk = as_chunk(found)
        chunk.offsets = [self._messages] * len(chunk.offsets)
        for letter in chunk.dead:
            letter.offset = self._messages
        self._messages += 1
        self._pending.append((message, chunk))
        if len(self._pending) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Writes what is pending. An ``AssertionError`` names the message that cannot be written."""
        pending, self._pending = self._pending, []
        if not pending:
            return
        try:
            self._write([chunk for _, chunk in pending])
        except SinkError as error:
            for message, chunk in pending:
                try:
                    self._write([chunk])
                except SinkError as poison:
                    raise AssertionError(f"cannot be written: {message!r}: {poison}") from poison
            raise AssertionError(f"cannot be written together, and can one by one: {error}") from error
        self.written += sum(len(chunk.records) + len(chunk.dead) for _, chunk in pending)

    def count(self) -> int:
        """The rows in the tables, each read as JSON."""
        sql = (
            "SELECT countIf(isValidJSON(toJSONString(properties)) AND isValidJSON(toJSONString(context))) FROM events "
            "UNION ALL SELECT count() FROM dead_letters"
        )
        return sum(int(row[0]) for row in connect(self._url).query(sql).result_rows)

    def __enter__(self) -> Self:
        self._partition: ArchivePartition = self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._partition.close()

    def _open(self) -> ArchivePartition:
        return ArchiveSink(self._url, ["any"], retry=Retry(deadline_s=20.0)).build_part("archive", "any", None)

    def _write(self, chunks: list[Chunk]) -> None:
        try:
            self._partition.write_batch(chunks)
            self._partition.snapshot()
        except SinkError:
            self._partition.close()
            self._partition = self._open()
            raise
