"""ClickHouse's HTTP interface, as far as clickhouse-connect uses it, and the faults that rules ask for."""

import contextlib
import email.message
import email.parser
import email.policy
import json
import socket
import ssl
import sys
import threading
import zlib
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import lz4.frame
import zstandard

from tests.clickhouse_gateway.door_keeper import DoorKeeper
from tests.clickhouse_gateway.engine import Answer, ClickHouseError, Engine, Statement, split_insert
from tests.clickhouse_gateway.rules import Rule, Rules
from tests.loopback_port import LOOPBACK

# URL parameters that speak to the HTTP layer of a server; every other one is a setting of the statement.
_TRANSPORT_PARAMETERS = frozenset(
    {
        "buffer_size",
        "client_protocol_version",
        "compress",
        "database",
        "decompress",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "password",
        "query",
        "query_id",
        "quota_key",
        "role",
        "send_progress_in_http_headers",
        "session_check",
        "session_id",
        "session_timeout",
        "user",
        "wait_end_of_query",
    }
)
_PARAMETER_PREFIX = "param_"
_FORBIDDEN = 403


class HttpServer(ThreadingHTTPServer):
    """One listening socket and its connections; closed for good by `close`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, engine: Engine, rules: Rules, keeper: DoorKeeper) -> None:
        self.engine = engine
        self.rules = rules
        self.keeper = keeper
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__((LOOPBACK, port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        connection = self.keeper.wrapped(connection)
        with self._guard:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that a fault, or its client, has cut is nothing to report; the rest goes to stderr."""
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """Listens no more and cuts what is open, as the end of a server process does."""
        self.shutdown()
        self.server_close()
        with self._guard:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: HttpServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: tests ask `Faults.executed` what has come."""

    def _serve(self) -> None:
        url = urlsplit(self.path)
        body = self._read_body()
        if url.path == "/ping":
            self._respond(200, b"Ok.\n", {})
            return
        if (refused := self.server.keeper.refusal(self.headers)) is not None:
            self._answer(refused, _FORBIDDEN)
            return
        try:
            body = _decompressed(body, self.headers.get("Content-Encoding", "identity"))
        except ClickHouseError as error:
            self._answer(error)
            return
        statement = _statement(dict(parse_qsl(url.query, keep_blank_values=True)), body, self.headers)
        rule = self.server.rules.take(statement.sql)
        if rule is None:
            self._answer(self._execute(statement))
        else:
            self._answer_with_fault(rule, statement)

    def _answer_with_fault(self, rule: Rule, statement: Statement) -> None:
        outcome = self._execute(statement) if rule.when == "after" else None
        match rule.action:
            case "error":
                self._answer(ClickHouseError(rule.code, rule.message), rule.http_status)
            case "cut":
                self.close_connection = True
            case "stall":
                self.server.rules.hold(rule)
                if outcome is None and (rule.even_if_abandoned or self._client_still_waits()):
                    outcome = self._execute(statement)
                if outcome is not None:
                    self._answer(outcome)

    def _execute(self, statement: Statement) -> Answer | ClickHouseError:
        try:
            answer = self.server.engine.execute(statement)
        except ClickHouseError as error:
            return error
        self.server.rules.note_executed(statement.sql)
        return answer

    def _answer(self, outcome: Answer | ClickHouseError, error_status: int = 500) -> None:
        if isinstance(outcome, ClickHouseError):
            headers = {"X-ClickHouse-Exception-Code": str(outcome.code)}
            self._respond(error_status, f"{outcome.message}\n".encode(), headers)
            return
        counted = "written" if outcome.is_insert else "read"
        summary = {f"{counted}_rows": str(outcome.rows), f"{counted}_bytes": str(outcome.bytes_)}
        headers = {"X-ClickHouse-Summary": json.dumps(summary)}
        if outcome.format is not None:
            headers["X-ClickHouse-Format"] = outcome.format
        self._respond(200, outcome.body, headers)

    def _respond(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self._read_exactly(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self._read_exactly(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _read_exactly(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) != size:
            raise ConnectionError("the client left in the middle of its request")
        return data

    def _client_still_waits(self) -> bool:
        try:
            return len(self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)) > 0
        except BlockingIOError:
            return True
        except OSError:
            return False


def _statement(url_parameters: dict[str, str], body: bytes, headers: email.message.Message) -> Statement:
    given = dict(url_parameters)
    if headers.get_content_type() == "multipart/form-data":
        # clickhouse-connect sends a form when the bound parameters would make the URL too long.
        given.update(_form_fields(body, headers["Content-Type"]))
        body = b""
    if given.get("query"):
        sql, data = given["query"], body or None
    else:
        sql, data = split_insert(body)
    return Statement(
        sql=sql,
        data=data,
        parameters={
            name.removeprefix(_PARAMETER_PREFIX): value
            for name, value in given.items()
            if name.startswith(_PARAMETER_PREFIX)
        },
        settings={
            name: value
            for name, value in given.items()
            if name not in _TRANSPORT_PARAMETERS and not name.startswith(_PARAMETER_PREFIX)
        },
        database=given.get("database"),
    )


def _form_fields(body: bytes, content_type: str) -> dict[str, str]:
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    form = parser.parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields = {}
    for part in form.iter_parts():
        name = part.get_param("name", header="Content-Disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            fields[name] = payload.decode()
    return fields


def _decompressed(body: bytes, encoding: str) -> bytes:
    """Undoes `Content-Encoding`; clients compress block by block, so every decoder reads frames to the end.

    Raises:
        ClickHouseError: as a server says it. clickhouse-connect relies on that answer: when it cannot
            serialize a value it spoils the body, and raises its own error once the server refused the request.
    """
    if encoding not in _DECODERS:
        known = ", ".join(_DECODERS)
        raise ClickHouseError.of(_UNKNOWN_COMPRESSION_METHOD, f"Content-Encoding {encoding!r} is none of {known}")
    decode, error_code = _DECODERS[encoding]
    try:
        return decode(body)
    except (RuntimeError, EOFError, zstandard.ZstdError, zlib.error) as error:
        raise ClickHouseError.of(error_code, f"{encoding} decoder failed: {error}") from error


def _read_zstd(body: bytes) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True) as frames:
        return bytes(frames.read())


_UNKNOWN_COMPRESSION_METHOD = 89
# What reads each encoding, and ClickHouse's code for a body that does not decode.
_DECODERS: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    "identity": (bytes, 0),
    "lz4": (lambda body: bytes(lz4.frame.LZ4FrameFile(BytesIO(body)).read()), 617),
    "zstd": (_read_zstd, 561),
    "gzip": (partial(zlib.decompress, wbits=31), 354),
    "deflate": (zlib.decompress, 354),
}
