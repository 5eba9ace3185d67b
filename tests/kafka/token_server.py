"""An identity provider for tests: gives tokens for client credentials, and the keys they are signed with."""

import base64
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.certificates import Certificate
from tests.loopback_port import LOOPBACK

AUDIENCE = "kafka"
ISSUER = "https://tests.example"
_KEY_ID = "of-this-run"
_LIFETIME_S = 600


class TokenServer:
    """`/token` over TLS (client credentials by HTTP Basic, as librdkafka sends them), `/keys` in clear."""

    def __init__(self, certificate: Certificate, clients: dict[str, str]) -> None:
        """`clients` are the secrets by client id; the id becomes the principal."""
        self.clients = clients
        self.given: list[str] = []
        """Every token so far."""
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        self._tokens = _Server(self)
        self._tokens.socket = context.wrap_socket(self._tokens.socket, server_side=True)
        self._keys = _Server(self)

    @property
    def token_url(self) -> str:
        return f"https://{LOOPBACK}:{self._tokens.server_port}/token"

    @property
    def keys_url(self) -> str:
        return f"http://{LOOPBACK}:{self._keys.server_port}/keys"

    def __enter__(self) -> Self:
        for server in (self._tokens, self._keys):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in (self._tokens, self._keys):
            server.shutdown()
            server.server_close()

    def keys(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "kid": _KEY_ID, "use": "sig", "alg": "RS256"}
        return {"keys": [{**key, "n": _number(numbers.n), "e": _number(numbers.e)}]}

    def token(self, client_id: str) -> str:
        """A signed JWT for the client."""
        now_s = int(time.time())
        claims = {"sub": client_id, "aud": AUDIENCE, "iss": ISSUER, "iat": now_s, "exp": now_s + _LIFETIME_S}
        parts = [{"alg": "RS256", "typ": "JWT", "kid": _KEY_ID}, {**claims, "scope": "events"}]
        signed = ".".join(_base64(json.dumps(part).encode()) for part in parts)
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        self.given.append(f"{signed}.{_base64(signature)}")
        return self.given[-1]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, provider: TokenServer) -> None:
        self.provider = provider
        super().__init__((LOOPBACK, 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust our certificate ends the handshake: that is what a test asks for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer(200, self.server.provider.keys())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        client_id, _, secret = _credentials(self.headers.get("Authorization", "")).partition(":")
        if not secret or self.server.provider.clients.get(client_id) != secret:
            self._answer(401, {"error": "invalid_client", "error_description": "no such client, or another secret"})
            return
        token = self.server.provider.token(client_id)
        self._answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": _LIFETIME_S})

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _credentials(header: str) -> str:
    scheme, _, value = header.partition(" ")
    return base64.b64decode(value).decode() if scheme == "Basic" else ""


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8, "big"))
