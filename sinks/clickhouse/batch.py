"""One batch of rows into one table: inserted once, whatever happens to the answer.

An INSERT whose connection is cut may have been executed. It is sent again as it was, under the same
``insert_deduplication_token``; the table's deduplication log (``non_replicated_deduplication_window``) knows each block
it has committed by that token, and the check is made at the commit itself, so even the first attempt landing late
doubles nothing. Asking instead which rows are there would miss an INSERT that is still running.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from sinks import metrics
from sinks.clickhouse.database import Database
from sinks.clickhouse.json_text import acceptable, quoted
from sinks.clickhouse.tables import Columns, Table
from sinks.clickhouse.texts import encodable
from sinks.errors import RowsRefused


def insert_batch(database: Database, table: Table, columns: Columns, token: str | None = None) -> None:
    """Returns when the rows are in the table. Raises `TerminalSinkError`.

    Who may call again after a failure gives the same columns the same ``token``: they land once all the same.
    """
    token = token or new_token()
    rows = len(columns[0])
    with metrics.INSERT_SECONDS.labels(table=table.name).time():
        try:
            try:
                _insert(database, table, columns, token)
            except UnicodeEncodeError:
                columns = encodable(columns)
                _insert(database, table, columns, token)
        except RowsRefused:
            rewritten = _with_acceptable_json(table, columns)
            if rewritten is None:
                _insert_halves(database, table, columns, token)
            else:
                # A token of their own: what was refused left nothing behind, and these are other rows.
                _insert_or_halves(database, table, rewritten, f"{token}-rewritten")
    metrics.ROWS_INSERTED.labels(table=table.name).inc(rows)


def new_token() -> str:
    """What names one set of rows to be inserted."""
    return uuid.uuid4().hex


def _insert(database: Database, table: Table, columns: Columns, token: str) -> None:
    database.retry.call(
        f"insert {len(columns[0])} rows into {table.name}", lambda: database.insert(table, columns, token)
    )


def _insert_or_halves(database: Database, table: Table, columns: Columns, token: str) -> None:
    try:
        _insert(database, table, columns, token)
    except RowsRefused:
        _insert_halves(database, table, columns, token)


def _insert_halves(database: Database, table: Table, columns: Columns, token: str) -> None:
    """Finds the rows that are refused, for whatever reason, and stores their JSON as the text it is.

    Raises `RowsRefused` where that is refused too: then it is not the JSON.
    """
    rows = len(columns[0])
    if rows == 1:
        _insert(database, table, _mapped_json(table, columns, quoted), f"{token}-quoted")
        metrics.ROWS_REWRITTEN.labels(table=table.name).inc()
        return
    for half, rest in (("1", slice(rows // 2)), ("2", slice(rows // 2, None))):
        _insert_or_halves(database, table, [column[rest] for column in columns], f"{token}-{half}")


def _mapped_json(table: Table, columns: Columns, change: Callable[[str], str]) -> Columns:
    return [
        [change(text) for text in column] if kind == "JSON" else column
        for column, kind in zip(columns, table.types, strict=True)
    ]


def _with_acceptable_json(table: Table, columns: Columns) -> Columns | None:
    """The columns with their JSON normalised; `None` where that changes nothing."""
    rewritten = _mapped_json(table, columns, acceptable)
    changed = sum(
        any(before != after for before, after in zip(row_before, row_after, strict=True))
        for row_before, row_after in zip(_json(table, columns), _json(table, rewritten), strict=True)
    )
    metrics.ROWS_REWRITTEN.labels(table=table.name).inc(changed)
    return rewritten if changed else None


def _json(table: Table, columns: Columns) -> list[tuple[str, ...]]:
    json = [column for column, kind in zip(columns, table.types, strict=True) if kind == "JSON"]
    return list(zip(*json, strict=True))
