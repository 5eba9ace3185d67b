"""Where ClickHouse is: one URL, its password never printed.

http://user:pass@host:8123/database     a server; https:// for TLS
chdb:///var/lib/triggers                the embedded engine, in a folder
chdb://data/clickhouse                  the same, in a folder below the working directory
"""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from config.errors import Refused
from config.secret_files import SecretFile

_ALLOWED: Final = "http://user:pass@host:8123/database, https://…, or chdb:///folder"
_PORTS: Final = {"http": 8123, "https": 8443}


@dataclass(frozen=True, slots=True)
class ClickHouseUrl:
    """A server (`host` …) or, where `embedded_path` is set, the embedded engine."""

    scheme: Literal["http", "https", "chdb"]
    host: str = ""
    port: int = 0
    database: str = "default"
    username: str = "default"
    password: SecretStr = field(default_factory=lambda: SecretStr(""))
    embedded_path: str | None = None
    token: SecretStr | None = None
    token_file: SecretFile | None = None
    ca_location: str | None = None
    certificate_location: str | None = None
    key_location: str | None = None

    @property
    def is_embedded(self) -> bool:
        return self.embedded_path is not None

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    def secrets(self) -> tuple[str, ...]:
        """What no message may show."""
        held = [self.password, *([self.token] if self.token is not None else [])]
        found = [secret.get_secret_value() for secret in held]
        if self.token_file is not None:
            with suppress(Refused):  # gone by now: then it cannot be shown either
                found.append(self.token_file.read())
        return tuple(secret for secret in found if secret)

    def __str__(self) -> str:
        """The URL with its password masked."""
        if self.embedded_path is not None:
            return f"chdb://{self.embedded_path}"
        password = ":***" if self.password.get_secret_value() else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{self.username}{password}@{host}:{self.port}/{self.database}"


def parse_clickhouse_url(value: object) -> ClickHouseUrl:
    """The parts of a ClickHouse URL. Raises `Refused`, which does not show the value."""
    if isinstance(value, ClickHouseUrl):
        return value
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if not isinstance(value, str):
        raise Refused("is not a ClickHouse URL", allowed=_ALLOWED, shows_value=False)
    if value.startswith("chdb://"):
        folder = value.removeprefix("chdb://")
        if not folder.strip("/"):
            raise Refused("names no folder", allowed=_ALLOWED)
        return ClickHouseUrl("chdb", embedded_path=folder)
    return _parse_server(value)


def _parse_server(text: str) -> ClickHouseUrl:
    refused = Refused("is not a ClickHouse URL", allowed=_ALLOWED, shows_value=False)
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise refused from None
    scheme: Literal["http", "https"]
    if url.scheme == "http":
        scheme = "http"
    elif url.scheme == "https":
        scheme = "https"
    else:
        raise refused
    database = unquote(url.path.strip("/"))
    if not url.hostname or "/" in database:
        raise refused
    if url.query or url.fragment:
        raise Refused("has something after the database", allowed=_ALLOWED, shows_value=False)
    return ClickHouseUrl(
        scheme=scheme,
        host=url.hostname,
        port=port or _PORTS[scheme],
        database=database or "default",
        username=unquote(url.username or "default"),
        password=SecretStr(unquote(url.password or "")),
    )
