"""What was sent since the last closed epoch, read from the actions topic before anything is decided.

Bytewax resumes what it stored when an epoch closed; actions that were sent after that are decided again. A sink cannot
know them: Bytewax builds its partitions at their first item and stores their state only in epochs they were written
in. So this source, which is awake in every epoch, stores where the actions topic ended a moment before its epoch
closed. When it starts it ends what a dead predecessor left open, reads from there to the end, and says that this is
all. Without a stored state (the first start, or a crash inside the first epoch) it reads the whole topic, as events are
read from their beginning; a topic made anew is read from its start.

What it stores may lie before the end of the epoch, and never behind it: Kafka was asked before this source closed the
epoch, and what is decided in the next one is sent only after that, for sources wait with it until all of them and all
sinks have done with this one. So nobody waits at an epoch's end for Kafka's answer. What was open in a transaction by
then counts as sent: the epoch closes only once it is committed. What is given twice counts once
(``operators.policy.facts``).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from confluent_kafka import KafkaException, Message

from flows.kafka_topics import SourceError, SourceUnavailable
from operators.records import Decision, Origin
from operators.state import StateFormatError
from operators.tally import Tally
from sinks.kafka.action_message import application_of, read_action
from sinks.kafka.actions import PARTS
from sinks.kafka.consumer import BoundedReader
from sinks.kafka.headers import headers_of
from sinks.kafka.incarnations import Incarnation, fence, transactional_id
from sinks.kafka.refusals import refusal_of
from sinks.kafka.topic_ends import NO_ID, LastEnds, TopicEnds, TopicWatch

log = logging.getLogger(__name__)

PART: Final = "~tail"
"""Behind all topics: Bytewax deals partitions out to workers in the order of their names."""
STATE: Final = "customer-triggers/actions-tail/1"
State = tuple[str, str, dict[int, int]]
"""(format, id of the topic, by Kafka partition the offset from which it is to be read)."""

_POLL: Final = timedelta(milliseconds=5)
"""As the event source: how much later than the others it may close an epoch."""
_READ_AT_ONCE: Final = 5_000
_START_TIMEOUT_S: Final = 30.0
_ASK_TIMEOUT_S: Final = 1.0
"""Of each of the two or three requests of an answer, and so what an end in order waits for at most."""
_PATIENCE_S: Final = 10.0


@dataclass(frozen=True)
class Tail:
    """Actions found on the topic. ``complete``: there are no more.

    ``fenced``: by partition of the sink, who shut out the predecessors.
    """

    sent: list[Decision]
    complete: bool
    fenced: Mapping[str, Incarnation]


@dataclass
class ActionsTail(FixedPartitionedSource[Tail, State]):
    """The end of the actions topic as a source of one partition, which ends when ``until`` is true (never: live).

    ``connection`` is librdkafka's; ``application`` is the job whose actions they are: those of others are skipped.
    """

    connection: Mapping[str, Any]
    topic: str
    application: str
    until: Callable[[], bool] = lambda: False
    tally: Tally = field(default_factory=Tally)
    """Of what was found."""

    def list_parts(self) -> list[str]:
        return [PART]

    def build_part(self, step_id: str, for_part: str, resume_state: State | None) -> TailPartition:
        """Nothing happens yet. Raises ``StateFormatError``."""
        if resume_state is not None and resume_state[0] != STATE:
            raise StateFormatError(
                f"the recovery store holds source state of format {resume_state[0]!r}; this version reads {STATE!r}. "
                "Start with an empty recovery store, or with the version that wrote it"
            )
        return TailPartition(self, resume_state)


class TailPartition(StatefulSourcePartition[Tail, State]):
    """Reads the tail once, and then says whenever an epoch closes where the topic ended before that."""

    def __init__(self, source: ActionsTail, resume_state: State | None) -> None:
        self._source = source
        self._watch = TopicWatch(source.connection, source.topic)
        self._from = TopicEnds(NO_ID, {}) if resume_state is None else TopicEnds(*resume_state[1:])
        self._reader: _Reader | None = None
        self._ends: LastEnds | None = None
        """Once the tail is complete."""
        self._fenced: dict[str, Incarnation] = {}
        self._next_awake: datetime | None = None

    def next_batch(self) -> list[Tail]:
        """The tail in pieces. Raises ``SourceError``, ``TerminalSinkError``."""
        if self._ends is not None:
            if self._source.until():
                raise StopIteration
            self._next_awake = datetime.now(UTC) + _POLL
            return []
        if self._reader is None:
            self._reader = self._begun()
        sent = self._reader.read()
        if self._reader.is_done:
            self._reader.close()
            self._ends = LastEnds(self._source.topic, self._reader.reached, lambda: self._watch.ends(_ASK_TIMEOUT_S))
            log.info("%d actions found on %s that may not be in the state", self._reader.found, self._source.topic)
        return [Tail(sent, self._ends is not None, self._fenced)]

    def next_awake(self) -> datetime | None:
        """At once while there is something to read."""
        return self._next_awake

    def snapshot(self) -> State:
        """Where the next start is to read from."""
        if self._ends is not None:
            start = self._ends.last
        elif self._reader is not None:
            start = self._reader.reached
        else:
            start = self._from
        return (STATE, start.topic_id, dict(start.offsets))

    def close(self) -> None:
        """Leaves Kafka."""
        if self._ends is not None:
            self._ends.close()
        if self._reader is not None:
            self._reader.close()

    def _begun(self) -> _Reader:
        source = self._source
        ids = [transactional_id(source.application, source.topic, part) for part in PARTS]
        self._fenced = dict(zip(PARTS, fence(source.connection, ids, deadline_s=_START_TIMEOUT_S), strict=True))
        try:
            ends = self._watch.ends(_START_TIMEOUT_S)
        except KafkaException as error:
            why = refusal_of(error.args[0], source.connection, topic=source.topic)
            failed = SourceUnavailable if why is None else SourceError
            raise failed(
                f"where topic {source.topic!r} ends is not known: {why or error.args[0].str()}. What was sent before "
                "must be read before anything is sent; when the cause is gone, start the job again."
            ) from error
        known = self._from.offsets if self._from.topic_id == ends.topic_id else {}
        return _Reader(source, ends, known)


class _Reader:
    """Reads the actions of this job up to given ends."""

    def __init__(self, source: ActionsTail, ends: TopicEnds, starts: Mapping[int, int]) -> None:
        self._source = source
        self._topic_id = ends.topic_id
        self._messages = BoundedReader(source.connection, self._places(starts), self._places(ends.offsets))
        self.found = 0
        self._patient_until_s = time.monotonic() + _PATIENCE_S

    @property
    def is_done(self) -> bool:
        return not self._messages.left

    @property
    def reached(self) -> TopicEnds:
        """How far it has come."""
        return TopicEnds(self._topic_id, {partition: at for (_, partition), at in self._messages.reached.items()})

    def read(self) -> list[Decision]:
        """What is there next. Raises ``SourceError``."""
        topic, sent = self._source.topic, []
        try:
            for message in self._messages.read(_READ_AT_ONCE, _POLL.total_seconds()):
                sent += self._of(message)
        except KafkaException as error:
            why = refusal_of(error.args[0], self._source.connection, topic=topic)
            failed = SourceUnavailable if why is None else SourceError
            raise failed(f"reading what was sent on {topic}: {why or error.args[0].str()}") from None
        if not self.is_done and time.monotonic() > self._patient_until_s:
            # Behind an open transaction of somebody else nothing can be read until that is over.
            self._patient_until_s = time.monotonic() + _PATIENCE_S
            left = sorted(partition for _, partition in self._messages.left)
            log.warning("%s is not read to its end: partitions %s; waiting", topic, left)
        return sent

    def close(self) -> None:
        """Leaves Kafka."""
        self._messages.close()

    def _places(self, offsets: Mapping[int, int]) -> dict[Origin, int]:
        return {(self._source.topic, partition): offset for partition, offset in offsets.items()}

    def _of(self, message: Message) -> list[Decision]:
        """The action, if it is one of ours."""
        if application_of(headers_of(message)) != self._source.application:
            self._source.tally.add("tail_of_others")
            return []
        decision = read_action(message.value())
        if decision is None:
            self._source.tally.add("tail_unreadable")
            log.warning("%s/%s offset %s is no action", self._source.topic, message.partition(), message.offset())
            return []
        self._source.tally.add("tail_read")
        self.found += 1
        return [decision]
