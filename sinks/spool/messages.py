"""What a message of the spool is: rows of one table, as the columns that an INSERT sends. A published format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from sinks.clickhouse.tables import DECISIONS, LATE, Columns, Table
from sinks.clickhouse.texts import encodable, mapped
from sinks.errors import SpoolUnreadable

FORMAT: Final = 1
"""[format, table, columns by name]"""
LARGEST_MESSAGE: Final = 800_000
"""Kafka takes 1 MB where nobody says otherwise; this leaves room for what it adds."""

_TABLES: Final = {table.name: table for table in (DECISIONS, LATE)}
_LONGEST_TEXT: Final = 1_000
_MOST_EVIDENCE: Final = 50
_EVIDENCE: Final = "evidence."


def pack(table: Table, columns: Columns) -> Iterator[bytes]:
    """The rows as messages, in order, none larger than Kafka takes.

    One row that alone is larger is cut (`_cut`): its evidence still leads to the whole events.
    """
    value = _encoded(table, columns)
    if len(value) <= LARGEST_MESSAGE:
        yield value
    elif len(columns[0]) > 1:
        half = len(columns[0]) // 2
        yield from pack(table, [column[:half] for column in columns])
        yield from pack(table, [column[half:] for column in columns])
    else:
        yield from pack(table, _cut(table, columns))


def unpack(value: bytes) -> tuple[Table, Columns]:
    """The table and its columns. Raises `SpoolUnreadable` for what `pack` of this version did not make."""
    try:
        format_, name, columns = msgspec.msgpack.decode(value, type=tuple[int, str, dict[str, list[Any]]])
        table = _TABLES[name]
        if format_ == FORMAT:
            return table, [columns[column] for column in table.columns]
    except (msgspec.DecodeError, KeyError):
        pass
    raise SpoolUnreadable(
        f"A message of {len(value)} bytes is no rows of format {FORMAT}. Was it written by a newer release? Then run "
        "that; else move the consumer group past it."
    )


def _encoded(table: Table, columns: Columns) -> bytes:
    try:
        return msgspec.msgpack.encode([FORMAT, table.name, dict(zip(table.columns, columns, strict=True))])
    except UnicodeEncodeError:
        return _encoded(table, encodable(columns))


def _cut(table: Table, columns: Columns) -> Columns:
    """One row made small: JSON replaced by its size, texts and evidence shortened. The same row, the same answer.

    Never what identifies it: an ``action_id`` is 32 digits, and a late event has its place in the log.
    """
    cut: list[Sequence[Any]] = []
    for name, kind, (value,) in zip(table.columns, table.types, columns, strict=True):
        if kind == "JSON":
            value = f'{{"_too_large_bytes":{len(value)}}}'
        elif name.startswith(_EVIDENCE) or name == "key":
            value = value[:_MOST_EVIDENCE]
        cut.append([mapped(value, lambda text: text[:_LONGEST_TEXT])])
    return cut
