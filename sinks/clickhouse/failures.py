"""ClickHouse's and the driver's exceptions, told apart by error code: may it pass by itself, and what to do.

The codes are those of ``src/Common/ErrorCodes.cpp``. A code that is not here is terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from clickhouse_connect.driver.exceptions import ClickHouseError, Error
from urllib3.exceptions import HTTPError

from config.errors import Refused
from sinks.certificates import why_untrusted
from sinks.errors import (
    AuthenticationFailed,
    RowsRefused,
    SchemaError,
    SinkError,
    TerminalSinkError,
    TransientSinkError,
)

TRANSIENT_CODES: Final = {
    3: "UNEXPECTED_END_OF_FILE",  # the body was cut on its way
    23: "CANNOT_READ_FROM_ISTREAM",
    24: "CANNOT_WRITE_TO_OSTREAM",
    32: "ATTEMPT_TO_READ_AFTER_EOF",
    95: "CANNOT_READ_FROM_SOCKET",
    96: "CANNOT_WRITE_TO_SOCKET",
    159: "TIMEOUT_EXCEEDED",
    198: "DNS_ERROR",
    202: "TOO_MANY_SIMULTANEOUS_QUERIES",
    203: "NO_FREE_CONNECTION",
    209: "SOCKET_TIMEOUT",
    210: "NETWORK_ERROR",
    225: "NO_ZOOKEEPER",
    236: "ABORTED",  # the server is shutting down
    241: "MEMORY_LIMIT_EXCEEDED",
    242: "TABLE_IS_READ_ONLY",  # a replica that has lost its Keeper
    243: "NOT_ENOUGH_SPACE",  # merges, a TTL or somebody free some, and nobody needs to touch the job then
    252: "TOO_MANY_PARTS",
    279: "ALL_CONNECTION_TRIES_FAILED",
    285: "TOO_FEW_LIVE_REPLICAS",
    286: "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE",
    307: "TOO_MANY_BYTES",  # quotas refill
    319: "UNKNOWN_STATUS_OF_INSERT",  # repeated under the same deduplication token
    394: "QUERY_WAS_CANCELLED",
    425: "SYSTEM_ERROR",
    439: "CANNOT_SCHEDULE_TASK",
    999: "KEEPER_EXCEPTION",
}

_AUTHENTICATION_CODES: Final = {192, 193, 194, 492, 497, 516}
_SCHEMA_CODES: Final = {10, 16, 47, 60, 81}
_ROW_CODES: Final = {6, 26, 27, 33, 53, 70, 117, 131, 349, 407, 412, 636}
_LOGIN: Final = "Check the user and the password of the ClickHouse URL, clickhouse.password_file or clickhouse.token."
_TO_DO: Final = {
    243: "Free or add disk space.",
    252: "Parts come faster than ClickHouse merges them: see system.merges.",
    516: _LOGIN,
    497: "Grant the account what docs/security.md lists.",
}
_CLIENT_REFUSED: Final = re.compile(r"alert (bad|unsupported|unknown|certificate|handshake failure)|ALERT_\w+CERT")
# A server's message may quote a whole statement; the reason stands at its beginning.
_LONGEST_MESSAGE: Final = 600


@contextmanager
def translated(where: str, *secrets: str) -> Iterator[None]:
    """Turns driver and network exceptions of its block into `SinkError`. ``where`` is shown, ``secrets`` never are."""
    try:
        yield
    except SinkError:
        raise
    except Refused as refused:
        raise AuthenticationFailed(f"ClickHouse at {where}: clickhouse.token_file {refused}.") from None
    except (ClickHouseError, HTTPError, OSError) as error:
        # Without the cause: its text may hold what is masked here.
        raise _as_sink_error(error, where, secrets) from None


def _as_sink_error(error: Exception, where: str, secrets: Sequence[str]) -> SinkError:
    code = error.code if isinstance(error, Error) else None
    message = _one_line(str(error), secrets)
    if code is None:
        return _without_code(error, message, where)
    told = f"ClickHouse at {where}: {message}"
    if code in TRANSIENT_CODES:
        return TransientSinkError(f"{told}. {_TO_DO[code]}" if code in _TO_DO else f"{told}.")
    to_do = _TO_DO.get(code)
    if code in _AUTHENTICATION_CODES:
        return AuthenticationFailed(f"{told}. {to_do or 'Check the account of the ClickHouse URL.'}")
    if code in _SCHEMA_CODES:
        return SchemaError(f"{told}. {to_do or 'Let the job create its tables, or restore what was dropped.'}")
    if code in _ROW_CODES:
        return RowsRefused(f"{told}. {to_do or 'This is a fault of the job: report the message.'}")
    return TerminalSinkError(f"{told}. {to_do or 'Remove the cause, then start the job again: it resumes.'}")


def _without_code(error: Exception, message: str, where: str) -> SinkError:
    """No ClickHouse answered: the network, or something between that speaks HTTP."""
    told = f"No answer from ClickHouse at {where}: {message}"
    if "HTTP status 401" in message or "HTTP status 403" in message:
        return AuthenticationFailed(f"{told}. {_LOGIN}")
    if "CERTIFICATE_VERIFY_FAILED" in message:
        why = why_untrusted(message, ca_setting="clickhouse.ssl_ca_location", address_setting="CLICKHOUSE_URL")
        return TerminalSinkError(f"ClickHouse at {where}: {why}.")
    if _CLIENT_REFUSED.search(message):
        return AuthenticationFailed(
            f"{told}. The server does not take our certificate: look at clickhouse.ssl_certificate_location."
        )
    if "WRONG_VERSION_NUMBER" in message:
        return TerminalSinkError(f"{told}. The server speaks no TLS there: check port and https:// of the URL.")
    # OperationalError is how the driver wraps urllib3's errors and the statuses 429, 503 and 504.
    if type(error).__name__ in ("OperationalError", "StreamFailureError") or isinstance(error, HTTPError | OSError):
        return TransientSinkError(f"{told}.")
    if "HTTP status 502" in message:
        return TransientSinkError(f"{told}.")
    return TerminalSinkError(f"{told}. Check that the ClickHouse URL names the HTTP interface (port 8123 or 8443).")


def _one_line(message: str, secrets: Sequence[str]) -> str:
    text = " ".join(message.split())
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    text = text.rstrip(".")
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"
