"""chDB behind one call: a statement with its rows and settings in, bytes or ClickHouse's error out."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import chdb

_DEFAULT_FORMAT = "TabSeparated"
_TRAILING_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_READS = re.compile(r"\s*(SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b", re.IGNORECASE)
# An INSERT whose rows follow in the request: the data begin after one line end or blank.
_INSERT_WITH_DATA = re.compile(
    rb"\s*(?P<into>INSERT\s+INTO\s[^;']*?)(?P<settings>\sSETTINGS\s[^;]*?)?"
    rb"\s+FORMAT\s+(?P<format>\w+)(?:[ \t]*\n|\s|$)",
    re.IGNORECASE,
)
_SYNTAX_ERROR = 62
_UNKNOWN_EXCEPTION = 1002
_ERROR_CODE = re.compile(r"Code: (\d+)\. ")


class ClickHouseError(Exception):
    """The engine refused a statement: ClickHouse's own code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @classmethod
    def of(cls, code: int, text: str) -> Self:
        """The error that this gateway, not the engine, has to raise."""
        return cls(code, f"Code: {code}. DB::Exception: {text}")


@dataclass(frozen=True)
class Statement:
    """What one HTTP request asks: `sql` without the rows of an INSERT, and those rows in `data`."""

    sql: str
    data: bytes | None
    parameters: Mapping[str, str]
    settings: Mapping[str, str]
    database: str | None


@dataclass(frozen=True)
class Answer:
    """`format` is None for a statement that has no result; `rows` were read, or written by an INSERT."""

    body: bytes
    format: str | None
    rows: int
    bytes_: int
    is_insert: bool


def split_insert(body: bytes) -> tuple[str, bytes | None]:
    """Separates `INSERT … FORMAT x` from the rows that follow it; other statements have no data (None)."""
    found = _INSERT_WITH_DATA.match(body)
    if found is None:
        return body.decode(), None
    return body[: found.end()].decode(), body[found.end() :]


class Engine:
    """The one chDB engine of this process. `execute` may be called from several threads at once."""

    def __init__(self, path: str, grants: tuple[str, ...] | None = None) -> None:
        """`grants` are all that statements may do; None: everything."""
        self._path = path if grants is None else f"{path}?config-file={_write_config(path, grants)}"
        # The engine lives as long as one connection does: this one spans the gaps between requests.
        self._open = chdb.connect(self._path)

    def execute(self, statement: Statement) -> Answer:
        """Runs one statement on a connection of its own (1 ms), so settings and `USE` end with the request.

        Raises:
            ClickHouseError
        """
        connection = chdb.connect(self._path)
        try:
            for name, value in statement.settings.items():
                _run(connection, f"SET {_identifier(name)} = {_literal(value)}")
            if statement.database:
                _run(connection, f"USE {_identifier(statement.database)}")
            if statement.data is not None:
                return _insert(connection, statement.sql, statement.data, statement.parameters)
            result = _run(connection, statement.sql, statement.parameters)
            body = result.bytes() or b""
            return Answer(body, _result_format(statement.sql), *_statistics(result), is_insert=False)
        finally:
            connection.close()


def _write_config(path: str, grants: tuple[str, ...]) -> Path:
    # The gateway itself hands over the rows of an INSERT as a file; to a server they come with the request.
    queries = "".join(f"<query>{grant}</query>" for grant in ("GRANT READ ON FILE", *grants))
    account = "<password></password><profile>default</profile><quota>default</quota><networks><ip>::/0</ip></networks>"
    users, config = Path(f"{path}.users.xml"), Path(f"{path}.config.xml")
    users.write_text(
        "<clickhouse><profiles><default/></profiles><quotas><default/></quotas>"
        f"<users><default>{account}<grants>{queries}</grants></default></users></clickhouse>"
    )
    config.write_text(f"<clickhouse><users_config>{users}</users_config></clickhouse>")
    return config


def _insert(connection: Any, sql: str, data: bytes, parameters: Mapping[str, str]) -> Answer:
    found = _INSERT_WITH_DATA.match(sql.encode())
    if found is None:
        raise ClickHouseError.of(_SYNTAX_ERROR, f"rows, but no INSERT … FORMAT: {sql}")
    into, settings, name = ((found.group(part) or b"").decode() for part in ("into", "settings", "format"))
    # Not inline behind the statement: there chDB ends the rows at the first empty line, that is at any two bytes
    # 0A 0A in a row of Native data. clickhouse-connect's own chDB driver goes through a file too.
    with tempfile.NamedTemporaryFile(suffix=".rows") as rows:
        rows.write(data)
        rows.flush()
        from_file = f"{into} FROM INFILE {_literal(rows.name)}{settings} FORMAT {name}"
        result = _run(connection, from_file, parameters)
    return Answer(b"", None, *_statistics(result), is_insert=True)


def _run(connection: Any, sql: str, parameters: Mapping[str, str] | None = None) -> Any:
    try:
        return connection.query(sql, _DEFAULT_FORMAT, params=dict(parameters or {}))
    except RuntimeError as error:
        # chDB says "Code: N. DB::Exception: Code: N. DB::Exception: …"; a server says it once.
        message = re.sub(r"^(Code: \d+\. DB::Exception: )\1", r"\1", str(error))
        found = _ERROR_CODE.search(message)
        raise ClickHouseError(int(found.group(1)) if found else _UNKNOWN_EXCEPTION, message) from error


def _result_format(sql: str) -> str | None:
    if not _READS.match(sql):
        return None
    found = _TRAILING_FORMAT.search(sql)
    return found.group(1) if found else _DEFAULT_FORMAT


def _statistics(result: Any) -> tuple[int, int]:
    return result.rows_read(), result.bytes_read()


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _identifier(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
