"""Reads the spool from where its consumer group stands, and moves the group on when told that rows are stored.

Partitions are assigned, not shared out by the group: there is one drain in a dataflow, and one that starts again must
not wait until the group has given up its predecessor.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from sinks import metrics
from sinks.errors import SpoolUnreadable

_log: Final = logging.getLogger(__name__)

_ANSWER_TIMEOUT_S: Final = 10.0
_NEW_PARTITIONS_S: Final = 30.0
"""How often a topic is asked whether it has gained partitions."""
_WILL_NOT_PASS: Final = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._AUTHENTICATION,
    }
)


class SpoolReader:
    """Of one thread. A broker that is away is waited for; raises `SpoolUnreadable` for what will not pass."""

    def __init__(
        self, config: Mapping[str, Any], topic: str, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._topic = topic
        self._where = config.get("bootstrap.servers")
        self._monotonic = monotonic
        self._listed_s: float | None = None
        self._next: dict[int, int] = {}
        """By Kafka partition the offset up to which all is stored."""
        self._read: dict[int, int] = {}
        """By Kafka partition the offset up to which all is read."""
        self._consumer = Consumer(
            {
                "group.id": "customer-triggers-spool",
                "fetch.wait.max.ms": 50,
                "queued.max.messages.kbytes": 16_384,
                **config,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
            },
            logger=_log,
        )

    def read(self, most: int, timeout_s: float) -> list[Message]:
        """Messages in offset order of each Kafka partition; none when none came in time."""
        self._assign_new()
        messages = []
        for message in self._consumer.consume(most, timeout=timeout_s):
            error = message.error()
            if error is None:
                self._count_gap(message.partition() or 0, message.offset() or 0)
                messages.append(message)
            elif error.fatal() or error.code() in _WILL_NOT_PASS:
                raise self._unreadable(error)
            else:
                _log.warning("reading the spool %s at %s: %s; waiting", self._topic, self._where, error.str())
        return messages

    def done(self, messages: Sequence[Message]) -> None:
        """The rows of these are stored: a later start goes on behind them.

        Where Kafka does not answer, the group stands further back until the next call, and rows come again.
        """
        for message in messages:
            partition, offset = message.partition(), message.offset()
            if partition is not None and offset is not None:
                self._next[partition] = max(self._next.get(partition, 0), offset + 1)
        ends = [TopicPartition(self._topic, partition, offset) for partition, offset in self._next.items()]
        try:
            self._consumer.commit(offsets=ends, asynchronous=False)
        except KafkaException as error:
            self._stop_if_refused(error)
            _log.warning("the spool %s: how far it is stored is not recorded: %s", self._topic, error.args[0].str())

    def waiting(self) -> int:
        """How many messages are not stored, as far as is known without asking Kafka."""
        waiting = 0
        for partition, offset in self._next.items():
            _, high = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), cached=True)
            waiting += max(0, high - offset)
        return waiting

    def close(self) -> None:
        """Leaves Kafka."""
        self._consumer.close()

    def _assign_new(self) -> None:
        """Begins to read the partitions that are not read yet, each from where the group stands."""
        now_s = self._monotonic()
        if self._listed_s is not None and now_s - self._listed_s < _NEW_PARTITIONS_S:
            return
        try:
            found = self._consumer.list_topics(self._topic, timeout=_ANSWER_TIMEOUT_S).topics[self._topic]
            if found.error is not None:
                raise KafkaException(found.error)
            new = [TopicPartition(self._topic, each) for each in found.partitions if each not in self._next]
            starts = [self._start(at) for at in self._consumer.committed(new, timeout=_ANSWER_TIMEOUT_S)] if new else []
        except KafkaException as error:
            self._stop_if_refused(error)
            _log.warning("the spool %s at %s: %s; waiting", self._topic, self._where, error.args[0].str())
            return
        self._listed_s = now_s
        if starts:
            self._consumer.incremental_assign(starts)

    def _start(self, committed: TopicPartition) -> TopicPartition:
        if committed.error is not None:
            raise KafkaException(committed.error)
        low, _ = self._consumer.get_watermark_offsets(committed, timeout=_ANSWER_TIMEOUT_S)
        start = committed.offset if committed.offset >= 0 else low
        self._next[committed.partition] = self._read[committed.partition] = start
        return TopicPartition(self._topic, committed.partition, max(start, low))

    def _count_gap(self, partition: int, offset: int) -> None:
        """Nothing but retention makes gaps here: producers of the spool have no transactions."""
        missing = offset - self._read[partition]
        if missing > 0:
            metrics.SPOOL_LOST.inc(missing)
            _log.error(
                "the spool %s/%d: its retention has deleted %d messages before ClickHouse had their rows: make "
                "retention.ms longer than ClickHouse may be away", self._topic, partition, missing,
            )  # fmt: skip
        self._read[partition] = offset + 1

    def _stop_if_refused(self, error: KafkaException) -> None:
        refused = error.args[0]
        if refused.fatal() or refused.code() in _WILL_NOT_PASS:
            raise self._unreadable(refused) from None

    def _unreadable(self, error: KafkaError) -> SpoolUnreadable:
        return SpoolUnreadable(
            f"The spool, topic {self._topic} at {self._where}, cannot be read: {error.str()}. It must exist, and the "
            "account needs Read on it and on the consumer group customer-triggers-spool."
        )
