"""Decisions and late events as columns of their tables, and which of them are new."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

from operators.records import Decision, LateEvent, Origin
from sinks import metrics
from sinks.clickhouse.database import Database
from sinks.clickhouse.tables import DECISIONS, Columns, Table
from sinks.json_bytes import json_bytes

# An id is 32 digits, and a statement is read up to 256 KiB (max_query_size).
_IDS_A_QUESTION: Final = 2_000


class Decided(NamedTuple):
    """A decision and the system time it was handed to the sink."""

    decision: Decision
    decided_at_us: int


def decision_columns(rows: Sequence[Decided]) -> Columns:
    """The columns of ``decisions``, in the order of `DECISIONS`."""
    decisions = [row.decision for row in rows]
    evidence = [decision.evidence for decision in decisions]
    return [
        [decision.action_id for decision in decisions],
        [decision.outcome for decision in decisions],
        [decision.reason or "" for decision in decisions],
        [decision.match_id for decision in decisions],
        [decision.trigger for decision in decisions],
        [decision.version for decision in decisions],
        [[decision.key] if isinstance(decision.key, str) else list(decision.key) for decision in decisions],
        [decision.per or "" for decision in decisions],
        [decision.recipient or "" for decision in decisions],
        [decision.event_time_us for decision in decisions],
        [decision.action for decision in decisions],
        [decision.channel for decision in decisions],
        [decision.template for decision in decisions],
        [decision.priority for decision in decisions],
        [decision.not_before_us for decision in decisions],
        [decision.not_after_us or 0 for decision in decisions],
        [json_bytes(decision.data).decode() for decision in decisions],
        [[event.step for event in events] for events in evidence],
        [[event.event_id for event in events] for events in evidence],
        [[event.topic for event in events] for events in evidence],
        [[event.partition for event in events] for events in evidence],
        [[event.offset for event in events] for events in evidence],
        [[event.event_time_us for event in events] for events in evidence],
        [row.decided_at_us // 1000 for row in rows],
    ]


def late_columns(events: Sequence[LateEvent]) -> Columns:
    """The columns of ``late``, in the order of `LATE`."""
    return [
        [event.origin[0] for event in events],
        [event.origin[1] for event in events],
        [event.offset for event in events],
        [event.index for event in events],
        [event.event_id for event in events],
        [event.type for event in events],
        [event.customer_id or "" for event in events],
        [event.event_time_us for event in events],
        [event.late_by_us for event in events],
    ]


def new_rows(database: Database, table: Table, columns: Columns) -> Columns:
    """The rows of ``decisions`` or ``late`` that the table does not hold, each once. Raises `TerminalSinkError`.

    Asked for every batch, not only after a resume, because nothing tells when a replay ends.
    """
    places = (_new_decisions if table is DECISIONS else _new_late)(database, columns)
    metrics.ROWS_ALREADY_THERE.labels(table=table.name).inc(len(columns[0]) - len(places))
    return [[column[place] for place in places] for column in columns]


def _new_decisions(database: Database, columns: Columns) -> list[int]:
    """A decision is its (action_id, outcome). The event times bound the question: they are the same in every run."""
    ids, outcomes, times_us = (
        columns[DECISIONS.columns.index(name)] for name in ("action_id", "outcome", "event_time")
    )
    first: dict[tuple[str, str], int] = {}
    for place, key in enumerate(zip(ids, outcomes, strict=True)):
        first.setdefault(key, place)
    asked = iter(set(ids))
    there: set[tuple[str, str]] = set()
    while some := list(islice(asked, _IDS_A_QUESTION)):
        there |= _decisions_there(database, some, min(times_us), max(times_us))
    return [place for key, place in first.items() if key not in there]


def _decisions_there(database: Database, ids: list[str], first_us: int, last_us: int) -> set[tuple[str, str]]:
    sql = (
        "SELECT action_id, outcome FROM decisions WHERE action_id IN {ids:Array(String)} "
        "AND event_time >= fromUnixTimestamp64Micro({first:Int64}, 'UTC') "
        "AND event_time <= fromUnixTimestamp64Micro({last:Int64}, 'UTC')"
    )
    parameters = {"ids": ids, "first": first_us, "last": last_us}
    rows = database.retry.call("ask decisions which actions it holds", lambda: database.query(sql, parameters))
    return {(row[0], row[1]) for row in rows}


def _new_late(database: Database, columns: Columns) -> list[int]:
    """A late event is its place in the log and its event id."""
    topics, partitions, offsets, indexes, event_ids = columns[:5]
    by_origin: dict[Origin, dict[tuple[int, int, str], int]] = {}
    keys = zip(topics, partitions, zip(offsets, indexes, event_ids, strict=True), strict=True)
    for place, (topic, partition, key) in enumerate(keys):
        by_origin.setdefault((topic, partition), {}).setdefault(key, place)
    new: list[int] = []
    for origin, first in by_origin.items():
        there = _late_there(database, *origin, first=min(key[0] for key in first), last=max(key[0] for key in first))
        new += [place for key, place in first.items() if key not in there]
    return new


def _late_there(database: Database, topic: str, partition: int, *, first: int, last: int) -> set[tuple[int, int, str]]:
    sql = (
        "SELECT `offset`, `index`, event_id FROM late WHERE topic = {topic:String} "
        "AND kafka_partition = {partition:UInt32} AND `offset` >= {first:Int64} AND `offset` <= {last:Int64}"
    )
    parameters = {"topic": topic, "partition": partition, "first": first, "last": last}
    rows = database.retry.call("ask late what it holds", lambda: database.query(sql, parameters))
    return {(row[0], row[1], row[2]) for row in rows}
