"""The tables: created and brought up to date by the job itself, from ``config/clickhouse/NNNN_name.sql``.

ClickHouse has no transaction around DDL and no lock to take, so every statement of a migration can be run again
without harm (``IF NOT EXISTS``), and a migration is recorded after its last statement. Processes that start together
may both run it; a crash in the middle runs it again.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from sinks.errors import SchemaError

_NAME = re.compile(r"(\d{4})_(\w+)\.sql")

_CREATE_RECORD = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    version UInt32,
    name String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY version
"""


class Migration(NamedTuple):
    """One file: its statements, to be run in order."""

    version: int
    name: str
    statements: tuple[str, ...]


def read_migrations() -> list[Migration]:
    """The migrations this code knows, oldest first."""
    found = []
    for file in files("config").joinpath("clickhouse").iterdir():
        named = _NAME.fullmatch(file.name)
        if named:
            statements = split_statements(file.read_text(encoding="utf-8"))
            found.append(Migration(int(named[1]), named[2], statements))
    return sorted(found)


def split_statements(text: str) -> tuple[str, ...]:
    """The statements of a file: without whole-line comments, ended by a semicolon at the end of a line."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    parts = re.split(r";[ \t]*(?:\n|$)", "\n".join(lines))
    return tuple(part.strip() for part in parts if part.strip())


def migrate(client: Client, migrations: list[Migration] | None = None) -> list[int]:
    """Bring the client's default database up to date; the versions applied now. Idempotent.

    Raises `SchemaError`, before it changes anything, where the database holds a version this code does not know.
    Driver exceptions pass: the caller translates and retries.
    """
    known = read_migrations() if migrations is None else migrations
    client.command(_CREATE_RECORD)
    applied = _applied(client)
    unknown = sorted(applied - {migration.version for migration in known})
    if unknown:
        newest = max((migration.version for migration in known), default=0)
        raise SchemaError(
            f"The ClickHouse database {client.database!r} is at schema version {unknown[-1]}, and this code knows "
            f"versions up to {newest}: a newer release has migrated it. Run that release, or use another database."
        )
    done = []
    for migration in known:
        # Asked again for each: another process may have come this far meanwhile.
        if migration.version in applied or migration.version in _applied(client):
            continue
        for statement in migration.statements:
            client.command(statement)
        client.command(
            "INSERT INTO schema_migrations (version, name) VALUES ({version:UInt32}, {name:String})",
            parameters={"version": migration.version, "name": migration.name},
        )
        done.append(migration.version)
    return done


def _applied(client: Client) -> set[int]:
    return {row[0] for row in client.query("SELECT DISTINCT version FROM schema_migrations").result_rows}
