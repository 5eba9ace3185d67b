"""The broker that the other integration tests stand on does what they take for granted."""

import time
import uuid
from collections.abc import Iterable

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import ConfigResource

from tests.kafka.topics import TopicFactory, admin_client, create_topic
from tests.kafka_server import KafkaServer

pytestmark = pytest.mark.integration

_TIMEOUT_S = 20.0


def _produce(bootstrap_servers: str, topic: str, values: Iterable[bytes]) -> None:
    """Returns when the broker has acknowledged every value."""
    failures: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error)

    producer = Producer({"bootstrap.servers": bootstrap_servers, "acks": "all", "log_level": 0})
    for value in values:
        producer.produce(topic, value, partition=0, on_delivery=delivered)
    assert producer.flush(_TIMEOUT_S) == 0
    assert failures == []


def _read_to_end(bootstrap_servers: str, topic: str, *, isolation: str = "read_committed") -> tuple[list[bytes], int]:
    """Returns the values of Kafka partition 0 and the offset that its partition-EOF event carried."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": uuid.uuid4().hex,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": isolation,
            "log_level": 0,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    values: list[bytes] = []
    deadline_s = time.monotonic() + _TIMEOUT_S
    try:
        while time.monotonic() < deadline_s:
            message = consumer.poll(1.0)
            if message is None:
                continue
            error = message.error()
            if error is None:
                values.append(message.value() or b"")
            elif error.code() == KafkaError._PARTITION_EOF:
                return values, message.offset() or 0
            elif not error.retriable():
                raise KafkaException(error)
    finally:
        consumer.close()
    raise TimeoutError(f"the end of {topic} was not reached in {_TIMEOUT_S} s; read so far: {len(values)}")


def _transactional_producer(bootstrap_servers: str, transactional_id: str) -> Producer:
    producer = Producer({"bootstrap.servers": bootstrap_servers, "transactional.id": transactional_id, "log_level": 0})
    producer.init_transactions(_TIMEOUT_S)
    return producer


def test_what_is_produced_is_consumed_in_order(kafka: str, topic: TopicFactory) -> None:
    name = topic()
    sent = [b"%d" % number for number in range(1000)]
    _produce(kafka, name, sent)
    assert _read_to_end(kafka, name) == (sent, 1000)


def test_a_topic_has_the_partitions_and_the_settings_asked_for(kafka: str, topic: TopicFactory) -> None:
    name = topic(partitions=3, config={"cleanup.policy": "compact"})
    admin = admin_client(kafka)
    assert sorted(admin.list_topics(name, timeout=_TIMEOUT_S).topics[name].partitions) == [0, 1, 2]
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    settings = admin.describe_configs([resource])[resource].result(_TIMEOUT_S)
    assert settings["cleanup.policy"].value == "compact"


def test_two_topics_never_share_a_name(topic: TopicFactory) -> None:
    assert topic() != topic()


def test_an_unknown_topic_is_not_created_by_writing_to_it(kafka: str) -> None:
    producer = Producer({"bootstrap.servers": kafka, "log_level": 0, "topic.metadata.propagation.max.ms": 100})
    failures: list[KafkaError | None] = []
    producer.produce("nobody-created-this", b"x", on_delivery=lambda error, _: failures.append(error))
    producer.flush(_TIMEOUT_S)
    codes = [error.code() for error in failures if error is not None]
    assert codes in ([KafkaError._UNKNOWN_TOPIC], [KafkaError.UNKNOWN_TOPIC_OR_PART])


def test_an_empty_partition_reports_its_end_at_offset_zero(kafka: str, topic: TopicFactory) -> None:
    assert _read_to_end(kafka, topic()) == ([], 0)


def test_a_reader_of_committed_data_sees_a_transaction_only_when_it_committed(kafka: str, topic: TopicFactory) -> None:
    name = topic()
    producer = _transactional_producer(kafka, uuid.uuid4().hex)
    producer.begin_transaction()
    producer.produce(name, b"taken back")
    producer.flush(_TIMEOUT_S)
    producer.abort_transaction(_TIMEOUT_S)
    producer.begin_transaction()
    producer.produce(name, b"kept")
    producer.commit_transaction(_TIMEOUT_S)
    # Two messages and two transaction markers: the end is at 4 although one message is read, so no arithmetic
    # on offsets tells whether a partition was read to its end.
    assert _read_to_end(kafka, name) == ([b"kept"], 4)
    assert _read_to_end(kafka, name, isolation="read_uncommitted") == ([b"taken back", b"kept"], 4)


def test_a_second_producer_with_the_same_transactional_id_fences_the_first(kafka: str, topic: TopicFactory) -> None:
    name, transactional_id = topic(), uuid.uuid4().hex
    first = _transactional_producer(kafka, transactional_id)
    first.begin_transaction()
    first.produce(name, b"in flight")
    first.flush(_TIMEOUT_S)
    second = _transactional_producer(kafka, transactional_id)
    with pytest.raises(KafkaException) as refused:
        first.commit_transaction(_TIMEOUT_S)
    assert refused.value.args[0].code() == KafkaError._FENCED
    second.begin_transaction()
    second.produce(name, b"by the second")
    second.commit_transaction(_TIMEOUT_S)
    assert _read_to_end(kafka, name)[0] == [b"by the second"]


def test_a_killed_broker_keeps_what_it_acknowledged(kafka_server: KafkaServer) -> None:
    create_topic(kafka_server.bootstrap_servers, "survives-kill")
    _produce(kafka_server.bootstrap_servers, "survives-kill", [b"before"])
    kafka_server.kill()
    kafka_server.start()
    _produce(kafka_server.bootstrap_servers, "survives-kill", [b"after"])
    assert _read_to_end(kafka_server.bootstrap_servers, "survives-kill") == ([b"before", b"after"], 2)


def test_a_producer_outlives_a_restart_of_its_broker(kafka_server: KafkaServer) -> None:
    create_topic(kafka_server.bootstrap_servers, "survives-restart")
    producer = Producer(
        {"bootstrap.servers": kafka_server.bootstrap_servers, "reconnect.backoff.max.ms": 100, "log_level": 0}
    )
    producer.produce("survives-restart", b"before")
    assert producer.flush(_TIMEOUT_S) == 0
    kafka_server.stop()
    producer.produce("survives-restart", b"meanwhile")
    assert producer.flush(0.2) == 1
    kafka_server.restart()
    assert producer.flush(_TIMEOUT_S) == 0
    assert _read_to_end(kafka_server.bootstrap_servers, "survives-restart")[0] == [b"before", b"meanwhile"]


def test_a_broker_that_cannot_start_shows_the_end_of_its_log(kafka_server: KafkaServer) -> None:
    kafka_server.stop()
    properties = kafka_server.log_file.with_name("server.properties")
    right = properties.read_text()
    properties.write_text(right.replace("node.id=1", "node.id=many"))
    try:
        with pytest.raises(RuntimeError, match=r"(?s)kafka\.log:.*Invalid value many"):
            kafka_server.start()
    finally:
        properties.write_text(right)
