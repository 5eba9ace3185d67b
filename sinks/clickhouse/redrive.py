"""Dead letters as they are taken out again, and the memory of which have gone back.

The table is the source, not the dead-letter topic: it holds each message whole, and its marks beside it.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, NamedTuple

from operators.records import Headers, Origin
from sinks.clickhouse.batch import insert_batch
from sinks.clickhouse.database import Database
from sinks.clickhouse.tables import REDRIVE_RUNS, REDRIVEN, Columns

REDRIVEN_FROM: Final = "redriven_from"
"""The header of a message that was sent again: `LetterId.text` of the dead letter it was."""

BATCH_LETTERS: Final = 500
BATCH_BYTES: Final = 16 * 2**20
"""What is held at once; one letter may be larger than this."""

_PAGE: Final = 20_000


class LetterId(NamedTuple):
    """The identity of a dead letter; of a topic made again the record's time differs."""

    topic: str
    partition: int
    offset: int
    record_time_ms: int

    @property
    def text(self) -> str:
        """As the header says it; a topic's name holds no slash."""
        return f"{self.topic}/{self.partition}/{self.offset}/{self.record_time_ms}"

    @classmethod
    def read(cls, text: str) -> LetterId | None:
        """The inverse of ``text``; None for what is none."""
        parts = text.split("/")
        if len(parts) != 4 or not all(part.removeprefix("-").isdecimal() for part in parts[1:]):
            return None
        return cls(parts[0], int(parts[1]), int(parts[2]), int(parts[3]))


class Letter(NamedTuple):
    """One message that became a dead letter, as it came. ``reason`` is that of its first letter, of a batch."""

    id: LetterId
    reason: str
    raw: bytes
    key: bytes | None
    headers: Headers


@dataclass(frozen=True)
class Selection:
    """Which dead letters: by reason, topic and the Kafka record's own time, from ``since_ms`` to before ``until_ms``.

    Those that came from a redrive themselves are only selected if ``again``.
    """

    reasons: Sequence[str]
    topics: Sequence[str]
    since_ms: int
    until_ms: int
    again: bool = False


class Mark(NamedTuple):
    """A letter is back on its topic, there."""

    letter: LetterId
    new_partition: int
    new_offset: int


class _Found(NamedTuple):
    id: LetterId
    size: int


_IDENTITY: Final = "topic, kafka_partition, `offset`, record_time"
_SELECTED: Final = f"""
    reason IN {{reasons:Array(String)}} AND topic IN {{topics:Array(String)}}
    AND record_time >= fromUnixTimestamp64Milli({{since:Int64}})
    AND record_time < fromUnixTimestamp64Milli({{until:Int64}})
    AND ({{again:Bool}} OR NOT has(`headers.name`, '{REDRIVEN_FROM}'))
    AND ({_IDENTITY}) NOT IN (SELECT {_IDENTITY} FROM redriven)
"""


class RedriveLog:
    """The tables ``dead_letters``, ``redriven`` and ``redrive_runs``. Calls retry, and raise `TerminalSinkError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def letters(self, selection: Selection) -> Iterator[list[Letter]]:
        """What is selected and not marked, each message once, in the order of its Kafka partition, in batches."""
        for batch in _batches(self._found(selection)):
            yield self._read(batch)

    def unfinished(self) -> dict[str, dict[Origin, int]]:
        """The runs that have not ended, each with the ends of the Kafka partitions when it began."""
        sql = (
            "SELECT run, starts.topic, starts.partition, starts.offset FROM redrive_runs WHERE state = 'begun' "
            "AND run NOT IN (SELECT run FROM redrive_runs WHERE state = 'ended') ORDER BY at"
        )
        return {
            run: dict(zip(zip(topics, partitions, strict=True), offsets, strict=True))
            for run, topics, partitions, offsets in self._ask("ask for unfinished redrives", sql, {})
        }

    def begin(self, run: str, starts: Mapping[Origin, int], arguments: str) -> None:
        """To be called before anything is sent."""
        self._note(run, "begun", starts, arguments)

    def end(self, run: str) -> None:
        """To be called when everything sent is marked."""
        self._note(run, "ended", {}, "")

    def mark(self, run: str, marks: Sequence[Mark]) -> None:
        """Remembers what is back. Marking twice changes nothing."""
        if marks:
            rows = [(*mark.letter, mark.new_partition, mark.new_offset, run) for mark in marks]
            insert_batch(self._database, REDRIVEN, list(zip(*rows, strict=True)))

    def marked(self, starts: Mapping[Origin, int]) -> set[tuple[str, int, int]]:
        """What of these topics, at least from these offsets on, is marked: (topic, Kafka partition, offset)."""
        bound = {"topics": sorted({topic for topic, _ in starts}), "first": min(starts.values(), default=0)}
        sql = (
            "SELECT topic, new_partition, new_offset FROM redriven "
            "WHERE topic IN {topics:Array(String)} AND new_offset >= {first:Int64}"
        )
        return {(row[0], row[1], row[2]) for row in self._ask("ask what is marked", sql, bound)}

    def _found(self, selection: Selection) -> Iterator[_Found]:
        after: tuple[Any, ...] = ("", 0, -1, 0)
        bound: dict[str, Any] = {
            "reasons": list(selection.reasons),
            "topics": list(selection.topics),
            "since": selection.since_ms,
            "until": selection.until_ms,
            "again": selection.again,
        }
        sql = (
            f"SELECT topic, kafka_partition, `offset`, toUnixTimestamp64Milli(record_time), max(length(raw)) "
            f"FROM dead_letters WHERE {_SELECTED} AND (topic, kafka_partition, `offset`, record_time) > "
            "({topic:String}, {partition:UInt32}, {offset:Int64}, fromUnixTimestamp64Milli({time:Int64})) "
            f"GROUP BY {_IDENTITY} ORDER BY {_IDENTITY} LIMIT {_PAGE}"
        )
        while True:
            place = dict(zip(("topic", "partition", "offset", "time"), after, strict=True))
            rows = self._ask("list dead letters", sql, bound | place)
            yield from (_Found(LetterId(*row[:4]), row[4]) for row in rows)
            if len(rows) < _PAGE:
                return
            after = tuple(rows[-1][:4])

    def _read(self, batch: Sequence[_Found]) -> list[Letter]:
        wanted = {found.id for found in batch}
        first = batch[0].id
        sql = (
            "SELECT topic, kafka_partition, `offset`, toUnixTimestamp64Milli(record_time), reason, base64Encode(raw), "
            "base64Encode(raw_key), headers.name, arrayMap(value -> base64Encode(value), headers.value) "
            "FROM dead_letters WHERE topic = {topic:String} AND kafka_partition = {partition:UInt32} "
            "AND `offset` >= {first:Int64} AND `offset` <= {last:Int64} "
            f"ORDER BY {_IDENTITY} LIMIT 1 BY {_IDENTITY}"
        )
        bound = {
            "topic": first.topic,
            "partition": first.partition,
            "first": first.offset,
            "last": batch[-1].id.offset,
        }
        rows = self._ask("read dead letters", sql, bound)
        return [letter for letter in map(_letter, rows) if letter.id in wanted]

    def _note(self, run: str, state: str, starts: Mapping[Origin, int], arguments: str) -> None:
        topics, partitions = [topic for topic, _ in starts], [partition for _, partition in starts]
        columns: Columns = [[run], [state], [topics], [partitions], [list(starts.values())], [arguments]]
        insert_batch(self._database, REDRIVE_RUNS, columns)

    def _ask(self, what: str, sql: str, bound: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        return self._database.retry.call(what, lambda: self._database.query(sql, bound))


def _batches(found: Iterator[_Found]) -> Iterator[list[_Found]]:
    """Runs of one Kafka partition, bounded in letters and bytes."""
    for _, of_one in groupby(found, key=lambda each: each.id[:2]):
        batch: list[_Found] = []
        size = 0
        for each in of_one:
            if batch and (len(batch) == BATCH_LETTERS or size + each.size > BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(each)
            size += each.size
        yield batch


def _letter(row: Sequence[Any]) -> Letter:
    *identity, reason, raw, key, names, values = row
    return Letter(
        id=LetterId(*identity),
        reason=reason,
        raw=b64decode(raw),
        key=b64decode(key) or None,
        headers=[
            (name, None if value is None else b64decode(value)) for name, value in zip(names, values, strict=True)
        ],
    )
