"""How Kafka and ClickHouse are reached: addresses, certificates and logins. `docs/security.md` explains each key.

A secret is given as itself or as the file it stands in (`…_file`), never as both; none is ever shown.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr, model_validator

from config.clickhouse_url import ClickHouseUrl, parse_clickhouse_url
from config.errors import UNSHOWN, Refused
from config.model import ConfigModel, Finding, validation_error
from config.secret_files import ReadablePath, SecretFileSetting

_SASL_PASSWORDS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
# librdkafka's own names of what has a key here: written twice, one of them would silently lose.
_OWN_OPTIONS: Final = {
    "bootstrap.servers": "bootstrap_servers",
    "metadata.broker.list": "bootstrap_servers",
    "security.protocol": "security_protocol",
    "sasl.mechanism": "sasl_mechanism",
    "sasl.mechanisms": "sasl_mechanism",
    "sasl.username": "sasl_username",
    "sasl.password": "sasl_password",
    "sasl.oauthbearer.client.id": "oauth_client_id",
    "sasl.oauthbearer.client.secret": "oauth_client_secret",
    "sasl.oauthbearer.token.endpoint.url": "oauth_token_url",
    "sasl.oauthbearer.scope": "oauth_scope",
    "https.ca.location": "oauth_ca_location",
    "ssl.ca.location": "ssl_ca_location",
    "ssl.certificate.location": "ssl_certificate_location",
    "ssl.key.location": "ssl_key_location",
    "ssl.key.password": "ssl_key_password",
}
_OAUTH: Final = ("oauth_client_id", "oauth_client_secret", "oauth_token_url")


def _read_option(value: object) -> str | int | float | bool:
    if not isinstance(value, str | int | float | bool):
        raise Refused("is not a value of librdkafka", allowed="a text, a number, true or false")
    return value


class KafkaSettings(ConfigModel):
    """How Kafka is reached. `options` are librdkafka's own, for what has no key here."""

    bootstrap_servers: str = Field(default="localhost:9092", min_length=1)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    sasl_password_file: SecretFileSetting | None = None
    oauth_client_id: str | None = None
    oauth_client_secret: SecretStr | None = None
    oauth_client_secret_file: SecretFileSetting | None = None
    oauth_token_url: str | None = None
    """Where a token is had by client credentials; without it `options` say how (`sasl.oauthbearer.…`)."""
    oauth_scope: str | None = None
    oauth_ca_location: ReadablePath | None = None
    """Of whoever signed the certificate of `oauth_token_url`."""
    ssl_ca_location: ReadablePath | None = None
    ssl_certificate_location: ReadablePath | None = None
    ssl_key_location: ReadablePath | None = None
    ssl_key_password: SecretStr | None = None
    ssl_key_password_file: SecretFileSetting | None = None
    options: dict[str, Annotated[Any, BeforeValidator(_read_option)]] = Field(default_factory=dict, repr=False)

    def librdkafka(self) -> dict[str, str | int | float | bool]:
        """All of it under librdkafka's names. Holds the passwords in clear: for the client only."""
        named: dict[str, str | None] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            "sasl.mechanism": self.sasl_mechanism,
            "sasl.username": self.sasl_username,
            "sasl.password": self._secret("sasl_password"),
            "sasl.oauthbearer.method": None if self.oauth_token_url is None else "oidc",
            "sasl.oauthbearer.client.id": self.oauth_client_id,
            "sasl.oauthbearer.client.secret": self._secret("oauth_client_secret"),
            "sasl.oauthbearer.token.endpoint.url": self.oauth_token_url,
            "sasl.oauthbearer.scope": self.oauth_scope,
            "https.ca.location": self.oauth_ca_location,
            "ssl.ca.location": self.ssl_ca_location,
            "ssl.certificate.location": self.ssl_certificate_location,
            "ssl.key.location": self.ssl_key_location,
            "ssl.key.password": self._secret("ssl_key_password"),
        }
        return {name: value for name, value in named.items() if value is not None} | self.options

    def _secret(self, name: str) -> str | None:
        value: SecretStr | None = getattr(self, name)
        file: SecretFileSetting | None = getattr(self, f"{name}_file")
        if value is not None:
            return value.get_secret_value()
        return None if file is None else file.read()

    def _has(self, name: str) -> bool:
        return getattr(self, name) is not None or getattr(self, f"{name}_file", None) is not None

    @model_validator(mode="after")
    def _can_log_in(self) -> "KafkaSettings":
        findings = _written_twice(self, ("sasl_password", "oauth_client_secret", "ssl_key_password"))
        for name in self.options:
            if name in _OWN_OPTIONS:
                refused = Refused("has a key of its own", allowed=f"kafka.{_OWN_OPTIONS[name]}", shows_value=False)
                findings.append(Finding(("options", name), UNSHOWN, refused))
        wants_sasl = self.security_protocol.startswith("SASL")
        if wants_sasl and self.sasl_mechanism is None:
            refused = Refused("is missing", allowed=f"{', '.join(_SASL_PASSWORDS)}, OAUTHBEARER, GSSAPI")
            findings.append(Finding(("sasl_mechanism",), UNSHOWN, refused))
        if not wants_sasl:
            sasl = ("sasl_mechanism", "sasl_username", "sasl_password", "sasl_password_file")
            findings += self._without_use(sasl, "with security_protocol SASL_SSL or SASL_PLAINTEXT")
        if not self.security_protocol.endswith("SSL"):
            tls = ("ssl_ca_location", "ssl_certificate_location", "ssl_key_location")
            findings += self._without_use(tls, "with security_protocol SSL or SASL_SSL")
        if wants_sasl and self.sasl_mechanism in _SASL_PASSWORDS:
            findings += self._missing(("sasl_username", "sasl_password"), f"for sasl_mechanism {self.sasl_mechanism}")
        if self.sasl_mechanism == "OAUTHBEARER":
            if any(self._has(name) for name in _OAUTH):
                findings += self._missing(_OAUTH, "for a token by client credentials")
        else:
            oauth = (*_OAUTH, "oauth_client_secret_file", "oauth_scope", "oauth_ca_location")
            findings += self._without_use(oauth, "with sasl_mechanism OAUTHBEARER")
        if self._has("ssl_certificate_location") != self._has("ssl_key_location"):
            findings += self._missing(("ssl_certificate_location", "ssl_key_location"), "for the other of the two")
        if findings:
            raise validation_error("kafka", findings)
        return self

    def _without_use(self, names: Sequence[str], allowed: str) -> list[Finding]:
        refused = Refused("has no use", allowed=allowed)
        return [Finding((name,), UNSHOWN, refused) for name in names if getattr(self, name) is not None]

    def _missing(self, names: Sequence[str], what_for: str) -> list[Finding]:
        refused = Refused("is missing", allowed=f"a value, {what_for}")
        return [Finding((name,), UNSHOWN, refused) for name in names if not self._has(name)]


class ClickHouseSettings(ConfigModel):
    """Where ClickHouse is, and who we are there. What a URL need not hold is beside it."""

    written_url: Annotated[ClickHouseUrl, PlainValidator(parse_clickhouse_url)] = Field(
        default=ClickHouseUrl("chdb", embedded_path="var/clickhouse"), alias="url"
    )
    password_file: SecretFileSetting | None = None
    token: SecretStr | None = None
    """A JWT, in place of user and password."""
    token_file: SecretFileSetting | None = None
    """The same, read again when the server no longer takes the last one."""
    ssl_ca_location: ReadablePath | None = None
    ssl_certificate_location: ReadablePath | None = None
    ssl_key_location: ReadablePath | None = None

    @property
    def url(self) -> ClickHouseUrl:
        """The URL with all that is written beside it: what a client is made from."""
        return replace(
            self.written_url,
            password=self.written_url.password if self.password_file is None else SecretStr(self.password_file.read()),
            token=self.token,
            token_file=self.token_file,
            ca_location=self.ssl_ca_location,
            certificate_location=self.ssl_certificate_location,
            key_location=self.ssl_key_location,
        )

    @model_validator(mode="after")
    def _can_log_in(self) -> "ClickHouseSettings":
        findings = _written_twice(self, ("token",))
        url = self.written_url
        has_token = self.token is not None or self.token_file is not None
        if self.password_file is not None and (has_token or url.password.get_secret_value()):
            refused = Refused("is a second login", allowed="one of a password in the URL, password_file, a token")
            findings.append(Finding(("password_file",), UNSHOWN, refused))
        if has_token and (url.password.get_secret_value() or url.username != "default"):
            refused = Refused("is a second login", allowed="a token, and a URL without a user")
            findings.append(Finding(("token" if self.token is not None else "token_file",), UNSHOWN, refused))
        if not url.is_secure:
            refused = Refused("has no use", allowed="with a URL that begins with https://")
            for name in ("token", "token_file", "ssl_ca_location", "ssl_certificate_location", "ssl_key_location"):
                if getattr(self, name) is not None:
                    findings.append(Finding((name,), UNSHOWN, refused))
        if (self.ssl_certificate_location is None) != (self.ssl_key_location is None):
            missing = "ssl_key_location" if self.ssl_key_location is None else "ssl_certificate_location"
            findings.append(
                Finding((missing,), UNSHOWN, Refused("is missing", allowed="a value, for the other of the two"))
            )
        if findings:
            raise validation_error("clickhouse", findings)
        return self


def _written_twice(model: ConfigModel, names: Sequence[str]) -> list[Finding]:
    return [
        Finding((f"{name}_file",), UNSHOWN, Refused("is written twice", allowed=f"{name} or {name}_file"))
        for name in names
        if getattr(model, name) is not None and getattr(model, f"{name}_file") is not None
    ]
