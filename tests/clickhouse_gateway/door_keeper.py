"""Whom the gateway lets in: TLS, and a login where one is asked for. As a server, it refuses with code 516."""

import base64
import email.message
import socket
import ssl
from dataclasses import dataclass

from tests.clickhouse_gateway.engine import ClickHouseError

_AUTHENTICATION_FAILED = 516


@dataclass(frozen=True)
class Admission:
    """PEM files of the gateway, and of the authority whose clients need no password; `user` and its secrets.

    Without `certificate` it speaks in clear, without `password` and `token` everybody may come in. `grants` are
    statements (`GRANT … ON …`) of all that the one account of the engine may do; None: everything.
    """

    certificate: str | None = None
    key: str | None = None
    client_authority: str | None = None
    user: str = "default"
    password: str | None = None
    token: str | None = None
    grants: tuple[str, ...] | None = None


class DoorKeeper:
    """Wraps connections in TLS and checks logins. Handshakes happen in the connection's own thread."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._tls: ssl.SSLContext | None = None
        if admission.certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(admission.certificate, admission.key)
            if admission.client_authority is not None:
                self._tls.load_verify_locations(admission.client_authority)
                self._tls.verify_mode = ssl.CERT_REQUIRED

    def wrapped(self, connection: socket.socket) -> socket.socket:
        if self._tls is None:
            return connection
        return self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)

    def refusal(self, headers: email.message.Message) -> ClickHouseError | None:
        """None for who may come in."""
        asked = self._admission
        if asked.password is None and asked.token is None:
            return None
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer" and asked.token is not None and given == asked.token:
            return None
        basic = base64.b64encode(f"{asked.user}:{asked.password}".encode()).decode()
        if scheme == "Basic" and asked.password is not None and given == basic:
            return None
        text = f"{asked.user}: Authentication failed: password is incorrect, or there is no such user."
        return ClickHouseError.of(_AUTHENTICATION_FAILED, f"{text} (AUTHENTICATION_FAILED)")
