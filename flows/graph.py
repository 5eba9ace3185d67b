"""The wiring that the live flows share: the source, and the two branches behind it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, TypeVar

import bytewax.operators as op
from bytewax.dataflow import Dataflow, Stream
from bytewax.inputs import FixedPartitionedSource
from bytewax.operators import KeyedStream

from config.errors import ConfigError
from config.settings import Settings, load_settings
from flows import steps
from flows.actions_tail import ActionsTail, Tail
from flows.collector import relax_collector
from flows.draining import DrainSource
from flows.exit_status import status_of
from flows.kafka_access import missing_access
from flows.kafka_source import KafkaSource, TopicSource
from flows.kafka_topics import NoSuchTopic, SourceError, list_origins, part_name
from flows.loading import planned, topic_decoders
from flows.metrics import FlowMetrics
from flows.one_source import OneSource
from flows.stop import process_stop
from operators.clock import SystemClock, system_time_us
from operators.decide_host import Deciding, decide
from operators.detect import Detection, Output, detect
from operators.identity_host import Identity, detect_identified
from operators.keys import group_names, group_of_name, key_group_of
from operators.policy.facts import SentBefore, route_facts
from operators.policy.too_old import SENT_ON, STALE_AT_SINK, is_too_old, suppressed, too_old
from operators.reasons import Outcome, SuppressReason
from operators.records import Chunk, DeadLetter, Decision, LateEvent
from operators.tally import Tally
from sinks.clickhouse.archive import ArchiveSink
from sinks.clickhouse.database import Database
from sinks.clickhouse.decisions import DecisionSink, LateSink
from sinks.errors import RetriesExhausted, SinkError
from sinks.kafka.action_message import is_too_large
from sinks.kafka.actions import ActionsSink, Opening, ToSend, part_of
from sinks.kafka.dead_letters import DeadLetterSink
from sinks.retry import Retry
from sinks.spool.drain import Drain
from sinks.spool.sink import Spool

log = logging.getLogger(__name__)

Found = TypeVar("Found")

SHARDS: Final = tuple(f"{shard:02d}" for shard in range(16))
"""Partitions of the sinks behind detection; key groups are spread over them."""
_START_DEADLINE_S: Final = 20.0
"""How long a start waits for a ClickHouse that may be starting too."""
_TOO_LARGE: Final = f"{Outcome.SUPPRESSED}/{SuppressReason.TOO_LARGE}"
_BRIEFLY: Final = Retry(deadline_s=2.0, attempt_s=3)


@dataclass(frozen=True)
class Sources:
    """What a flow reads that detects."""

    kafka: KafkaSource
    chunks: Stream[Chunk]
    tail: Stream[Tail]


@dataclass
class Live:
    """What a live flow is made from. ``until`` ends the flow when true.

    ``clock`` says what time it is at the customers: heartbeats ask it, and whether an action is too old to be sent.
    """

    settings: Settings
    clock: SystemClock = system_time_us
    until: Callable[[], bool] = lambda: False
    metrics: FlowMetrics = field(default_factory=FlowMetrics)
    reads: list[str] = field(default_factory=list)
    """The topics that the wiring so far consumes."""
    writes: list[str] = field(default_factory=list)
    """Those it produces to."""
    spools: bool = False
    """Whether rows go by way of Kafka, so that no ClickHouse holds the flow up."""

    def source(self, flow: Dataflow) -> tuple[KafkaSource, Stream[Chunk]]:
        """All input topics as chunks, for a flow that does not detect: no event waits for another partition's."""
        source = self._kafka_source(sys.maxsize)
        return source, op.input(steps.SOURCE, flow, source)

    def sources(self, flow: Dataflow, *, spools: bool = False) -> Sources:
        """All that a flow reads which detects; with ``spools`` its decisions and late events go by way of the spool,
        where there is one, and one worker drains it into ClickHouse.
        """
        kafka = self._kafka_source(self.settings.read_ahead)
        parts: list[FixedPartitionedSource[Any, Any]] = [kafka, self._tail()]
        if spools:
            parts.append(DrainSource(self._drain(), self.until))
        read = op.input(steps.SOURCE, flow, OneSource(parts))
        of_whom = op.branch("chunk_or_tail", read, lambda item: isinstance(item, Chunk))
        return Sources(kafka, of_whom.trues, of_whom.falses)

    def _kafka_source(self, read_ahead: int) -> KafkaSource:
        settings = self.settings
        self.reads += settings.topics
        topics = {
            name: TopicSource(decoder=decoder, max_delay_us=settings.max_delay_us(name))
            for name, decoder in topic_decoders(settings).items()
        }
        source = KafkaSource(
            consumer=settings.kafka.librdkafka(),
            topics=topics,
            max_out_of_orderness_us=settings.max_out_of_orderness_us,
            idle_after_us=settings.idle_after_us,
            chunk_size=settings.chunk_size,
            clock=self.clock,
            until=self.until,
            read_ahead=read_ahead,
            deadline_s=settings.kafka_deadline_us / 1e6,
            metadata_interval_s=settings.metadata_interval_us / 1e6,
        )
        # Asked here, where a refusal becomes a message: inside the running flow it would be a traceback.
        source.origins()
        self.metrics.watch_source(source)
        return source

    def triggers(self, sources: Sources) -> Detection:
        """Detection, actions to Kafka, decisions and late events to ClickHouse or, where there is one, on the spool."""
        detection, tail = self._detection(), sources.tail
        found = self._found(sources.chunks, detection, tail)
        # The last thing before the sinks, so that what is not sent any more is also written so.
        found = op.map("too_old", found, _unless_refused(self.clock, self.metrics.at_the_sinks))
        self._send(found, tail)
        # A row for each, also where the run that sent it died before it wrote one.
        found = op.merge("recorded", found, op.flat_map("tail_rows", tail, _rows_of(self.settings.key_groups)))
        self._record(found)
        return detection

    def _detection(self) -> Detection:
        settings = self.settings
        plan = planned(
            [settings.triggers_folder],
            policy=settings.policy_file,
            traits=settings.traits_folder,
            scores=settings.scores_folder,
        )
        detection = Detection(
            plan,
            settings.key_groups,
            settings.dedupe_horizon_us,
            has_identity=settings.identity,
            awaits_sent=True,
        )
        self.metrics.watch_detection(detection, self.clock)
        return detection

    def _tail(self) -> ActionsTail:
        """What the actions topic holds since the snapshot: what was sent before."""
        kafka, topic = self.settings.kafka.librdkafka(), self.settings.actions_topic
        self.reads.append(topic)
        return ActionsTail(kafka, topic, self.settings.application_id, self.until, self.metrics.of_the_tail)

    def _found(self, chunks: Stream[Chunk], detection: Detection, tail: Stream[Tail]) -> KeyedStream[Output]:
        """Matches decided: in the host of the key group, or behind a second hop."""
        key_groups, plan = self.settings.key_groups, detection.plan
        facts: KeyedStream[SentBefore] = op.flat_map(
            "tail_route", tail, lambda tail: route_facts(tail.sent, key_groups, complete=tail.complete)
        )
        at_home = facts if plan.decides_at_home else None
        if detection.has_identity:
            identity = Identity(detection, self.settings.identity_horizon_us)
            self.metrics.watch_identity(identity)
            found = detect_identified(steps.DETECT, steps.IDENTITY, chunks, identity, at_home)
        else:
            found = detect(steps.DETECT, chunks, detection, at_home)
        if plan.decides_at_home:
            return found
        deciding = Deciding(detection)
        self.metrics.watch_deciding(deciding)
        return decide(steps.DECIDE, found, deciding, facts)

    def _send(self, found: KeyedStream[Output], tail: Stream[Tail]) -> None:
        """Actions to their topic."""
        settings = self.settings
        actions = op.filter_map("actions_of", found, _action)
        timed = op.inspect("latency", actions, self.metrics.observe_action(self.clock))
        opening: KeyedStream[ToSend] = op.flat_map("actions_open", tail, _opening)
        self.writes.append(settings.actions_topic)
        sink = ActionsSink(
            settings.kafka.librdkafka(),
            settings.actions_topic,
            application=settings.application_id,
            now_us=system_time_us,
            deadline_s=settings.kafka_deadline_us / 1e6,
        )
        op.output(steps.ACTIONS, op.merge("actions_all", timed, opening), sink)

    def _drain(self) -> Callable[[], Drain] | None:
        """What makes the drain of the spool.

        None with an embedded ClickHouse, which is away only when this process is, and where there is no such topic.
        """
        kafka, topic, url = self.settings.kafka.librdkafka(), self.settings.spool_topic, self.settings.clickhouse.url
        if url.is_embedded:
            return None
        try:
            list_origins(kafka, [topic])
        except NoSuchTopic as error:
            log.warning("%s: rows go to ClickHouse straight, and while it is away the flow waits", error)
            return None
        self.reads.append(topic)
        self.writes.append(topic)
        self.spools = True
        return lambda: Drain(kafka, topic, url)

    def open_database(self) -> None:
        """Opened before anything is read or sent: what is wrong with it is a message here, a `SinkError`.

        An embedded one is held from here on, so that a second process is refused at its start. One that does not
        answer is not waited for where the flow can do without.
        """
        url = self.settings.clickhouse.url
        try:
            Database.open(url, _BRIEFLY if self.spools else Retry(deadline_s=_START_DEADLINE_S))
        except RetriesExhausted as error:
            if not self.spools:
                raise
            log.warning("starting without ClickHouse; rows wait on the spool. %s", error.__cause__)

    def _record(self, found: KeyedStream[Output]) -> None:
        """Decisions and late events, a row each."""
        settings = self.settings
        shard = {name: SHARDS[group_of_name(name) % len(SHARDS)] for name in group_names(settings.key_groups)}
        decisions: KeyedStream[Sequence[Decision]] = op.flat_map_batch(
            "decisions_of", found, lambda batch: _by_shard(batch, Decision, shard)
        )
        late: KeyedStream[Sequence[LateEvent]] = op.flat_map_batch(
            "late_of", found, lambda batch: _by_shard(batch, LateEvent, shard)
        )
        if self.spools:
            deadline_s = settings.kafka_deadline_us / 1e6
            kafka = settings.kafka.librdkafka()
            spool = Spool(kafka, settings.spool_topic, now_us=system_time_us, deadline_s=deadline_s)
            op.output(steps.DECISIONS, decisions, spool.decisions(SHARDS))
            op.output(steps.LATE, late, spool.late(SHARDS))
        else:
            url, retry = settings.clickhouse.url, self._retry()
            op.output(steps.DECISIONS, decisions, DecisionSink(url, SHARDS, now_us=system_time_us, retry=retry))
            op.output(steps.LATE, late, LateSink(url, SHARDS, retry=retry))

    def _retry(self) -> Retry:
        return Retry(deadline_s=self.settings.clickhouse_deadline_us / 1e6)

    def archive(self, source: KafkaSource, chunks: Stream[Chunk]) -> None:
        """Every event and dead letter to ClickHouse, dead letters also to their topic."""
        settings = self.settings
        parts = source.list_parts()
        filled = op.filter("not_empty", chunks, lambda chunk: bool(chunk.records or chunk.dead))
        named = op.map("archive_part", filled, lambda chunk: (part_name(chunk.origin), chunk))
        op.output(steps.ARCHIVE, named, ArchiveSink(settings.clickhouse.url, parts, retry=self._retry()))
        letters = op.filter_map("dead_letters_of", filled, _dead_letters)
        kafka = settings.kafka.librdkafka()
        self.writes.append(settings.dead_letter_topic)
        deadline_s = settings.kafka_deadline_us / 1e6
        letters_to = DeadLetterSink(kafka, settings.dead_letter_topic, parts, deadline_s=deadline_s)
        op.output(steps.DEAD_LETTERS, letters, letters_to)


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
        missing = missing_access(parts.settings.kafka.librdkafka(), reads=parts.reads, writes=parts.writes)
        if missing:
            raise SourceError("\n".join(f"Kafka: {each}" for each in missing))
        parts.open_database()
    except (ConfigError, SourceError, SinkError) as error:
        print(error, file=sys.stderr)
        sys.exit(status_of(error))
    stop.on_signals()
    parts.metrics.register()
    relax_collector()
    return flow


def _unless_refused(clock: SystemClock, tally: Tally) -> Callable[[tuple[str, Output]], tuple[str, Output]]:
    """What was found, with the actions that cannot be sent turned into suppressed ones.

    Those are the ones whose ``not_after`` the clock has passed, and those larger than Kafka takes: sent again after
    every start, one of these would stop the flow for ever. ``tally`` takes what is sent and what is not, from every
    worker of the process.
    """
    counting = Lock()

    def turned(keyed: tuple[str, Output]) -> tuple[str, Output]:
        name, found = keyed
        if not isinstance(found, Decision) or found.outcome != Outcome.ACTION or found.sent_before:
            return keyed
        told, sent = SENT_ON, found
        if is_too_old(found, clock()):
            told, sent = STALE_AT_SINK, too_old(found)
        elif is_too_large(found):
            told, sent = _TOO_LARGE, suppressed(found, SuppressReason.TOO_LARGE)
        with counting:
            tally.add(told, found.trigger)
        return keyed if sent is found else (name, sent)

    return turned


def _action(keyed: tuple[str, Output]) -> tuple[str, Decision] | None:
    _, found = keyed
    if isinstance(found, Decision) and found.outcome == Outcome.ACTION and not found.sent_before:
        return part_of(found.recipient), found
    return None


def _opening(tail: Tail) -> Iterable[tuple[str, ToSend]]:
    """What opens every partition of the actions sink, once the predecessors are shut out and all they sent is known."""
    return [(part, Opening(fenced)) for part, fenced in tail.fenced.items()] if tail.complete else []


def _rows_of(key_groups: int) -> Callable[[Tail], Iterable[tuple[str, Output]]]:
    """What was sent before, as if the groups that decided it told it."""
    names = group_names(key_groups)
    return lambda tail: [(names[key_group_of(each.recipient or "", key_groups)], each) for each in tail.sent]


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
