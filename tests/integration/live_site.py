"""Everything one live test stands on: its own topics, its own database, its own folder, and flows that use them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from config.clickhouse_url import parse_clickhouse_url
from sinks.clickhouse.client import connect
from tests.integration.live_flow import LiveFlow
from tests.integration.live_topics import Read, Sent, produce, read_topic
from tests.integration.recovery_store import RecoveryStore
from tests.integration.supervised_flow import SupervisedFlow
from tests.kafka.topics import create_topic

_UNKNOWN_TABLE = 60

ABANDONMENT = """
trigger: cart_abandonment
version: 1
match:
  key: customer_id
  on_repeat: restart
  steps:
    - event: cart_add
      as: cart
    - absent: purchase
      within: {within}
actions:
  - channel: email
    template: cart-reminder
"""


class Site:
    """Topics, database and settings of one test. `settings` may be changed until a flow is made."""

    def __init__(
        self,
        kafka: str,
        clickhouse: str,
        folder: Path,
        *,
        partitions: int = 4,
        topics: int = 1,
        config: Mapping[str, str] | None = None,
    ) -> None:
        """`clickhouse` is a server's address; the site makes a database of its own there. `config`: of its topics."""
        config = {"retention.ms": "-1", **(config or {})}
        name = uuid.uuid4().hex
        self.kafka = kafka
        self.folder = folder
        self.clickhouse = f"{clickhouse}/test_{name}"
        self.inputs = [f"events-{name}-{index}" for index in range(topics)]
        self.actions_topic = f"actions-{name}"
        self.dead_letter_topic = f"dead-letters-{name}"
        for topic in self.inputs:
            create_topic(kafka, topic, partitions=partitions, config=config)
        self.spool_topic = f"spool-{name}"
        for topic in (self.actions_topic, self.dead_letter_topic, self.spool_topic):
            create_topic(kafka, topic, config=config)
        self.triggers = folder / "triggers"
        self.triggers.mkdir(parents=True)
        self.settings = {
            "CT_ACTIONS_TOPIC": self.actions_topic,
            "CT_DEAD_LETTER_TOPIC": self.dead_letter_topic,
            "CT_SPOOL_TOPIC": self.spool_topic,
            "CT_TRIGGERS_FOLDER": str(self.triggers),
            "CT_KEY_GROUPS": "32",
        }

    @property
    def topic(self) -> str:
        """The input topic where there is one."""
        (topic,) = self.inputs
        return topic

    def trigger(self, text: str, name: str = "trigger") -> None:
        """A trigger file of the site's own."""
        (self.triggers / f"{name}.yaml").write_text(text)

    def abandonment(self, within: str = "30m") -> None:
        self.trigger(ABANDONMENT.format(within=within))

    def environment(self) -> dict[str, str]:
        topics = {f"CT_TOPICS__{topic}__ENVELOPE": "canonical" for topic in self.inputs}
        address = {"KAFKA_BOOTSTRAP_SERVERS": self.kafka, "CLICKHOUSE_URL": self.clickhouse}
        return {**topics, **address, **self.settings}

    def flow(
        self,
        name: str = "pipeline",
        *,
        recovery: RecoveryStore | None = None,
        epoch_s: int = 1,
        arguments: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> LiveFlow:
        environment = {**self.environment(), **(settings or {})}
        store = None if recovery is None else recovery.folder
        return LiveFlow(name, environment, folder=self.folder, recovery=store, epoch_s=epoch_s, arguments=arguments)

    def supervised(
        self,
        name: str = "pipeline",
        *,
        processes: int = 2,
        recovery: Path | None = None,
        epoch_s: int = 1,
        arguments: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> SupervisedFlow:
        """`python -m flows.run`; `recovery` is a folder that it makes a store in."""
        environment = {**self.environment(), **(settings or {})}
        arguments = ["--processes", str(processes), "--backoff", "100ms", *arguments]
        return SupervisedFlow(
            name, environment, folder=self.folder, recovery=recovery, epoch_s=epoch_s, arguments=arguments
        )

    def recovery_store(self, partitions: int = 1) -> RecoveryStore:
        return RecoveryStore.create(self.folder, partitions)

    def produce(self, messages: Iterable[Sent], topic: str | None = None, *, largest: int = 1_000_000) -> int:
        return produce(self.kafka, topic or self.topic, messages, largest=largest)

    def actions(self) -> list[Read]:
        """Everything on the actions topic."""
        return read_topic(self.kafka, self.actions_topic)

    def action_ids(self) -> list[str]:
        return [action.headers["action_id"].decode() for action in self.actions()]

    def dead_letters(self) -> list[Read]:
        return read_topic(self.kafka, self.dead_letter_topic)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer of the site's database; empty while the flow has not made the table."""
        with self._client() as client:
            try:
                return [tuple(row) for row in client.query(sql).result_rows]
            except DatabaseError as error:
                if error.code == _UNKNOWN_TABLE:
                    return []
                raise

    def number(self, sql: str) -> int:
        rows = self.rows(sql)
        return int(rows[0][0]) if rows else 0

    @contextmanager
    def _client(self) -> Iterator[Client]:
        client = connect(parse_clickhouse_url(self.clickhouse))
        try:
            yield client
        finally:
            client.close()
