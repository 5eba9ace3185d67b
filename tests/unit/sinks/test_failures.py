"""Which ClickHouse errors may pass by themselves, and what their messages show."""

import traceback

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError, ProgrammingError
from urllib3.exceptions import ProtocolError

from config.errors import Refused
from sinks.clickhouse.failures import TRANSIENT_CODES, translated
from sinks.errors import (
    AuthenticationFailed,
    RowsRefused,
    SchemaError,
    SinkError,
    TerminalSinkError,
    TransientSinkError,
)

WHERE = "http://job:***@db:8123/default"


def told(error: Exception, secret: str = "") -> SinkError:
    with pytest.raises(SinkError) as caught, translated(WHERE, secret):
        raise error
    return caught.value


@pytest.mark.parametrize("code", sorted(TRANSIENT_CODES))
def test_a_busy_or_unreachable_server_is_transient(code: int) -> None:
    assert type(told(DatabaseError("Code: 1", code=code))) is TransientSinkError


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (516, AuthenticationFailed),
        (497, AuthenticationFailed),
        (60, SchemaError),
        (16, SchemaError),
        (81, SchemaError),
        (117, RowsRefused),
        (62, TerminalSinkError),
        (123456, TerminalSinkError),
    ],
)
def test_what_somebody_must_change_is_terminal(code: int, kind: type[SinkError]) -> None:
    assert type(told(DatabaseError("Code: 1", code=code))) is kind


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("Error HTTPConnectionPool(...): Max retries exceeded executing HTTP request attempt 1"),
        OperationalError("HTTP driver received HTTP status 503"),
        DatabaseError("HTTP driver received HTTP status 502"),
        ProtocolError("Connection aborted."),
        ConnectionResetError("reset"),
        TimeoutError("timed out"),
    ],
)
def test_no_answer_is_transient(error: Exception) -> None:
    assert type(told(error)) is TransientSinkError


def test_a_page_of_something_else_is_terminal_and_names_the_port() -> None:
    error = told(DatabaseError("HTTP driver received HTTP status 404, server response: <html>"))
    assert type(error) is TerminalSinkError
    assert "8123" in str(error)


def test_a_fault_in_how_the_driver_is_used_is_terminal() -> None:
    assert type(told(ProgrammingError("Insert data column count does not match column names"))) is TerminalSinkError


def test_the_secret_is_masked_in_the_message_and_in_the_traceback() -> None:
    error = told(DatabaseError("Code: 516. job with password hunter2 is wrong", code=516), "hunter2")
    shown = "".join(traceback.format_exception(error))
    assert "hunter2" not in shown
    assert "***" in str(error)
    assert "Check the user and the password" in str(error)


def test_what_is_ours_passes_as_it_is() -> None:
    ours = SchemaError("newer")
    assert told(ours) is ours
    with pytest.raises(ZeroDivisionError), translated(WHERE):
        raise ZeroDivisionError


def test_a_token_file_that_is_gone_is_named() -> None:
    with pytest.raises(AuthenticationFailed, match=r"clickhouse\.token_file cannot be read"), translated(WHERE):
        raise Refused("cannot be read (No such file or directory)", allowed="a file")
