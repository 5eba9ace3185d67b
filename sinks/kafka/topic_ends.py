"""Where a topic ends now, and which topic of its name it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

NO_ID: Final = ""
"""Of a topic that does not exist, and of every topic of a broker that gives them no ids (librdkafka's built-in one)."""


class TopicEnds(NamedTuple):
    """``offsets``: by Kafka partition the offset after its last message; none where there is no such topic."""

    topic_id: str
    offsets: dict[int, int]


class TopicWatch:
    """Asks one broker about one topic."""

    def __init__(self, connection: Mapping[str, Any], topic: str) -> None:
        self._connection = dict(connection)
        self._topic = topic
        self._admin: AdminClient | None = None
        self._gives_ids: bool | None = None

    def ends(self, timeout_s: float) -> TopicEnds:
        """The ends, messages of open transactions included. Raises ``KafkaException``.

        The id is asked first: of a topic made anew in between it is the old one, which says too little, never too much.
        """
        admin = self._admin or AdminClient(self._connection)
        # Of a broker that was away a client remembers the old leader's epoch, and asks with it for ever.
        self._admin = None
        topic_id, partitions = self._identified(admin, timeout_s)
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        questions = {TopicPartition(self._topic, partition): latest for partition in partitions}
        answers = (
            admin.list_offsets(questions, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=timeout_s)
            if questions
            else {}
        )
        ends = TopicEnds(topic_id, {at.partition: answer.result().offset for at, answer in answers.items()})
        self._admin = admin
        return ends

    def _identified(self, admin: AdminClient, timeout_s: float) -> tuple[str, list[int]]:
        if not self._gives_ids:
            cluster = admin.list_topics(timeout=timeout_s)
            # Ids are asked of the controller, and the built-in broker is none.
            self._gives_ids = cluster.controller_id in cluster.brokers
            if not self._gives_ids:
                found = cluster.topics.get(self._topic)
                return NO_ID, [] if found is None else list(found.partitions)
        (answer,) = admin.describe_topics(TopicCollection([self._topic]), request_timeout=timeout_s).values()
        try:
            described = answer.result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                return NO_ID, []
            raise
        return str(described.topic_id), [partition.id for partition in described.partitions]
