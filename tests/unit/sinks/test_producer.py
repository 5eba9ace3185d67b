"""The confirmed producer against librdkafka's own mock broker: the real protocol, in process."""

import threading
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from sinks import metrics
from sinks.errors import DeliveryFailed, TerminalSinkError
from sinks.kafka.producer import ConfirmedProducer

MOCK = {"test.mock.num.brokers": 1}


@pytest.fixture
def brokers() -> Iterator[str]:
    """The address of a mock broker that lives as long as its owner."""
    owner = Producer(MOCK)
    [broker] = owner.list_topics(timeout=5).brokers.values()
    yield f"{broker.host}:{broker.port}"
    del owner


def values(brokers: str, topic: str, count: int) -> set[bytes]:
    """What the topic holds, once there are so many."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "test", "auto.offset.reset": "earliest"})
    partitions = consumer.list_topics(topic, timeout=5).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    found: set[bytes] = set()
    while len(found) < count:
        message = consumer.poll(5)
        assert message is not None
        found.add(message.value() or b"")
    consumer.close()
    return found


def delivered(topic: str) -> float:
    return float(metrics.MESSAGES_DELIVERED.labels(topic=topic)._value.get())


def test_what_flush_returned_for_is_on_the_topic(brokers: str) -> None:
    producer = ConfirmedProducer({"bootstrap.servers": brokers}, "flushed")
    written = {b"%d" % number for number in range(500)}
    for value in written:
        producer.write(value, key=None, headers=[])
    producer.flush()
    assert delivered("flushed") == 500
    assert values(brokers, "flushed", 500) == written


def test_a_full_queue_makes_write_wait(brokers: str) -> None:
    config = {"bootstrap.servers": brokers, "queue.buffering.max.messages": 10}
    producer = ConfirmedProducer(config, "narrow")
    for number in range(200):
        producer.write(b"%d" % number, key=b"k", headers=[])
    producer.flush()
    assert delivered("narrow") == 200


def test_writers_on_several_threads_share_it(brokers: str) -> None:
    producer = ConfirmedProducer({"bootstrap.servers": brokers}, "shared")

    def write() -> None:
        for number in range(100):
            producer.write(b"%d" % number, key=b"k", headers=[])
        producer.flush()

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert delivered("shared") == 300


def test_a_message_too_large_is_latched(brokers: str) -> None:
    producer = ConfirmedProducer({"bootstrap.servers": brokers, "message.max.bytes": 2_000}, "large")
    with pytest.raises(DeliveryFailed, match=r"topic large.*[Mm]essage size too large"):
        producer.write(b"x" * 5_000, key=None, headers=[])
    for call in (producer.poll, producer.flush, lambda: producer.write(b"x", key=None, headers=[])):
        with pytest.raises(DeliveryFailed, match="too large"):
            call()


def test_nobody_listening_is_told_with_the_address_and_the_reason() -> None:
    producer = ConfirmedProducer({"bootstrap.servers": "127.0.0.1:9"}, "nowhere", deadline_s=1.0)
    producer.write(b"x", key=None, headers=[])
    with pytest.raises(TerminalSinkError, match=r"127\.0\.0\.1:9.*topic nowhere.*timed out.*start the job again"):
        producer.flush()
    with pytest.raises(TerminalSinkError):
        producer.write(b"y", key=None, headers=[])


def test_a_refused_configuration_shows_no_password() -> None:
    with pytest.raises(DeliveryFailed, match="Correct it") as caught:
        ConfirmedProducer({"bootstrap.servers": "b:1", "sasl.passwort": "hunter2"}, "t")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("config", [{"acks": 0}, {"enable.idempotence": False}])
def test_confirmation_cannot_be_configured_away(brokers: str, config: dict[str, object]) -> None:
    producer = ConfirmedProducer({"bootstrap.servers": brokers, **config}, "kept")  # type: ignore[dict-item]
    producer.write(b"x", key=None, headers=[])
    producer.flush()
