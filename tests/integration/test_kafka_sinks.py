"""The Kafka sinks on a real broker: what a closed epoch leaves on the topics."""

import json

import pytest
from bytewax import operators as op
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSource, run_main
from confluent_kafka import Consumer, Message, TopicPartition
from msgspec.structs import replace

from sinks.kafka.actions import PARTS, ActionsSink, Opening, part_of
from sinks.kafka.dead_letters import DeadLetterSink
from tests.kafka.topics import TopicFactory
from tests.unit.sinks.samples import BASE_US, ORIGIN, PART, dead_letter, decision

pytestmark = pytest.mark.integration


def messages(brokers: str, topic: str) -> list[Message]:
    """Everything on a topic that is committed now, by Kafka partition and offset."""
    consumer = Consumer(
        {"bootstrap.servers": brokers, "group.id": "test", "enable.partition.eof": True, "enable.auto.commit": False}
    )
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    found: list[Message] = []
    for partition in partitions:
        consumer.assign([TopicPartition(topic, partition, 0)])
        while (message := consumer.poll(10)) is not None and message.error() is None:
            found.append(message)
        assert message is not None, "read to its end"
    consumer.close()
    return found


def test_actions_are_on_the_topic_when_the_dataflow_ends(kafka: str, topic: TopicFactory) -> None:
    name = topic(partitions=3)
    decisions = [decision(number, recipient=f"c{number % 10}") for number in range(200)]
    flow = Dataflow("actions")
    opening = [(part, Opening(None)) for part in PARTS]
    # An action may come before the opening of its partition.
    items = [*opening[:5], *((part_of(each.recipient), each) for each in decisions), *opening[5:]]
    stream = op.input("in", flow, TestingSource(items, batch_size=len(items)))
    op.output(
        "out", stream, ActionsSink({"bootstrap.servers": kafka}, name, application="test", now_us=lambda: BASE_US)
    )
    run_main(flow)
    sent = messages(kafka, name)
    assert {json.loads(each.value() or b"")["action_id"] for each in sent} == {each.action_id for each in decisions}
    assert len(sent) == 200
    for each in sent:
        body = json.loads(each.value() or b"")
        headers = dict(each.headers() or [])
        assert each.key() == body["recipient"].encode()
        assert headers["action_id"] == body["action_id"].encode()
        assert headers["content-type"] == b"application/json"
        assert body["detection_time"] == "2026-01-05T10:00:00.000Z"


def test_one_recipients_actions_keep_their_order(kafka: str, topic: TopicFactory) -> None:
    name = topic(partitions=3)
    sink = ActionsSink({"bootstrap.servers": kafka}, name, application="test", now_us=lambda: BASE_US)
    partition = sink.build_part("out", "00", None)
    partition.write_batch([Opening(None), *(decision(number, recipient="c1") for number in range(500))])
    partition.snapshot()
    partition.close()
    times = [json.loads(each.value() or b"")["event_time"] for each in messages(kafka, name)]
    assert len(times) == 500
    assert times == sorted(times)


def test_what_is_no_action_is_not_sent(kafka: str, topic: TopicFactory) -> None:
    name = topic()
    sink = ActionsSink({"bootstrap.servers": kafka}, name, application="test", now_us=lambda: BASE_US)
    partition = sink.build_part("out", "00", None)
    partition.write_batch([Opening(None)])
    for refused in (decision(1, "suppressed"), replace(decision(2), sent_before=True)):
        with pytest.raises(ValueError, match="only actions to be sent"):
            partition.write_batch([refused])
    partition.close()
    assert messages(kafka, name) == []


def test_dead_letters_keep_bytes_key_and_origin(kafka: str, topic: TopicFactory) -> None:
    name = topic()
    partition = DeadLetterSink({"bootstrap.servers": kafka}, name, [PART]).build_part("dead", PART, None)
    partition.write_batch([[dead_letter(41)], [], [dead_letter(42)]])
    partition.snapshot()
    partition.close()
    sent = messages(kafka, name)
    assert [(each.value(), each.key()) for each in sent] == [(b"\xff\x00{", b"k\xfe")] * 2
    assert dict(sent[0].headers() or []) == {
        "reason": b"not_json",
        "message": b"expected a value",
        "topic": ORIGIN[0].encode(),
        "partition": b"3",
        "offset": b"41",
        "time": b"2026-01-05T10:00:00.000Z",
    }
