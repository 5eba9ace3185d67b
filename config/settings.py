"""What the flows run with. Every key is in `Settings`; `config.settings_sources` says where values come from.

The length of an epoch is not here: it is Bytewax's own (`python -m bytewax.run -s SECONDS`).
"""

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.clickhouse_url import ClickHouseUrl, parse_clickhouse_url
from config.durations import format_us, parse_duration, parse_span
from config.errors import UNSHOWN, ConfigError, Refused
from config.model import ConfigModel, Finding, validation_error
from config.settings_sources import gather

MASK: Final = "***"
_HERE: Final = Path(__file__).parent
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
    "ssl.ca.location": "ssl_ca_location",
    "ssl.certificate.location": "ssl_certificate_location",
    "ssl.key.location": "ssl_key_location",
    "ssl.key.password": "ssl_key_password",
}
_SECRET_WORDS: Final = ("password", "secret", "token", "jaas", ".pem", "ssl.key", "credential")


DurationSetting = Annotated[int, PlainValidator(parse_duration)]
SpanSetting = Annotated[int, PlainValidator(parse_span)]


def _read_whole(value: object) -> object:
    """Refuses `true`, which pydantic would count as 1."""
    if isinstance(value, bool):
        raise Refused("is not a whole number", allowed="a whole number")
    return value


Whole = Annotated[int, BeforeValidator(_read_whole)]


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
    ssl_ca_location: str | None = None
    ssl_certificate_location: str | None = None
    ssl_key_location: str | None = None
    ssl_key_password: SecretStr | None = None
    options: dict[str, Annotated[Any, BeforeValidator(_read_option)]] = Field(default_factory=dict, repr=False)

    def librdkafka(self) -> dict[str, str | int | float | bool]:
        """All of it under librdkafka's names. Holds the passwords in clear: for the client only."""
        named: dict[str, str | SecretStr | None] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            "sasl.mechanism": self.sasl_mechanism,
            "sasl.username": self.sasl_username,
            "sasl.password": self.sasl_password,
            "ssl.ca.location": self.ssl_ca_location,
            "ssl.certificate.location": self.ssl_certificate_location,
            "ssl.key.location": self.ssl_key_location,
            "ssl.key.password": self.ssl_key_password,
        }
        clear = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in named.items()
            if value is not None
        }
        return clear | self.options

    @model_validator(mode="after")
    def _can_log_in(self) -> "KafkaSettings":
        findings = []
        for name in self.options:
            if name in _OWN_OPTIONS:
                refused = Refused("has a key of its own", allowed=f"kafka.{_OWN_OPTIONS[name]}", shows_value=False)
                findings.append(Finding(("options", name), UNSHOWN, refused))
        wants_sasl = self.security_protocol.startswith("SASL")
        if wants_sasl and self.sasl_mechanism is None:
            refused = Refused("is missing", allowed=f"{', '.join(_SASL_PASSWORDS)}, OAUTHBEARER, GSSAPI")
            findings.append(Finding(("sasl_mechanism",), UNSHOWN, refused))
        if not wants_sasl:
            for name in ("sasl_mechanism", "sasl_username", "sasl_password"):
                if getattr(self, name) is not None:
                    refused = Refused("has no use", allowed="with security_protocol SASL_SSL or SASL_PLAINTEXT")
                    findings.append(Finding((name,), UNSHOWN, refused))
        if wants_sasl and self.sasl_mechanism in _SASL_PASSWORDS:
            for name in ("sasl_username", "sasl_password"):
                if getattr(self, name) is None:
                    refused = Refused("is missing", allowed=f"a value, for sasl_mechanism {self.sasl_mechanism}")
                    findings.append(Finding((name,), UNSHOWN, refused))
        if findings:
            raise validation_error("kafka", findings)
        return self


class TopicSettings(ConfigModel):
    """One input topic. `max_delay_us` `None` is `max_out_of_orderness`."""

    envelope: Literal["canonical", "segment", "cloudevents", "auto", "actions"] = "canonical"
    max_delay_us: SpanSetting | None = Field(default=None, alias="max_delay")


class ClickHouseSettings(ConfigModel):
    """Where ClickHouse is."""

    url: Annotated[ClickHouseUrl, PlainValidator(parse_clickhouse_url)] = ClickHouseUrl(
        "chdb", embedded_path="var/clickhouse"
    )


class Settings(BaseSettings):
    """Everything in force. Durations are written with a unit and held in microseconds."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False)

    kafka: KafkaSettings = KafkaSettings()
    topics: dict[str, TopicSettings] = Field(default_factory=lambda: {"events": TopicSettings()}, min_length=1)
    actions_topic: str = Field(default="actions", min_length=1)
    dead_letter_topic: str = Field(default="dead-letters", min_length=1)
    clickhouse: ClickHouseSettings = ClickHouseSettings()
    triggers_folder: Path = _HERE / "triggers"
    events_folder: Path = _HERE / "events"
    traits_folder: Path = _HERE / "traits"
    scores_folder: Path = _HERE / "scores"
    vocabulary_folder: Path = _HERE / "vocabulary"
    policy_file: Path = _HERE / "policy.yaml"
    key_groups: Whole = Field(default=256, ge=1, le=65_536)
    max_out_of_orderness_us: DurationSetting = Field(default=5_000_000, alias="max_out_of_orderness")
    max_future_skew_us: DurationSetting = Field(default=300_000_000, alias="max_future_skew")
    idle_after_us: SpanSetting = Field(default=500_000, alias="idle_after")
    metadata_interval_us: DurationSetting = Field(default=30_000_000, alias="metadata_interval")
    """How often Kafka is asked whether a topic has new partitions."""
    dedupe_horizon_us: DurationSetting = Field(default=604_800_000_000, alias="dedupe_horizon")
    identity: bool = True
    """Whether an anonymous customer's events become a known one's once an identify names both."""
    identity_horizon_us: DurationSetting = Field(default=86_400_000_000, alias="identity_horizon")
    chunk_size: Whole = Field(default=5_000, ge=1, le=1_000_000)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what it is given: `load_settings` reads environment and file, to name them in a problem."""
        return (init_settings,)

    @model_validator(mode="after")
    def _topics_do_not_feed_themselves(self) -> "Settings":
        findings = []
        if self.dead_letter_topic in self.topics:
            refused = Refused("is also read: every dead letter would come back", allowed="a topic not in topics")
            findings.append(Finding(("dead_letter_topic",), self.dead_letter_topic, refused))
        if self.dead_letter_topic == self.actions_topic:
            refused = Refused("is also the actions topic", allowed="a topic of its own")
            findings.append(Finding(("dead_letter_topic",), self.dead_letter_topic, refused))
        for name, topic in self.topics.items():
            if (topic.envelope == "actions") != (name == self.actions_topic):
                allowed = "actions" if name == self.actions_topic else "canonical, segment, cloudevents, auto"
                what = "is" if name == self.actions_topic else "is not"
                refused = Refused(f"does not fit: {name} {what} the actions topic", allowed=allowed)
                findings.append(Finding(("topics", name, "envelope"), topic.envelope, refused))
        if findings:
            raise validation_error("Settings", findings)
        return self

    def max_delay_us(self, topic: str) -> int:
        """The longest way from a customer to Kafka by this topic."""
        max_delay_us = self.topics[topic].max_delay_us
        return self.max_out_of_orderness_us if max_delay_us is None else max_delay_us

    def describe(self) -> str:
        """One `key = value` line each for all that is in force, secrets masked."""
        return "\n".join(f"{key} = {value}" for key, value in _lines(self, ""))


def load_settings(environment: dict[str, str] | None = None) -> Settings:
    """The settings of the environment (default: the process's) over the file that `CT_SETTINGS` names.

    Raises `ConfigError` with every problem of both; no problem shows a secret.
    """
    gathered = gather(Settings, environment)
    problems = list(gathered.problems)
    try:
        settings = Settings(**gathered.values)
    except ValidationError as error:
        problems += gathered.problems_of(error)
    else:
        if not problems:
            return settings
    raise ConfigError(problems)


def _lines(model: BaseSettings | ConfigModel, prefix: str) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for name, field in type(model).model_fields.items():
        key = prefix + (field.alias or name)
        value = getattr(model, name)
        if isinstance(value, ConfigModel):
            lines += _lines(value, f"{key}.")
        elif isinstance(value, dict):
            for inner, each in value.items():
                if isinstance(each, ConfigModel):
                    lines += _lines(each, f"{key}.{inner}.")
                else:
                    lines.append((f"{key}.{inner}", _shown_option(inner, each)))
        elif isinstance(value, SecretStr):
            lines.append((key, MASK))
        elif name.endswith("_us") and isinstance(value, int):
            lines.append((key, format_us(value)))
        else:
            lines.append((key, "-" if value is None else str(value)))
    return lines


def _shown_option(name: str, value: object) -> str:
    return MASK if any(word in name.lower() for word in _SECRET_WORDS) else str(value)
