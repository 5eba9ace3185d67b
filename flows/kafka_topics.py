"""What Kafka is asked before anything is read: which topics and partitions there are, and how it is spoken to."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import TopicMetadata  # type: ignore[attr-defined]

from operators.records import Origin
from sinks.kafka.consumer import consumer_settings
from sinks.kafka.refusals import refusal_of

METADATA_TIMEOUT_S: Final = 10.0
_ASK_AGAIN_S: Final = 0.5
"""How soon a refusal is noticed while Kafka is asked for its topics."""
_QUEUES_KBYTES: Final = 262_144
"""What librdkafka may hold that we have not taken, of all partitions: bounds memory while catching up."""
_LEAST_QUEUE_KBYTES: Final = 1_024
_LARGEST_QUEUE_KBYTES: Final = 16_384
"""Of one partition; more makes nothing faster."""
_PASSING_OF_TOPICS: Final = frozenset({KafkaError.LEADER_NOT_AVAILABLE, KafkaError.NOT_LEADER_FOR_PARTITION})
"""What a topic says while its brokers change places."""
_UNKNOWN: Final = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})


class SourceError(Exception):
    """Kafka cannot be read; the message says what to do."""


class NoSuchTopic(SourceError):
    """Kafka answers, and has no topic of this name."""


class SourceUnavailable(SourceError):
    """Kafka does not answer, or no longer as it did: a new start may go on."""


class PartitionsChanged(SourceError):
    """A topic has partitions that this flow does not read: a new start reads them."""


def part_name(origin: Origin) -> str:
    """The name of a Kafka partition as a Bytewax partition; also of the sink partition beside it."""
    return f"{origin[0]}/{origin[1]}"


def consumer_config(connection: Mapping[str, Any], *, partitions: int = 1) -> dict[str, Any]:
    """librdkafka's settings of a consumer of one of so many partitions."""
    queue_kbytes = min(_LARGEST_QUEUE_KBYTES, max(_LEAST_QUEUE_KBYTES, _QUEUES_KBYTES // partitions))
    # An offset that is not in the log is news: `KafkaPartition` says and counts what is lost.
    ours = {"auto.offset.reset": "error", "queued.max.messages.kbytes": queue_kbytes}
    return consumer_settings({**ours, **connection})


def list_origins(connection: Mapping[str, Any], topics: Iterable[str]) -> list[Origin]:
    """Every (topic, Kafka partition) of these topics. Raises ``SourceError``."""
    heard: list[KafkaError] = []
    # Nobody answering would be a line of log every 50 ms; the last of them is in the message.
    quiet = {"log_level": 0, "error_cb": heard.append}
    where = connection.get("bootstrap.servers")
    try:
        consumer = Consumer({**consumer_config(connection), **quiet})
    except KafkaException as error:
        raise SourceError(f"the settings of Kafka are refused: {error.args[0].str()}") from None
    try:
        origins = []
        for topic in topics:
            found = _ask_for(consumer, topic, heard, connection)
            if found.error is not None or not found.partitions:
                why = "it has no partitions" if found.error is None else found.error.str()
                acl = found.error and refusal_of(found.error, connection, topic=topic)
                passes = found.error is not None and found.error.code() in _PASSING_OF_TOPICS
                is_unknown = found.error is not None and found.error.code() in _UNKNOWN
                failed = SourceUnavailable if passes else NoSuchTopic if is_unknown else SourceError
                raise failed(f"topic {topic!r} cannot be read at {where}: {acl or why}")
            origins += [(topic, partition) for partition in found.partitions]
        return origins
    finally:
        consumer.close()


def _ask_for(consumer: Consumer, topic: str, heard: list[KafkaError], connection: Mapping[str, Any]) -> TopicMetadata:
    """What Kafka says of the topic. Raises `SourceError`, at once where waiting would not help."""
    where = connection.get("bootstrap.servers")
    deadline_s = time.monotonic() + METADATA_TIMEOUT_S
    while True:
        try:
            return cast(TopicMetadata, consumer.list_topics(topic, timeout=_ASK_AGAIN_S).topics[topic])
        except KafkaException as error:
            consumer.poll(0)  # brings what `error_cb` is told
            for each in heard:
                refused = refusal_of(each, connection, topic=topic)
                if refused is not None:
                    raise SourceError(f"Kafka at {where} refuses us: {refused}") from None
            if time.monotonic() < deadline_s:
                time.sleep(_ASK_AGAIN_S / 10)  # where all brokers are known to be down it is refused without waiting
                continue
            told = [each.str() for each in heard if each.code() != KafkaError._ALL_BROKERS_DOWN]
            why = told[-1] if told else f"{error.args[0].str()} (does kafka.security_protocol fit its listener?)"
            raise SourceUnavailable(f"no Kafka answers at {where} within {METADATA_TIMEOUT_S:g} s: {why}") from None
