"""Everything that is on a topic."""

from __future__ import annotations

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

_TIMEOUT_S = 20.0


def topic_values(bootstrap_servers: str, topic: str) -> list[bytes]:
    """The values, each partition to its end. Raises KafkaException; TimeoutError where Kafka falls silent."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "reads-and-commits-nothing",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    try:
        unread = set(consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in unread])
        values: list[bytes] = []
        while unread:
            message = consumer.poll(_TIMEOUT_S)
            if message is None:
                raise TimeoutError(f"{topic} could not be read to its end")
            error = message.error()
            if error is None:
                values.append(message.value() or b"")
            elif error.code() == KafkaError._PARTITION_EOF:
                unread.discard(message.partition())
            else:
                raise KafkaException(error)
        return values
    finally:
        consumer.close()
