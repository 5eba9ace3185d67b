"""What topics hold, read to where they end now: for questions that a command asks, not for a flow."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from operators.records import Origin
from sinks.errors import TerminalSinkError
from sinks.kafka.producer import KafkaConfig

_log: Final = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # what librdkafka has to say is in the errors raised here
_PASSING: Final = frozenset({KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT})


def end_offsets(config: KafkaConfig, topics: Iterable[str], *, timeout_s: float = 10.0) -> dict[Origin, int]:
    """Where each Kafka partition ends, with what transactions have written and not yet committed.

    Raises `TerminalSinkError` for a topic that cannot be read.
    """
    consumer = _consumer(config, "read_uncommitted")
    try:
        ends = {}
        for topic in topics:
            found = consumer.list_topics(topic, timeout=timeout_s).topics[topic]
            if found.error is not None:
                raise TerminalSinkError(f"Topic {topic!r} cannot be read: {found.error.str()}. Make it, or correct it.")
            for partition in found.partitions:
                _, ends[topic, partition] = consumer.get_watermark_offsets(
                    TopicPartition(topic, partition), timeout=timeout_s
                )
        return ends
    except KafkaException as error:
        raise _unreadable(config, error.args[0]) from None
    finally:
        consumer.close()


def read_from(config: KafkaConfig, starts: Mapping[Origin, int], *, silence_s: float = 60.0) -> Iterator[Message]:
    """The committed messages of these topics, from these offsets (a Kafka partition without one: all) to where they end
    now. A transaction that is open there is waited for.

    Raises `TerminalSinkError` when nothing comes for ``silence_s``.
    """
    ends = end_offsets(config, sorted({topic for topic, _ in starts}))
    # A topic that ends before where it is to begin was made again: all of it is new.
    begins = {origin: start if (start := starts.get(origin, 0)) <= end else 0 for origin, end in ends.items()}
    unread = {origin for origin, end in ends.items() if begins[origin] < end}
    consumer = _consumer(config, "read_committed")
    try:
        consumer.assign([TopicPartition(*origin, begins[origin]) for origin in unread])
        heard_s = time.monotonic()
        while unread:
            message = consumer.poll(1.0)
            if message is None:
                if time.monotonic() - heard_s > silence_s:
                    named = ", ".join(f"{topic}/{partition}" for topic, partition in sorted(unread))
                    raise TerminalSinkError(
                        f"{named} cannot be read to the end within {silence_s:g} s: a transaction of another producer "
                        "may be open there. Run it again when that has ended."
                    )
                continue
            heard_s = time.monotonic()
            origin, reached = _place(config, message)
            if origin not in unread:
                continue
            if message.error() is None:
                yield message
            if reached >= ends[origin]:
                unread.discard(origin)
                consumer.incremental_unassign([TopicPartition(*origin)])
    finally:
        consumer.close()


def _place(config: KafkaConfig, message: Message) -> tuple[Origin | None, int]:
    """Which Kafka partition this is, and up to where it is read now."""
    error = message.error()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:
        if error.code() not in _PASSING and not error.retriable():
            raise _unreadable(config, error)
        return None, 0
    origin = (cast(str, message.topic()), cast(int, message.partition()))
    return origin, cast(int, message.offset()) + (error is None)


def _consumer(config: KafkaConfig, isolation: str) -> Consumer:
    settings: dict[str, Any] = {
        **config,
        "group.id": "customer-triggers",  # never used to commit; librdkafka asks for one
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "isolation.level": isolation,
    }
    return Consumer(settings, logger=_log)


def _unreadable(config: KafkaConfig, error: KafkaError) -> TerminalSinkError:
    where = config.get("bootstrap.servers")
    return TerminalSinkError(f"Kafka at {where} cannot be read: {error.str()}. Remove the cause, then run it again.")
