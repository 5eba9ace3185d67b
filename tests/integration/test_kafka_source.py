"""A source that cannot read says what, where and why, before the flow begins."""

import pytest

from flows import kafka_topics
from flows.kafka_source import KafkaSource, TopicSource
from flows.kafka_topics import NoSuchTopic, SourceError
from operators.decode import Decoder
from operators.state import StateFormatError
from tests.kafka.topics import TopicFactory
from tests.loopback_port import LOOPBACK, free_port

pytestmark = pytest.mark.integration


def source(bootstrap_servers: str, topic: str) -> KafkaSource:
    return KafkaSource(
        consumer={"bootstrap.servers": bootstrap_servers},
        topics={topic: TopicSource(decoder=Decoder(), max_delay_us=0)},
        max_out_of_orderness_us=0,
        idle_after_us=500_000,
        chunk_size=100,
    )


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_topics, "METADATA_TIMEOUT_S", 0.5)
    nobody = f"{LOOPBACK}:{free_port()}"
    with pytest.raises(SourceError, match=rf"no Kafka answers at {nobody} within 0.5 s: .*Connection refused"):
        source(nobody, "events").origins()


def test_a_topic_that_nobody_made(kafka: str) -> None:
    with pytest.raises(NoSuchTopic, match=rf"topic 'nobody-made-this' cannot be read at {kafka}: .*Unknown topic"):
        source(kafka, "nobody-made-this").origins()


def test_a_snapshot_of_another_format(kafka: str, topic: TopicFactory) -> None:
    name = topic()
    with pytest.raises(StateFormatError, match=r"'other/1'; this version reads 'customer-triggers/kafka-partition/1'"):
        source(kafka, name).build_part("source", f"{name}/0", ("other/1", 7, (0, 0)))
