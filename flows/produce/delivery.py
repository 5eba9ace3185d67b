"""Messages to one topic, counted, each delivery confirmed."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import TopicMetadata  # type: ignore[attr-defined]

from sinks.kafka.refusals import PASSING, refusal_of

_log: Final = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # what librdkafka has to say is said in ``NotDelivered``

_DEFAULTS: Final = {
    "linger.ms": 20,
    "compression.type": "lz4",
    # As Kafka's own clients do, so that a customer's events meet in one partition whoever produced them.
    "partitioner": "murmur2_random",
}
_REQUIRED: Final = {"enable.idempotence": True, "acks": "all", "delivery.report.only.error": True}
_FULL_QUEUE_WAIT_S: Final = 0.05
_TURNS_S: Final = (0.5, 1.0, 2.5, 6.0)
"""How long Kafka is waited for, each time longer: an answer that a turn was too short for is lost."""
_TOPIC_APPEARS_WITHIN_S: Final = 5.0


class NotDelivered(Exception):
    """Kafka did not take a message, or cannot be reached; the message says what is known."""


class Delivery:
    """An idempotent producer of one topic. One thread. ``sent`` are handed over, ``delivered`` are confirmed.

    Reports of success are not asked for: after `settle`, what has not failed has been confirmed.
    """

    def __init__(self, connection: Mapping[str, Any], topic: str, *, deadline_s: float = 30.0) -> None:
        """``deadline_s`` bounds a delivery, with librdkafka's own retries. Raises `NotDelivered` where none can be."""
        self.sent = 0
        self.failed = 0
        self._topic = topic
        self._deadline_s = deadline_s
        self._where = str(connection.get("bootstrap.servers"))
        self._connection = connection
        self._failure = ""
        self._heard = ""
        self._is_refused = False
        config: dict[str, Any] = {
            **_DEFAULTS,
            **connection,
            **_REQUIRED,
            "delivery.timeout.ms": int(deadline_s * 1_000),
            "on_delivery": self._on_failure,
            "error_cb": self._on_error,
        }
        try:
            self._producer = Producer(config, logger=_log)
        except (KafkaException, ValueError) as error:
            raise NotDelivered(f"the Kafka configuration is refused: {error}") from None
        self._find_topic()

    @property
    def delivered(self) -> int:
        """How many Kafka has confirmed."""
        return self.sent - self.failed - len(self._producer)

    def send(self, value: bytes | None, key: bytes | None, timestamp_ms: int = 0) -> None:
        """Queues one message, waiting while the queue is full; its record's time is now, or ``timestamp_ms``.

        Raises `NotDelivered` when any message so far has failed.
        """
        while True:
            if self._failure:
                raise self._not_delivered()
            try:
                self._producer.produce(self._topic, value, key, timestamp=timestamp_ms)
            except BufferError:
                self._producer.poll(_FULL_QUEUE_WAIT_S)
                continue
            except KafkaException as error:  # refused before it was queued, as a message too large is
                self.failed += 1
                self._failure = error.args[0].str()
            self.sent += 1
            return

    def poll(self, wait_s: float = 0.0) -> None:
        """Serves what librdkafka has to report, waiting for it so long. Raises `NotDelivered`."""
        self._producer.poll(wait_s)
        if self._failure:
            raise self._not_delivered()

    def settle(self) -> None:
        """Returns when every message sent is confirmed. Raises `NotDelivered`."""
        left = self._producer.flush(self._deadline_s + 1.0)
        if left and not self._failure:
            self._failure = f"{left} messages unconfirmed after {self._deadline_s:g} s"
        if self._failure:
            raise self._not_delivered()

    def _find_topic(self) -> None:
        """Waits for a topic that the broker makes when it is first asked for; a missing one is said at once."""
        until_s = time.monotonic() + _TOPIC_APPEARS_WITHIN_S
        while True:
            found = self._described()
            if found.error is None and found.partitions:
                return
            refused = found.error is not None and self._refusal_of(found.error) is not None
            if refused or time.monotonic() > until_s:
                why = "it has no partitions" if found.error is None else self._told(found.error)
                raise NotDelivered(f"topic {self._topic!r} cannot be written at {self._where}: {why}")
            self._producer.poll(0.1)

    def _described(self) -> TopicMetadata:
        """The topic as Kafka has it. Asked in turns, between which a login that is refused is heard of."""
        failure = ""
        for turn_s in _TURNS_S:
            try:
                found: TopicMetadata = self._producer.list_topics(self._topic, timeout=turn_s).topics[self._topic]
                return found
            except KafkaException as error:
                failure = error.args[0].str()
                self._producer.poll(0)
                if self._is_refused or error.args[0].code() not in PASSING:
                    break
        heard = f" ({self._heard})" if self._heard else ""
        raise NotDelivered(f"no Kafka answers at {self._where}: {failure}{heard}")

    def _not_delivered(self) -> NotDelivered:
        heard = f" (last heard: {self._heard})" if self._heard else ""
        return NotDelivered(
            f"Kafka at {self._where} did not take a message for topic {self._topic}: {self._failure}{heard}"
        )

    def _on_failure(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.failed += 1
            self._failure = self._failure or self._told(error)

    def _on_error(self, error: KafkaError) -> None:
        refusal = self._refusal_of(error)
        self._is_refused = self._is_refused or refusal is not None
        if error.code() != KafkaError._ALL_BROKERS_DOWN or not self._heard:  # it says less than what came before it
            self._heard = refusal or error.str()

    def _told(self, error: KafkaError) -> str:
        """With the setting or the ACL to look at, where there is one."""
        return self._refusal_of(error) or error.str()

    def _refusal_of(self, error: KafkaError) -> str | None:
        return refusal_of(error, self._connection, topic=self._topic, operation="Write")
