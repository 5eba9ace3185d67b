"""One Kafka partition being read, by hand: when it follows the clock and when it does not."""

from dataclasses import dataclass
from typing import Final

import pytest

from flows.kafka_source import STATE, KafkaPartition, KafkaSource, State, TopicSource
from operators.decode import Decoder
from operators.records import BEGINNING_OF_TIME, Chunk
from operators.state import StateFormatError
from tests.integration.live_topics import event, produce
from tests.kafka.topics import TopicFactory
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

THEN_MS: Final = 1_700_000_000_000
NOW_US: Final = 1_800_000_000_000_000
MAX_DELAY_US: Final = 1_000_000


@dataclass
class HandClock:
    """System time that stands still until a test moves it."""

    now_us: int = NOW_US

    def __call__(self) -> int:
        return self.now_us


def partition_of(kafka: str, topic: str, clock: HandClock, resume: State | None = None) -> KafkaPartition:
    source = KafkaSource(
        consumer={"bootstrap.servers": kafka},
        topics={topic: TopicSource(Decoder(), MAX_DELAY_US)},
        max_out_of_orderness_us=MAX_DELAY_US,
        idle_after_us=0,
        chunk_size=100,
        clock=clock,
    )
    return source.build_part("source", f"{topic}/0", resume)


def read_until_head(partition: KafkaPartition) -> list[Chunk]:
    chunks: list[Chunk] = []

    def at_head() -> bool:
        if not partition.at_head:
            chunks.extend(partition.next_batch())
        return partition.at_head

    wait_until(at_head, what="the end of the partition")
    return chunks


def test_a_partition_with_unread_messages_never_follows_the_clock(kafka: str, topic: TopicFactory) -> None:
    """However long ago the log is, and though nothing may be silent for any time at all (`idle_after` 0)."""
    name = topic()
    produce(kafka, name, [event(f"e{i}", "page_view", "c", THEN_MS + i, pad="x" * 500) for i in range(10_000)])
    clock = HandClock()
    partition = partition_of(kafka, name, clock)
    chunks = read_until_head(partition)
    assert sum(len(chunk.records) for chunk in chunks) == 10_000
    for chunk in chunks:
        expected = max(chunk.event_times_us) - MAX_DELAY_US if chunk.records else BEGINNING_OF_TIME
        assert chunk.watermark_us == expected
        clock.now_us += 60_000_000
    assert partition.clock.watermark_us == partition.clock.log_watermark_us == (THEN_MS + 9_999) * 1_000 - MAX_DELAY_US
    partition.close()


def test_a_partition_read_to_its_end_follows_the_clock(kafka: str, topic: TopicFactory) -> None:
    name = topic()
    produce(kafka, name, [event("e", "page_view", "c", THEN_MS)])
    partition = partition_of(kafka, name, HandClock())
    read_until_head(partition)
    heartbeats(partition)
    assert partition.clock.watermark_us == NOW_US - MAX_DELAY_US
    assert partition.clock.log_watermark_us == THEN_MS * 1_000 - MAX_DELAY_US
    partition.close()


def test_a_partition_that_never_had_a_message_follows_the_clock(kafka: str, topic: TopicFactory) -> None:
    partition = partition_of(kafka, topic(), HandClock())
    assert not any(chunk.records for chunk in read_until_head(partition))
    (heartbeat,) = heartbeats(partition)
    assert (heartbeat.watermark_us, heartbeat.records) == (NOW_US - MAX_DELAY_US, [])
    partition.close()


def test_a_resumed_partition_follows_no_clock_before_it_is_read_to_its_end_again(
    kafka: str, topic: TopicFactory
) -> None:
    name = topic()
    produce(kafka, name, [event("e", "page_view", "c", THEN_MS)])
    before = partition_of(kafka, name, HandClock(THEN_MS * 1_000))
    read_until_head(before)
    state = before.snapshot()
    before.close()
    produce(kafka, name, [event(f"while-away-{i}", "page_view", "c", THEN_MS + i) for i in range(1_000)])
    partition = partition_of(kafka, name, HandClock(), state)
    chunks = read_until_head(partition)
    assert [record.event_id for chunk in chunks for record in chunk.records] == [
        f"while-away-{i}" for i in range(1_000)
    ]
    assert max(chunk.watermark_us for chunk in chunks) == (THEN_MS + 999) * 1_000 - MAX_DELAY_US
    partition.close()


def heartbeats(partition: KafkaPartition) -> list[Chunk]:
    """The next one."""
    found: list[Chunk] = []
    wait_until(lambda: found.extend(partition.next_batch()) or found, what="a heartbeat")
    return found


def test_an_offset_beyond_the_end_is_of_a_topic_made_anew_which_is_read_from_its_earliest(
    kafka: str, topic: TopicFactory, caplog: pytest.LogCaptureFixture
) -> None:
    name = topic()
    produce(kafka, name, [event(f"e{i}", "page_view", "c", THEN_MS + i) for i in range(3)])
    partition = partition_of(kafka, name, HandClock(), (STATE, 50, (0, 0)))
    chunks = read_until_head(partition)
    assert [record.event_id for chunk in chunks for record in chunk.records] == ["e0", "e1", "e2"]
    assert partition.tally.of("offsets_lost") == partition.tally.of("offsets_skipped") == 0
    assert f"{name}/0 ends at offset 3, before the next one to be read (50)" in caplog.text
    assert partition.snapshot()[1] == 3
    partition.close()


def test_a_state_of_another_format_is_refused_with_what_to_do(kafka: str, topic: TopicFactory) -> None:
    with pytest.raises(StateFormatError, match=r"source state of format 'x/9'.*Start with an empty recovery store"):
        partition_of(kafka, topic(), HandClock(), ("x/9", 0, (0, 0)))
