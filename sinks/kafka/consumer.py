"""Consumers that are given what they read: no group shares it out, and none commits how far it is read."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from operators.records import Origin
from sinks.kafka.refusals import DEFAULT_GROUP, passes

_log: Final = logging.getLogger(__name__)


def consumer_settings(connection: Mapping[str, Any]) -> dict[str, Any]:
    """librdkafka's settings of a consumer that tells where a log ends, and begins at the earliest where it must."""
    return {
        # Never used to share partitions or to commit; librdkafka asks for one.
        "group.id": DEFAULT_GROUP,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 50,
        **connection,
        # What was taken back must not be read, whatever else is asked for.
        "isolation.level": "read_committed",
    }


class BoundedReader:
    """Reads the committed messages of topics from given offsets up to given ends. Of one thread."""

    def __init__(self, connection: Mapping[str, Any], starts: Mapping[Origin, int], ends: Mapping[Origin, int]) -> None:
        """A Kafka partition of ``ends`` without a start is read whole, as is one that ends before its start: its topic
        was made anew, or its log cut. What retention has taken is passed over.
        """
        self._ends = ends
        self.reached = {origin: start if (start := starts.get(origin, 0)) <= end else 0 for origin, end in ends.items()}
        """By Kafka partition the offset up to which it is read."""
        self.left = {origin for origin, end in ends.items() if self.reached[origin] < end}
        """Kafka partitions that are not read to their end."""
        self._consumer: Consumer | None = None
        if self.left:
            self._consumer = Consumer(consumer_settings(connection))
            self._consumer.assign([TopicPartition(*origin, self.reached[origin]) for origin in sorted(self.left)])

    def read(self, most: int, timeout_s: float) -> list[Message]:
        """What has come in this time, in offset order of each Kafka partition.

        Raises ``KafkaException`` for what will not pass.
        """
        if self._consumer is None:
            return []
        found = []
        for message in self._consumer.consume(most, timeout=timeout_s):
            error = message.error()
            is_end = error is not None and error.code() == KafkaError._PARTITION_EOF
            if error is not None and not is_end:
                if not passes(error):
                    raise KafkaException(error)
                _log.warning("reading %s: %s; waiting", _named(self._ends), error.str())
                continue
            origin = (cast(str, message.topic()), cast(int, message.partition()))
            if origin in self.left:
                offset = cast(int, message.offset())
                # A transaction's marker may stand where the end is, and a message of another behind it.
                if not is_end and offset < self._ends[origin]:
                    found.append(message)
                self._reach(origin, offset + (not is_end))
        return found

    def close(self) -> None:
        """Leaves Kafka."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _reach(self, origin: Origin, offset: int) -> None:
        self.reached[origin] = offset
        if offset >= self._ends[origin] and self._consumer is not None:
            self.left.discard(origin)
            self._consumer.incremental_unassign([TopicPartition(*origin)])


def _named(origins: Mapping[Origin, int]) -> str:
    return ", ".join(sorted({topic for topic, _ in origins}))
