"""What the demo ends with: whether the sums hold, the tables, and how to ask more."""

from __future__ import annotations

import shlex
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.clickhouse_url import ClickHouseUrl
from flows.demo.checks import Check
from flows.demo.tables import Question


def print_checks(console: Console, checks: list[Check]) -> None:
    """One line a sum."""
    console.print(Text("Do the sums hold?", style="bold"))
    for each in checks:
        console.print(
            Text(f" {'✓' if each.holds else '✗'} {each}", style="green" if each.holds else "bold red"), soft_wrap=True
        )


def print_answer(console: Console, client: Client, question: Question) -> None:
    """The SQL of a question, and its answer as a table."""
    answer = client.query(question.sql)
    console.print()
    console.print(Text(question.title, style="bold"), soft_wrap=True)
    # Not wrapped by rich: what is copied from a terminal must stay the SQL it is.
    console.print(Text(question.sql, style="dim"), soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="cyan")
    for place, name in enumerate(answer.column_names):
        is_number = all(isinstance(row[place], int | float) for row in answer.result_rows)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in answer.result_rows:
        table.add_row(*(_text(value) for value in row))
    console.print(table if answer.result_rows else "no rows")
    if question.note:
        console.print(Text(question.note, style="dim"))


def print_way_on(console: Console, url: ClickHouseUrl) -> None:
    """How to ask more, as a command that works when pasted."""
    sql = "SELECT type, count() FROM events GROUP BY type ORDER BY 2 DESC"
    if url.embedded_path is not None:
        # Double quotes throughout, so that the shell's single ones need no escaping.
        path = orjson.dumps(str(Path(url.embedded_path).resolve())).decode()
        code = (
            f'import clickhouse_connect as c; db = c.get_client(interface="chdb", path={path}); '
            f'print(db.raw_query("{sql}", fmt="PrettyCompact").decode())'
        )
        command = shlex.join([sys.executable, "-c", code])
    else:
        password = ' --password "$CLICKHOUSE_PASSWORD"' if url.password.get_secret_value() else ""
        secure = " --secure" if url.is_secure else ""
        command = (
            f"clickhouse client --host {url.host}{secure} --user {shlex.quote(url.username)}{password} "
            f"--database {shlex.quote(url.database)} --query {shlex.quote(sql)}"
        )
    console.print()
    console.print(Text("To look further", style="bold"))
    console.print(Text(command), soft_wrap=True)


def _text(value: Any) -> str:
    match value:
        case bool():
            return str(value)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.1f}" if value % 1 else f"{value:,.0f}"
        case datetime():
            return f"{value:%a %H:%M}"
        case _:
            return str(value)
