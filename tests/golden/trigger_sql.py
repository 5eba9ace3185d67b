"""Asks chDB what ``docs/queries`` find in a file of archived events.

    python -m tests.golden.trigger_sql ROWS

A process of its own, for the embedded engine serves one database a process. ``ROWS`` holds rows of the table
``events``. Prints a JSON line for every match that a query finds, with the trigger's name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson
from chdb.session import Session

from tests.golden.cases import ROOT

QUERIES: Final = ROOT / "docs" / "queries"
TABLES: Final = ROOT / "config" / "clickhouse" / "0001_tables.sql"
_AS_THE_SINK_SETS = "SET input_format_try_infer_dates = 0, input_format_try_infer_datetimes = 0"


def answers(rows: Path) -> Iterator[dict[str, Any]]:
    """Every match of every query."""
    session = Session()
    (table,) = (each for each in TABLES.read_text().split(";\n") if "TABLE IF NOT EXISTS events\n" in each)
    for statement in ("CREATE DATABASE log", "USE log", table, _AS_THE_SINK_SETS):
        session.query(statement)
    session.query(f"INSERT INTO events FROM INFILE '{rows}' FORMAT JSONEachRow")
    for query in sorted(QUERIES.glob("*.sql")):
        for line in session.query(query.read_text(), "JSONEachRow").bytes().splitlines():
            yield {"trigger": query.stem, **orjson.loads(line)}


if __name__ == "__main__":
    for answer in answers(Path(sys.argv[1])):
        print(orjson.dumps(answer).decode())
