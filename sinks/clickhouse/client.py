"""A client from a URL: a ClickHouse server over HTTP, or chDB in this process. Both speak the same API after that."""

from __future__ import annotations

import logging
from typing import Any, Final

from clickhouse_connect import get_client
from clickhouse_connect.driver import options
from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error

from config.clickhouse_url import ClickHouseUrl, parse_clickhouse_url
from config.errors import Refused
from sinks.clickhouse.embedded import embedded_client, embedded_client_beside
from sinks.clickhouse.failures import translated
from sinks.errors import BadAddress

UNKNOWN_DATABASE: Final = 81

_CONNECT_TIMEOUT_S: Final = 10

# The driver logs what it raises: a line each attempt, for as long as a server is away. Whoever retries tells it once.
logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)


def read_url(url: str | ClickHouseUrl) -> ClickHouseUrl:
    """The parts of a URL. Raises `BadAddress`, which does not repeat it: it may hold a password."""
    try:
        return parse_clickhouse_url(url)
    except Refused as refused:
        raise BadAddress(f"The ClickHouse URL {refused}") from None


def connect(url: str | ClickHouseUrl, *, timeout_s: int = 25) -> Client:
    """A client whose default database exists (it is created where it does not). Safe from several threads.

    ``timeout_s`` bounds the silence of a server. Of an embedded folder there is one client per process and database,
    and it is not the caller's to close.
    Raises `BadAddress`, `AuthenticationFailed`, `EmbeddedInUse`, `EmbeddedMissing`; `TransientSinkError` when nobody
    answers, which is the caller's to retry.
    """
    address = read_url(url)
    # The driver imports them, where they are installed, at its first INSERT: half a second of the running flow's.
    _ = options.np, options.pd
    with translated(str(address), *address.secrets()):
        if address.embedded_path is not None:
            return embedded_client(address.embedded_path, address.database)
        return _server_client(address, timeout_s)


def connect_beside(url: str | ClickHouseUrl, client: Client) -> Client:
    """A client whose statements run while those of ``client`` do, which is another one where that is embedded.

    Then it is the caller's to close. Raises as `connect`.
    """
    address = read_url(url)
    if address.embedded_path is None:
        return client
    with translated(str(address)):
        return embedded_client_beside(address.embedded_path, address.database)


def _login(address: ClickHouseUrl) -> dict[str, Any]:
    """A token, or user and password, or a user whom the certificate shows to be who he says."""
    if address.token_file is not None:
        return {"token_provider": address.token_file.read}
    if address.token is not None:
        return {"access_token": address.token.get_secret_value()}
    password = address.password.get_secret_value()
    # By itself the driver takes every certificate for the login, and then sends no password.
    tls_mode = "strict" if address.certificate_location is not None and password else None
    return {"username": address.username, "password": password, "tls_mode": tls_mode}


def _server_client(address: ClickHouseUrl, timeout_s: int) -> Client:
    client = get_client(
        host=address.host,
        port=address.port,
        interface=address.scheme,
        secure=address.is_secure,
        ca_cert=address.ca_location,
        client_cert=address.certificate_location,
        client_cert_key=address.key_location,
        **_login(address),
        connect_timeout=_CONNECT_TIMEOUT_S,
        send_receive_timeout=timeout_s,
        # A session allows one query at a time; the writer and the questions of a resume run side by side.
        autogenerate_session_id=False,
    )
    try:
        client.database = address.database
        client.command("SELECT 1")
    except Error as error:
        if error.code != UNKNOWN_DATABASE:
            raise
        client.database = None
        client.command(f"CREATE DATABASE IF NOT EXISTS {quote_identifier(address.database)}")
        client.database = address.database
    return client
