"""What the flows run with. Every key is in `Settings`; `config.settings_sources` says where values come from.

The length of an epoch is not here: it is Bytewax's own (`python -m bytewax.run -s SECONDS`).
"""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.connections import ClickHouseSettings, KafkaSettings
from config.durations import format_us, parse_duration, parse_span
from config.errors import ConfigError, Refused
from config.model import ConfigModel, Finding, validation_error
from config.settings_sources import gather

MASK: Final = "***"
_HERE: Final = Path(__file__).parent
_SECRET_WORDS: Final = ("password", "secret", "token", "jaas", ".pem", "ssl.key", "credential", "oauthbearer.config")


DurationSetting = Annotated[int, PlainValidator(parse_duration)]
SpanSetting = Annotated[int, PlainValidator(parse_span)]


def _read_whole(value: object) -> object:
    """Refuses `true`, which pydantic would count as 1."""
    if isinstance(value, bool):
        raise Refused("is not a whole number", allowed="a whole number")
    return value


Whole = Annotated[int, BeforeValidator(_read_whole)]


class TopicSettings(ConfigModel):
    """One input topic. `max_delay_us` `None` is `max_out_of_orderness`."""

    envelope: Literal["canonical", "segment", "cloudevents", "auto", "actions"] = "canonical"
    max_delay_us: SpanSetting | None = Field(default=None, alias="max_delay")


class Settings(BaseSettings):
    """Everything in force. Durations are written with a unit and held in microseconds."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False)

    kafka: KafkaSettings = KafkaSettings()
    topics: dict[str, TopicSettings] = Field(default_factory=lambda: {"events": TopicSettings()}, min_length=1)
    actions_topic: str = Field(default="actions", min_length=1)
    application_id: str = Field(default="customer-triggers", min_length=1)
    """Which job this is to Kafka: part of its transactional ids, and in the headers of its actions."""
    dead_letter_topic: str = Field(default="dead-letters", min_length=1)
    spool_topic: str = Field(default="spool", min_length=1)
    """Where the rows of `flows.triggers` wait for ClickHouse."""
    kafka_deadline_us: SpanSetting = Field(default=60_000_000, alias="kafka_deadline")
    """How long Kafka may be away before a flow stops."""
    clickhouse_deadline_us: SpanSetting = Field(default=60_000_000, alias="clickhouse_deadline")
    """How long ClickHouse may be away before a flow stops that has no spool."""
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
    read_ahead: Whole = Field(default=500_000, ge=1)
    """How many events a process may read beyond its slowest partition: they wait in memory for its watermark."""

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
        if self.spool_topic in {*self.topics, self.actions_topic, self.dead_letter_topic}:
            refused = Refused("has another use already", allowed="a topic of its own")
            findings.append(Finding(("spool_topic",), self.spool_topic, refused))
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
