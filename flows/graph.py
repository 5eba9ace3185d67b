"""The wiring that the live flows share: the source, and the two branches behind it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, TypeVar

import bytewax.operators as op
from bytewax.dataflow import Dataflow, Stream
from bytewax.operators import KeyedStream

from config.errors import ConfigError
from config.events import load_event_schemas
from config.settings import Settings, load_settings
from config.vocabulary import load_vocabularies
from flows import steps
from flows.collector import relax_collector
from flows.exit_status import status_of
from flows.kafka_source import KafkaSource, SourceError, TopicSource, part_name
from flows.loading import planned
from flows.metrics import FlowMetrics
from flows.stop import process_stop
from operators.clock import SystemClock, system_time_us
from operators.decide_host import Deciding, decide
from operators.decode import Decoder
from operators.detect import Detection, Output, detect
from operators.identity_host import Identity, detect_identified
from operators.keys import group_names, group_of_name
from operators.policy.too_old import SENT_ON, STALE_AT_SINK, is_too_old, too_old
from operators.reasons import Outcome
from operators.records import Chunk, DeadLetter, Decision, LateEvent
from operators.tally import Tally
from sinks.clickhouse.archive import ArchiveSink
from sinks.clickhouse.database import Database
from sinks.clickhouse.decisions import DecisionSink, LateSink
from sinks.errors import SinkError
from sinks.kafka.actions import ActionsSink
from sinks.kafka.dead_letters import DeadLetterSink
from sinks.retry import Retry

Found = TypeVar("Found")

SHARDS: Final = tuple(f"{shard:02d}" for shard in range(16))
"""Partitions of the sinks behind detection; key groups are spread over them."""
_START_DEADLINE_S: Final = 20.0
"""How long a start waits for a ClickHouse that may be starting too."""


@dataclass
class Live:
    """What a live flow is made from. ``clock`` is asked by heartbeats alone; ``until`` ends the flow when true."""

    settings: Settings
    clock: SystemClock = system_time_us
    until: Callable[[], bool] = lambda: False
    metrics: FlowMetrics = field(default_factory=FlowMetrics)

    def source(self, flow: Dataflow) -> tuple[KafkaSource, Stream[Chunk]]:
        """All input topics as chunks."""
        settings = self.settings
        schemas = load_event_schemas(settings.events_folder)
        vocabularies = load_vocabularies(settings.vocabulary_folder)
        topics = {
            name: TopicSource(
                decoder=Decoder(
                    topic.envelope,
                    schemas=schemas,
                    vocabulary=vocabularies.get("segment" if topic.envelope == "auto" else topic.envelope),
                    max_future_skew_us=settings.max_future_skew_us,
                ),
                max_delay_us=settings.max_delay_us(name),
            )
            for name, topic in settings.topics.items()
        }
        source = KafkaSource(
            consumer=settings.kafka.librdkafka(),
            topics=topics,
            max_out_of_orderness_us=settings.max_out_of_orderness_us,
            idle_after_us=settings.idle_after_us,
            chunk_size=settings.chunk_size,
            clock=self.clock,
            until=self.until,
            metadata_interval_s=settings.metadata_interval_us / 1e6,
        )
        # Asked here, where a refusal becomes a message: inside the running flow it would be a traceback.
        source.origins()
        self.metrics.watch_source(source)
        return source, op.input(steps.SOURCE, flow, source)

    def triggers(self, chunks: Stream[Chunk]) -> Detection:
        """Detection, actions to Kafka, decisions and late events to ClickHouse."""
        settings = self.settings
        plan = planned(
            [settings.triggers_folder],
            policy=settings.policy_file,
            traits=settings.traits_folder,
            scores=settings.scores_folder,
        )
        detection = Detection(plan, settings.key_groups, settings.dedupe_horizon_us, has_identity=settings.identity)
        self.metrics.watch_detection(detection, self.clock)
        if detection.has_identity:
            identity = Identity(detection, settings.identity_horizon_us)
            self.metrics.watch_identity(identity)
            found = detect_identified(steps.DETECT, steps.IDENTITY, chunks, identity)
        else:
            found = detect(steps.DETECT, chunks, detection)
        if not plan.decides_at_home:
            deciding = Deciding(detection)
            self.metrics.watch_deciding(deciding)
            found = decide(steps.DECIDE, found, deciding)
        # The last thing before the sinks, so that what is not sent any more is also written so.
        found = op.map("too_old", found, _unless_too_old(self.clock, self.metrics.at_the_sinks))
        actions = op.filter_map("actions_of", found, _action)
        kafka = settings.kafka.librdkafka()
        timed = op.inspect("latency", actions, self.metrics.observe_action(self.clock))
        op.output(steps.ACTIONS, timed, ActionsSink(kafka, settings.actions_topic, now_us=system_time_us))
        url = settings.clickhouse.url
        shard = {name: SHARDS[group_of_name(name) % len(SHARDS)] for name in group_names(settings.key_groups)}
        decisions: KeyedStream[Sequence[Decision]] = op.flat_map_batch(
            "decisions_of", found, lambda batch: _by_shard(batch, Decision, shard)
        )
        op.output(steps.DECISIONS, decisions, DecisionSink(url, SHARDS, now_us=system_time_us))
        late: KeyedStream[Sequence[LateEvent]] = op.flat_map_batch(
            "late_of", found, lambda batch: _by_shard(batch, LateEvent, shard)
        )
        op.output(steps.LATE, late, LateSink(url, SHARDS))
        return detection

    def archive(self, source: KafkaSource, chunks: Stream[Chunk]) -> None:
        """Every event and dead letter to ClickHouse, dead letters also to their topic."""
        settings = self.settings
        parts = source.list_parts()
        filled = op.filter("not_empty", chunks, lambda chunk: bool(chunk.records or chunk.dead))
        named = op.map("archive_part", filled, lambda chunk: (part_name(chunk.origin), chunk))
        op.output(steps.ARCHIVE, named, ArchiveSink(settings.clickhouse.url, parts))
        letters = op.filter_map("dead_letters_of", filled, _dead_letters)
        kafka = settings.kafka.librdkafka()
        op.output(steps.DEAD_LETTERS, letters, DeadLetterSink(kafka, settings.dead_letter_topic, parts))


def live(
    name: str,
    wire: Callable[[Live, Dataflow], None],
    *,
    clock: SystemClock = system_time_us,
    until: Callable[[], bool] = lambda: False,
) -> Dataflow:
    """A flow with the settings of the environment; ends the process with a message where they cannot work.

    SIGINT and SIGTERM end it in order (``flows.stop``).
    """
    stop = process_stop()
    try:
        flow = Dataflow(name)
        parts = Live(load_settings(), clock=clock, until=lambda: stop.is_asked() or until())
        wire(parts, flow)
        # Opened before anything is read or sent: what is wrong with it is a message here. An embedded one is held from
        # here on, so that a second process is refused at its start.
        Database.open(parts.settings.clickhouse.url, Retry(deadline_s=_START_DEADLINE_S))
    except (ConfigError, SourceError, SinkError) as error:
        print(error, file=sys.stderr)
        sys.exit(status_of(error))
    stop.on_signals()
    parts.metrics.register()
    relax_collector()
    return flow


def _unless_too_old(clock: SystemClock, tally: Tally) -> Callable[[tuple[str, Output]], tuple[str, Output]]:
    """What was found, with the actions whose ``not_after`` the clock has passed turned into suppressed ones.

    ``tally`` takes what is sent and what is not, from every worker of the process.
    """
    counting = Lock()

    def turned(keyed: tuple[str, Output]) -> tuple[str, Output]:
        name, found = keyed
        if not isinstance(found, Decision) or found.outcome != Outcome.ACTION:
            return keyed
        stale = is_too_old(found, clock())
        with counting:
            tally.add(STALE_AT_SINK if stale else SENT_ON, found.trigger)
        return (name, too_old(found)) if stale else keyed

    return turned


def _action(keyed: tuple[str, Output]) -> tuple[str, Decision] | None:
    _, found = keyed
    if isinstance(found, Decision) and found.outcome == Outcome.ACTION:
        return found.recipient or "", found
    return None


def _dead_letters(chunk: Chunk) -> tuple[str, list[DeadLetter]] | None:
    return (part_name(chunk.origin), chunk.dead) if chunk.dead else None


def _by_shard(
    batch: list[tuple[str, Output]], kind: type[Found], shard: dict[str, str]
) -> Iterable[tuple[str, Sequence[Found]]]:
    """What of a batch is of one kind, as one list a shard."""
    shards: dict[str, list[Found]] = {}
    for name, found in batch:
        if isinstance(found, kind):
            shards.setdefault(shard[name], []).append(found)
    return shards.items()
