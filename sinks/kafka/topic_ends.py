"""Where a topic ends now, and which topic of its name it is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

_log: Final = logging.getLogger(__name__)

NO_ID: Final = ""
"""Of a topic that does not exist, and of every topic of a broker that gives them no ids (librdkafka's built-in one)."""

_AGAIN_S: Final = 1.0


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


class LastEnds:
    """Where a topic ended a moment ago, for whoever must not wait for Kafka: a thread asks again and again.

    ``last`` was true at some moment before it is read. While no answer comes it stays as it was, which is said once.
    """

    def __init__(
        self, topic: str, first: TopicEnds, ask: Callable[[], TopicEnds], *, again_s: float = _AGAIN_S
    ) -> None:
        """``ask`` may raise; the thread calls it ``again_s`` after each answer. ``first`` stands until one comes."""
        self.last = first
        self._topic = topic
        self._ask = ask
        self._again_s = again_s
        self._closed = threading.Event()
        # A daemon: a dataflow that fails closes nothing.
        self._thread = threading.Thread(target=self._run, name=f"ends-{topic}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Returns when the thread has ended: after the answer that it waits for."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        answered = True
        while not self._closed.wait(self._again_s):
            try:
                self.last = self._ask()
            except Exception as error:  # the thread must go on asking, or a later start would read ever more
                if answered:
                    _log.warning("where %s ends is not known (%s); the last answer stays", self._topic, error)
                answered = False
            else:
                if not answered:
                    _log.warning("where %s ends is known again", self._topic)
                answered = True
