"""What the demo stands on: a broker, a ClickHouse, topics and a folder; embedded, or those of the environment."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from config.settings import Settings, load_settings
from flows.demo import afternoon
from flows.embedded_broker import EmbeddedBroker

_KAFKA: Final = "KAFKA_BOOTSTRAP_SERVERS"
_CLICKHOUSE: Final = "CLICKHOUSE_URL"
_TRIGGERS: Final = "CT_TRIGGERS_FOLDER"
_ADMIN_TIMEOUT_S: Final = 20.0
_silent: Final = logging.getLogger(__name__)
_silent.addHandler(logging.NullHandler())  # what cannot be done is said by ``StageError``
_OURS: Final = ("clickhouse", "clickhouse.lock", "recovery", "job.log", "dataflow.json")


class StageError(Exception):
    """The demo cannot begin; the message says why."""


@dataclass(frozen=True)
class Stage:
    """Where everything is. ``environment`` is the job's."""

    folder: Path
    settings: Settings
    environment: Mapping[str, str]
    run: str
    """What tells this run's topics and events from others'; nothing where all is embedded and new."""

    @property
    def events_topic(self) -> str:
        """The input topic."""
        return f"events{self.run}"

    @property
    def connection(self) -> dict[str, Any]:
        """librdkafka's settings."""
        return self.settings.kafka.librdkafka()

    @property
    def recovery(self) -> Path:
        """The recovery store."""
        return self.folder / "recovery"

    @property
    def log(self) -> Path:
        """What the job prints."""
        return self.folder / "job.log"


@contextmanager
def set_stage(folder: Path) -> Iterator[Stage]:
    """Everything ready and empty; the embedded broker ends with it. Raises ``StageError``, ``ConfigError``."""
    outside = os.environ.get(_KAFKA)
    with _alone_in(folder), nullcontext() if outside else EmbeddedBroker() as broker:
        # On somebody's broker and in somebody's tables a run must tell its own from those before.
        run = f"-demo-{datetime.now(UTC):%Y%m%d-%H%M%S}" if outside or os.environ.get(_CLICKHOUSE) else ""
        environment = _environment(folder, run, bool(outside))
        if broker is not None:
            environment[_KAFKA] = broker.bootstrap_servers
        settings = load_settings(environment)
        stage = Stage(folder, settings, environment, run)
        if outside:
            _make_topics(stage)
        yield stage


def _environment(folder: Path, run: str, kafka_is_outside: bool) -> dict[str, str]:
    """The process's own, but for settings that are not about where Kafka, ClickHouse and the triggers are."""
    kept = {_TRIGGERS} | ({name for name in os.environ if name.startswith("CT_KAFKA__")} if kafka_is_outside else set())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CT_") or name in kept}
    if _TRIGGERS in environment:
        environment[_TRIGGERS] = str(Path(environment[_TRIGGERS]).resolve())
    environment.setdefault(_CLICKHOUSE, f"chdb://{folder / 'clickhouse'}")
    topics = {f"events{run}": {"max_delay": afternoon.MAX_DELAY}}
    return environment | {
        "CT_TOPICS": orjson.dumps(topics).decode(),
        "CT_ACTIONS_TOPIC": f"actions{run}",
        "CT_DEAD_LETTER_TOPIC": f"dead-letters{run}",
        "CT_MAX_OUT_OF_ORDERNESS": afternoon.MAX_OUT_OF_ORDERNESS,
        "CT_IDLE_AFTER": afternoon.IDLE_AFTER,
    }


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """The folder without what the run before left, and nobody else's while this run lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StageError(f"another demo runs in {folder}: wait for its end, or stop it") from None
        for name in _OURS:
            path = folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        yield


def _make_topics(stage: Stage) -> None:
    settings = stage.settings
    # Records carry the shop's time, months ago by the broker's clock: retention would begin to delete at once.
    config = {"retention.ms": "-1"}
    wanted = [(stage.events_topic, 4), (settings.actions_topic, 4), (settings.dead_letter_topic, 1)]
    topics = [NewTopic(name, partitions, config=config) for name, partitions in wanted]
    admin = AdminClient(stage.connection, logger=_silent)  # held: its answers end with it
    made = admin.create_topics(topics, operation_timeout=_ADMIN_TIMEOUT_S)
    for name, done in made.items():
        try:
            done.result(_ADMIN_TIMEOUT_S)
        except TimeoutError:
            raise StageError(f"no Kafka answers at {settings.kafka.bootstrap_servers}") from None
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                where = settings.kafka.bootstrap_servers
                raise StageError(f"topic {name} cannot be made at {where}: {error.args[0].str()}") from None
