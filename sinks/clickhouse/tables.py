"""The tables as the sinks write them: their columns in order, and the type each is sent as.

JSON columns are sent as text, which ClickHouse parses: nothing in Python reads them. Times are sent as integers in
the column's own unit. Columns that the server fills (``archived_at``) are not here.

100 000 events of 230 bytes into chDB 26.9, two JSON columns, one core: text as JSON 165 000 rows/s; text as String,
converted by the engine, 176 000, but that conversion ignores the statement's settings and makes dates of texts; dicts
153 000; JSONEachRow 119 000 with its making; text stored unparsed 882 000. The engine's parsing is the cost, without
the GIL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

Columns: TypeAlias = list[Sequence[Any]]
"""One sequence per column of a table, all of one length."""

_NAME: Final = "LowCardinality(String)"
_TIME_US: Final = "DateTime64(6, 'UTC')"
_TIME_MS: Final = "DateTime64(3, 'UTC')"


class Table(NamedTuple):
    """What an INSERT names."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]


def _table(name: str, **columns: str) -> Table:
    return Table(name, tuple(column.replace("__", ".") for column in columns), tuple(columns.values()))


EVENTS: Final = _table(
    "events",
    topic=_NAME,
    kafka_partition="UInt32",
    offset="Int64",
    index="UInt16",
    event_id="String",
    type=_NAME,
    customer_id="String",
    session_id="String",
    event_time=_TIME_US,
    record_time=_TIME_MS,
    watermark=_TIME_US,
    late="Bool",
    properties="JSON",
    context="JSON",
)

DECISIONS: Final = _table(
    "decisions",
    action_id="String",
    outcome=_NAME,
    reason=_NAME,
    match_id="String",
    trigger=_NAME,
    version="UInt32",
    key="Array(String)",
    per="String",
    recipient="String",
    event_time=_TIME_US,
    action=_NAME,
    channel=_NAME,
    template=_NAME,
    priority="Int32",
    not_before=_TIME_US,
    not_after=_TIME_US,
    data="JSON",
    evidence__step="Array(LowCardinality(String))",
    evidence__event_id="Array(String)",
    evidence__topic="Array(LowCardinality(String))",
    evidence__partition="Array(UInt32)",
    evidence__offset="Array(Int64)",
    evidence__event_time=f"Array({_TIME_US})",
    decided_at=_TIME_MS,
)

LATE: Final = _table(
    "late",
    topic=_NAME,
    kafka_partition="UInt32",
    offset="Int64",
    index="UInt16",
    event_id="String",
    type=_NAME,
    customer_id="String",
    event_time=_TIME_US,
    late_by_us="Int64",
)

DEAD_LETTERS: Final = _table(
    "dead_letters",
    topic=_NAME,
    kafka_partition="UInt32",
    offset="Int64",
    record_time=_TIME_MS,
    reason=_NAME,
    message="String",
    raw="String",
    raw_key="String",
    headers__name="Array(String)",
    headers__value="Array(Nullable(String))",
)

REDRIVEN: Final = _table(
    "redriven",
    topic=_NAME,
    kafka_partition="UInt32",
    offset="Int64",
    record_time=_TIME_MS,
    new_partition="UInt32",
    new_offset="Int64",
    run="String",
)

REDRIVE_RUNS: Final = _table(
    "redrive_runs",
    run="String",
    state=_NAME,
    starts__topic="Array(String)",
    starts__partition="Array(UInt32)",
    starts__offset="Array(Int64)",
    arguments="String",
)
