"""Kafka topics as a Bytewax source: one source partition a Kafka partition, one chunk a read.

A chunk carries its partition's watermark, applied after its events. Offsets and watermark are the snapshot; nothing
is committed to Kafka, for the recovery store is what a resume starts from. Without a snapshot a partition is read
from its earliest offset.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from flows.head_watch import HeadWatch
from flows.kafka_topics import (
    METADATA_TIMEOUT_S,
    PartitionsChanged,
    SourceError,
    SourceUnavailable,
    consumer_config,
    list_origins,
    part_name,
)
from flows.message_columns import message_columns, offset_of
from flows.partition_watch import PartitionWatch
from flows.worker_thread import keep_thread_state
from operators.clock import PartitionClock, SystemClock, system_time_us
from operators.decode import Decoder
from operators.read_ahead import ReadAhead
from operators.reasons import Fate
from operators.records import Chunk, Origin
from operators.state import StateFormatError
from operators.tally import Tally
from sinks.kafka.refusals import PASSING, refusal_of

log = logging.getLogger(__name__)

STATE: Final = "customer-triggers/kafka-partition/1"
State = tuple[str, int, tuple[int, int]]
"""(format, next offset, watermarks)."""

_POLL: Final = timedelta(milliseconds=5)
"""How soon an empty partition is asked again: what a lone event waits at most for its chunk."""
_BROADCAST_S: Final = 0.02
"""At most this often does a chunk carry the watermark to key groups without an event in it: one of any partition of the
process, for each wakes every key group, and time goes on only when the last of them has told. But each partition as
often as it has heartbeats."""
_ELSEWHERE_S: Final = 1.0
_HEARTBEAT_S: Final = 0.1
"""How often silence at the head of the log moves time: each heartbeat wakes every key group."""


@dataclass(frozen=True)
class TopicSource:
    """How one topic is read."""

    decoder: Decoder
    max_delay_us: int
    """The longest way from a customer to Kafka by this topic."""


@dataclass
class KafkaSource(FixedPartitionedSource[Chunk, State]):
    """All partitions of ``topics``.

    ``consumer`` holds librdkafka's settings of the connection. ``clock`` is what heartbeats ask: system time, or an
    accelerated one where traffic runs at another speed. ``until``: the partitions end when it is true (never: live).
    """

    consumer: Mapping[str, Any] = field(repr=False)  # it holds passwords
    topics: Mapping[str, TopicSource]
    max_out_of_orderness_us: int
    idle_after_us: int
    chunk_size: int
    clock: SystemClock = system_time_us
    until: Callable[[], bool] = lambda: False
    read_ahead: int = sys.maxsize
    """How many events may be read beyond the slowest partition; without detection nothing waits for it."""
    deadline_s: float = 60.0
    """How long Kafka may be away."""
    metadata_interval_s: float = 30.0
    """How often Kafka is asked for new partitions."""
    partitions: list[KafkaPartition] = field(default_factory=list)
    """Those that run in this process, for metrics."""
    _origins: tuple[Origin, ...] = ()

    def __post_init__(self) -> None:
        self.head_watch = HeadWatch(self.consumer, self.clock)
        """What confirms, for all partitions of this process, that they are read to their end."""
        self.line = ReadAhead(self.read_ahead)
        """Which of them may be read on."""
        self.partition_watch = PartitionWatch(
            lambda: list_origins(self.consumer, self.topics), self.metadata_interval_s
        )

    def origins(self) -> tuple[Origin, ...]:
        """Every (topic, Kafka partition); asks Kafka once. Raises ``SourceError``."""
        if not self._origins:
            self._origins = tuple(sorted(list_origins(self.consumer, self.topics)))
        return self._origins

    def list_parts(self) -> list[str]:
        """``topic/partition`` for each."""
        return [part_name(origin) for origin in self.origins()]

    def build_part(self, step_id: str, for_part: str, resume_state: State | None) -> KafkaPartition:
        """Begins to read one Kafka partition, from the snapshot or from its earliest offset."""
        keep_thread_state()
        topic, _, partition = for_part.rpartition("/")
        built = KafkaPartition(self, (topic, int(partition)), resume_state)
        self.partitions.append(built)
        return built


class KafkaPartition(StatefulSourcePartition[Chunk, State]):
    """One Kafka partition being read. Counts its dead letters in ``tally``."""

    def __init__(self, source: KafkaSource, origin: Origin, resume_state: State | None) -> None:
        self.origin = origin
        self.tally = Tally()
        self.clock = PartitionClock(source.max_out_of_orderness_us)
        self.at_head = False
        """Read to its end: everything in the log has been given on."""
        self.head: tuple[int, int] | None = None
        """When Kafka was last asked where the log ends, and its answer (`HeadWatch`)."""
        self._away = False
        """librdkafka has lost the brokers, and nothing has come since."""
        self._asked_s = time.monotonic()
        self._silent_s = 0.0
        """How long Kafka has been asked in vain, and what ``head`` was then."""
        self._heard_head: tuple[int, int] | None = None
        self._source = source
        self._topic = source.topics[origin[0]]
        self._next_offset = 0
        start = OFFSET_BEGINNING
        if resume_state is not None:
            format_, self._next_offset, watermarks = resume_state
            if format_ != STATE:
                raise StateFormatError(
                    f"the recovery store holds source state of format {format_!r}; this version reads {STATE!r}. "
                    "Start with an empty recovery store, or with the version that wrote it"
                )
            self.clock.resume(watermarks)
            start = self._next_offset
        self._refused: str | None = None
        config = consumer_config(source.consumer, partitions=len(source.origins()))
        self._consumer = Consumer({**config, "error_cb": self._hear_of_connection})
        self._consumer.assign([TopicPartition(*origin, start)])
        self._next_awake: datetime | None = None
        self._quiet_since_us = source.clock()
        self._last_broadcast_s = 0.0
        self._last_heartbeat_s = 0.0
        self._owes_broadcast = False
        self._is_out_of_range = False
        source.head_watch.enter(self)
        source.line.enter(origin, self.clock.watermark_us)
        source.partition_watch.enter(source.origins())

    def next_batch(self) -> list[Chunk]:
        """What Kafka has ready, as one chunk; a heartbeat where the log is read to its end and silent."""
        if self._source.until():
            raise StopIteration
        if self._source.partition_watch.found is not None:
            raise PartitionsChanged(self._source.partition_watch.found)
        if self._is_out_of_range:
            self._begin_at_earliest()
        expected_offset = self._next_offset
        line = self._source.line
        may_read = line.may_read(self.origin)
        messages = self._consume() if may_read else []
        self._next_awake = None
        if messages:
            chunk = self._chunk(messages, expected_offset)
            line.read(self.origin, self.clock.watermark_us, len(chunk.records))
        if self.at_head:
            line.reached_head(self.origin)
        if messages:
            return [chunk]
        self._next_awake = datetime.now(UTC) + _POLL
        self._stop_if_away_for_good(asked=may_read)
        return self._silence()

    def next_awake(self) -> datetime | None:
        """At once while there is something to read."""
        return self._next_awake

    def snapshot(self) -> State:
        """The next offset and the watermarks."""
        return (STATE, self._next_offset, self.clock.state())

    def close(self) -> None:
        """Leaves Kafka."""
        self._source.head_watch.leave(self)
        self._source.line.leave(self.origin)
        self._source.partition_watch.leave()
        self._consumer.close()

    def lag(self) -> int:
        """How many messages of the log are unread, as far as librdkafka knows."""
        try:
            _, high = self._consumer.get_watermark_offsets(TopicPartition(*self.origin), cached=True)
        except (KafkaException, RuntimeError):  # closed, or not yet asked
            return 0
        return max(0, high - self._next_offset)

    def _consume(self) -> list[Message]:
        """Messages ready now, without those that are news of the partition itself."""
        batch = self._consumer.consume(self._source.chunk_size, timeout=0)
        if self._refused is not None:
            raise SourceError(f"reading {part_name(self.origin)}: {self._refused}")
        messages = [message for message in batch if message.error() is None]
        if messages:
            self.at_head = False
            self._hear_life()
        if len(messages) < len(batch):
            self._hear([message for message in batch if message.error() is not None], messages)
        return messages

    def _hear(self, news: list[Message], messages: list[Message]) -> None:
        """What Kafka says of the partition itself; raises ``SourceError`` for what does not mend by itself."""
        for message in news:
            error = cast(KafkaError, message.error())
            if error.code() == KafkaError._PARTITION_EOF:
                self._hear_life()
                end_offset = offset_of(message)
                if not messages or offset_of(messages[-1]) < end_offset:
                    self._next_offset = end_offset
                    self.at_head = True
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:
                self._is_out_of_range = True
            elif error.fatal() or (not error.retriable() and error.code() not in PASSING):
                why = refusal_of(error, self._source.consumer, topic=self.origin[0])
                failed = SourceUnavailable if why is None else SourceError
                raise failed(f"reading {part_name(self.origin)}: {why or error.str()}")
            else:
                log.warning("reading %s: %s; waiting", part_name(self.origin), error.str())

    def _begin_at_earliest(self) -> None:
        """The next offset is not in the log: retention has passed it, or the topic was made anew."""
        name, expected_offset = part_name(self.origin), self._next_offset
        try:
            earliest, end_offset = self._consumer.get_watermark_offsets(
                TopicPartition(*self.origin), timeout=METADATA_TIMEOUT_S
            )
        except KafkaException as error:
            log.warning("%s does not say where it begins: %s; waiting", name, error.args[0].str())
            return
        if earliest > expected_offset:
            lost = earliest - expected_offset
            self.tally.add("offsets_lost", amount=lost)
            log.error(
                "%s: offsets %d to %d, %d of them, were deleted before they were read: their events are LOST. "
                "Reading goes on at the earliest left. Was the flow away for longer than the topic's retention?",
                name, expected_offset, earliest - 1, lost,
            )  # fmt: skip
        else:
            log.warning(
                "%s ends at offset %d, before the next one to be read (%d): the topic was made anew, or its log cut. "
                "Reading goes on at the earliest, %d",
                name, end_offset, expected_offset, earliest,
            )  # fmt: skip
        self._is_out_of_range = False
        self.at_head = False
        self._next_offset = earliest
        self._consumer.assign([TopicPartition(*self.origin, earliest)])

    def _chunk(self, messages: Sequence[Message], expected_offset: int) -> Chunk:
        columns = message_columns(self.origin, messages)
        offsets = columns.offsets
        first, last = offsets[0], offsets[-1]
        if first > expected_offset > 0:
            self.tally.add("offsets_skipped", amount=first - expected_offset)
        if not self.at_head:  # else it is the end of the log already, which may lie beyond the last message
            self._next_offset = last + 1
        self._quiet_since_us = self._source.clock()
        decoded = self._topic.decoder.decode(columns)
        for letter in decoded.dead:
            self.tally.add(Fate.DEAD_LETTER.value, letter.reason)
        self.tally.add("read", amount=len(decoded.records) + len(decoded.dead))
        stamps, late = self.clock.stamp(decoded.event_times_us)
        chunk = Chunk(
            origin=self.origin,
            origins=self._source.origins(),
            records=decoded.records,
            event_times_us=decoded.event_times_us,
            offsets=decoded.offsets,
            indexes=decoded.indexes,
            record_times_us=decoded.record_times_us,
            watermarks_us=stamps,
            late=late,
            dead=decoded.dead,
            watermark_us=self.clock.watermark_us,
        )
        self.tally.add("late_by_heartbeat", amount=self.clock.take_late_by_heartbeat())
        chunk.broadcast = self._may_broadcast()
        self._owes_broadcast = not chunk.broadcast
        return chunk

    def _silence(self) -> list[Chunk]:
        """Nothing to read: a heartbeat, or a watermark that an earlier chunk kept to itself, or nothing."""
        now_us = self._source.clock()
        if self.at_head and now_us - self._quiet_since_us >= self._source.idle_after_us:
            now_s = time.monotonic()
            if now_s - self._last_heartbeat_s >= _HEARTBEAT_S:
                self._last_heartbeat_s = now_s
                self._owes_broadcast |= self._heartbeat()
        if not self._owes_broadcast or not self._may_broadcast():
            return []
        self._owes_broadcast = False
        return [
            Chunk(
                origin=self.origin,
                origins=self._source.origins(),
                records=[],
                event_times_us=[],
                offsets=[],
                indexes=[],
                record_times_us=[],
                watermarks_us=[],
                late=[],
                dead=[],
                watermark_us=self.clock.watermark_us,
            )
        ]

    def _hear_life(self) -> None:
        self._away = False
        self._silent_s = 0.0
        self._heard_head = self.head

    def _hear_of_connection(self, error: KafkaError) -> None:
        """Called within ``consume``: what librdkafka says of the brokers rather than of the partition.

        It would try a wrong password again for ever.
        """
        self._refused = self._refused or refusal_of(error, self._source.consumer, topic=self.origin[0])
        if error.code() in PASSING and not self._away:
            self._away = True
            log.warning("reading %s: %s; waiting", part_name(self.origin), error.str())

    def _stop_if_away_for_good(self, *, asked: bool) -> None:
        """A sign of life is a message, the end of the log, or there the answer where it ends.

        The time counts in which they were ``asked`` for: not while the partition waits for others, nor more than
        a second of what the worker spent elsewhere.
        """
        now_s = time.monotonic()
        self._silent_s += min(now_s - self._asked_s, _ELSEWHERE_S)
        self._asked_s = now_s
        if self.head is not self._heard_head or not asked:
            self._hear_life()
        elif self._silent_s > self._source.deadline_s:
            raise SourceUnavailable(
                f"Kafka at {self._source.consumer.get('bootstrap.servers')} has not answered for "
                f"{self._source.deadline_s:g} s (CT_KAFKA_DEADLINE), reading {part_name(self.origin)}: when it does, "
                "and the topic is there, start the job again: it resumes where it stopped"
            )

    def _heartbeat(self) -> bool:
        """Moves time to when Kafka last confirmed that all is read; tells whether it moved."""
        if self.head is None:
            return False
        asked_us, end_offset = self.head
        return end_offset == self._next_offset and self.clock.heartbeat(asked_us - self._topic.max_delay_us)

    def _may_broadcast(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._last_broadcast_s < min(_BROADCAST_S * len(self._source.partitions), _HEARTBEAT_S):
            return False
        self._last_broadcast_s = now_s
        return True
