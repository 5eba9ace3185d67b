"""What live tests write to Kafka and find there: messages with times of their choice, topics to their end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Sent:
    """One message to be produced; `time_ms` is the record's own time, None that of its production."""

    value: bytes | None
    key: bytes | None = None
    time_ms: int | None = None
    partition: int | None = None
    headers: Sequence[tuple[str, bytes]] = ()


class Read(NamedTuple):
    """One message of a topic."""

    partition: int
    offset: int
    time_ms: int
    key: bytes | None
    value: bytes
    headers: dict[str, bytes]

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.value)
        return value


def iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")


def event(event_id: str, type_: str, customer: str, time_ms: int, *, partition: int | None = None, **more: Any) -> Sent:
    """A canonical event whose record time is its event time: it came at once. `more` are its properties."""
    value = {
        "event_id": event_id,
        "type": type_,
        "customer_id": customer,
        "event_time": iso(time_ms),
        "properties": more,
    }
    return Sent(json.dumps(value).encode(), customer.encode(), time_ms, partition)


def produce(bootstrap_servers: str, topic: str, messages: Iterable[Sent], *, largest: int = 1_000_000) -> int:
    """Returns, when all are confirmed, how many there were. Messages without a partition go by their key."""
    failed: list[str] = []
    limits = {"message.max.bytes": largest}
    producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 5, "acks": "all", **limits})
    count = 0
    for message in messages:
        producer.produce(
            topic,
            message.value,
            message.key,
            **({} if message.partition is None else {"partition": message.partition}),
            **({} if message.time_ms is None else {"timestamp": message.time_ms}),
            headers=list(message.headers),
            on_delivery=lambda error, _: failed.append(error.str()) if error is not None else None,
        )
        count += 1
        if count % 10_000 == 0:
            producer.poll(0.1)
    assert producer.flush(_TIMEOUT_S) == 0
    assert not failed
    return count


def read_topic(bootstrap_servers: str, topic: str) -> list[Read]:
    """Everything on the topic, to the end of each of its partitions."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "reads-and-commits-nothing",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
        }
    )
    try:
        unread = set(consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in unread])
        read = []
        while unread:
            message = consumer.poll(_TIMEOUT_S)
            assert message is not None, f"{topic} could not be read to its end"
            error = message.error()
            if error is None:
                read.append(_read(message))
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error.str()
                unread.discard(message.partition())
        return read
    finally:
        consumer.close()


def _read(message: Any) -> Read:
    return Read(
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        dict(message.headers() or []),
    )
