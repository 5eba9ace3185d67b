"""The archive sink: every decoded event and every dead letter into ClickHouse, each once.

Bytewax gives a chunk again after a resume; what the tables already hold of it is not written again
(`AlreadyThere`; proof: ``tests/integration/test_clickhouse_sink.py`` and ``tests/fault``).
"""

from __future__ import annotations

from collections.abc import Sequence
from queue import SimpleQueue
from typing import Final, NamedTuple

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from config.clickhouse_url import ClickHouseUrl
from operators.records import Chunk, DeadLetter, Origin
from sinks import metrics
from sinks.clickhouse.already import AlreadyThere, wait_for_running_inserts
from sinks.clickhouse.batch import insert_batch
from sinks.clickhouse.database import Database
from sinks.clickhouse.event_rows import ChunkRows, dead_keys, dead_letter_columns, event_columns, event_keys
from sinks.clickhouse.tables import DEAD_LETTERS, EVENTS, Columns
from sinks.clickhouse.writer import DEFAULT_BATCHING, Batching, Writer
from sinks.retry import DEFAULT_RETRY, Retry
from sinks.routing import PartNames
from sinks.shared import Shared

# Ids, times and numbers of a row beside its JSON, roughly: the size is for a memory bound.
_ROW_BYTES: Final = 150
_SAMPLE_EVERY: Final = 16
_SIDE_BY_SIDE: Final = 2
"""INSERTs at once: the engine works on one with one core, and at an epoch's end the flow waits for the last of them."""


class ArchiveSink(FixedPartitionedSink[Chunk, int | None]):
    """Writes ``(part name, Chunk)`` to ``events`` and ``dead_letters``. Give it the source's partition names.

    The database is opened, and its tables are made, at the first chunk. All partitions of a process share one writer.
    ``snapshot`` returns when everything written is in the tables; what it returns is the offset of the next message,
    for information: after a crash the tables themselves are asked.
    Raises `TerminalSinkError` out of ``write_batch`` or ``snapshot``, which stops the dataflow.
    """

    def __init__(
        self,
        url: str | ClickHouseUrl,
        part_names: Sequence[str],
        *,
        retry: Retry = DEFAULT_RETRY,
        batching: Batching = DEFAULT_BATCHING,
    ) -> None:
        self._parts = PartNames(part_names)
        self._shared = Shared(lambda: _Archive(Database.open(url, retry), batching), _Archive.close)

    def list_parts(self) -> list[str]:
        return self._parts.names

    def part_fn(self, item_key: str) -> int:
        return self._parts.place(item_key)

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> ArchivePartition:
        return ArchivePartition(self._shared)


class _Resume(NamedTuple):
    """What the tables held of one Kafka partition when its sink partition was built."""

    events: AlreadyThere
    dead: AlreadyThere


class _New(NamedTuple):
    """Rows that the tables do not hold."""

    events: Columns
    dead: list[DeadLetter]


class _Archive:
    """One writer for all the partitions of a process."""

    def __init__(self, database: Database, batching: Batching) -> None:
        self._database = database
        wait_for_running_inserts(database)
        self._idle: SimpleQueue[Database] = SimpleQueue()
        for _ in range(_SIDE_BY_SIDE):
            self._idle.put(database.beside())
        self._writer: Writer[tuple[_Resume, Chunk], _New] = Writer(
            "archive", _new_rows, self._insert, threads=_SIDE_BY_SIDE, batching=batching
        )

    def resume(self, origin: Origin) -> _Resume:
        return _Resume(AlreadyThere(self._database, EVENTS, origin), AlreadyThere(self._database, DEAD_LETTERS, origin))

    def write(self, resume: _Resume, chunk: Chunk) -> None:
        sample = chunk.records[::_SAMPLE_EVERY]
        json_bytes = _SAMPLE_EVERY * sum(len(record.properties) + len(record.context) for record in sample)
        rows = len(chunk.records) + len(chunk.dead)
        size = json_bytes + rows * _ROW_BYTES + sum(len(letter.raw) for letter in chunk.dead)
        self._writer.write((resume, chunk), rows=rows, size=size)

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()
        for _ in range(_SIDE_BY_SIDE):
            self._idle.get().close()
        self._database.close()

    def _insert(self, new: _New) -> None:
        """On the writer's threads, each with a database of its own."""
        database = self._idle.get()
        try:
            if new.events[0]:
                insert_batch(database, EVENTS, new.events)
            if new.dead:
                insert_batch(database, DEAD_LETTERS, dead_letter_columns(new.dead))
        finally:
            self._idle.put(database)


def _new_rows(items: Sequence[tuple[_Resume, Chunk]]) -> _New:
    """On the writer's threads, in order: what the tables hold is asked in the order of the offsets."""
    parts: list[ChunkRows] = []
    dead: list[DeadLetter] = []
    for resume, chunk in items:
        parts.append(ChunkRows(chunk, _new_events(resume, chunk)))
        dead += _new_dead(resume, chunk)
    return _New(event_columns(parts), dead)


def _new_events(resume: _Resume, chunk: Chunk) -> list[int] | None:
    """The places of the records that ``events`` does not hold; `None`, and no work, when that is all of them."""
    if not chunk.offsets or not resume.events.may_hold(chunk.offsets[0]):
        return None
    places = resume.events.new(event_keys(chunk))
    metrics.ROWS_ALREADY_THERE.labels(table=EVENTS.name).inc(len(chunk.offsets) - len(places))
    return places


def _new_dead(resume: _Resume, chunk: Chunk) -> list[DeadLetter]:
    if not chunk.dead or not resume.dead.may_hold(chunk.dead[0].offset):
        return chunk.dead
    places = resume.dead.new(dead_keys(chunk.dead))
    metrics.ROWS_ALREADY_THERE.labels(table=DEAD_LETTERS.name).inc(len(chunk.dead) - len(places))
    return [chunk.dead[place] for place in places]


class ArchivePartition(StatefulSinkPartition[Chunk, int | None]):
    """One partition of an `ArchiveSink`."""

    def __init__(self, shared: Shared[_Archive]) -> None:
        self._shared = shared
        self._archive = shared.acquire()
        self._resumes: dict[Origin, _Resume] = {}
        self._end_offset: int | None = None

    def write_batch(self, values: list[Chunk]) -> None:
        """Hands the chunks to the writer; waits only while too many wait there."""
        for chunk in values:
            if chunk.origin not in self._resumes:
                self._resumes[chunk.origin] = self._archive.resume(chunk.origin)
            self._archive.write(self._resumes[chunk.origin], chunk)
            last = max(chunk.offsets[-1:] + [letter.offset for letter in chunk.dead[-1:]], default=None)
            self._end_offset = self._end_offset if last is None else last + 1

    def snapshot(self) -> int | None:
        self._archive.flush()
        return self._end_offset

    def close(self) -> None:
        """Writes nothing: what no epoch has closed over will be read again."""
        self._shared.release()
