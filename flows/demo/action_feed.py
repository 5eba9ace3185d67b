"""The actions topic, read as whoever delivers actions would read it."""

from __future__ import annotations

import logging
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from flows.demo.stage import Stage
from sinks.kafka.reading import read_from

_TIMEOUT_S: Final = 10.0
_SHOWN: Final = 40
_AT_A_TIME: Final = 1_000
_silent: Final = logging.getLogger(__name__)
_silent.addHandler(logging.NullHandler())  # a connection that comes and goes is no news on this screen


@dataclass(frozen=True)
class Seen:
    """One action as it is shown."""

    at: datetime
    trigger: str
    recipient: str
    channel: str
    because: str


class ActionFeed:
    """Every action from the beginning of the topic; the latest are kept to be shown."""

    def __init__(self, stage: Stage) -> None:
        self.counts: Counter[str] = Counter()
        self.latest: deque[Seen] = deque(maxlen=_SHOWN)
        self._consumer = _consumer(stage)
        self._consumer.assign(_partitions_of(self._consumer, stage.settings.actions_topic))

    @property
    def total(self) -> int:
        """How many have come."""
        return self.counts.total()

    def read(self) -> None:
        """Takes what is there, without waiting."""
        for message in self._consumer.consume(_AT_A_TIME, timeout=0):
            if message.error() is None:
                action = orjson.loads(message.value() or b"{}")
                self.counts[action["trigger"]] += 1
                self.latest.append(_seen(action))

    def close(self) -> None:
        """Leaves Kafka."""
        self._consumer.close()


def _consumer(stage: Stage) -> Consumer:
    # The embedded broker makes a topic for whoever asks; elsewhere the stage has made it.
    asks = {
        "group.id": "demo",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "allow.auto.create.topics": True,
    }
    return Consumer({**stage.connection, **asks}, logger=_silent)


def _partitions_of(consumer: Consumer, topic: str) -> list[TopicPartition]:
    """The Kafka partitions of a topic, from their beginning."""
    found = consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions
    return [TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in found]


def count_messages(stage: Stage, topic: str) -> int:
    """How many messages a topic holds: read, for the ends of transactions have offsets too."""
    return sum(1 for _ in read_from(stage.connection, {(topic, 0): 0}))


def _seen(action: dict[str, Any]) -> Seen:
    at = datetime.fromisoformat(action["event_time"])
    return Seen(at, action["trigger"], action["recipient"] or "–", action["channel"], _because(action["evidence"], at))


def _because(evidence: list[dict[str, Any]], at: datetime) -> str:
    """The events it rests on and, where time had to pass, how much: `viewed ×3 16:02, then 2h`."""
    parts = []
    last = at
    for step, group in groupby(evidence, key=lambda event: event["step"]):
        events = list(group)
        last = datetime.fromisoformat(events[-1]["event_time"])
        times = f" ×{len(events)}" if len(events) > 1 else ""
        day = f"{last:%d %b} " if at - last >= timedelta(days=1) else ""
        parts.append(f"{step}{times} {day}{last:%H:%M:%S}")
    waited = f", then {_length(at - last)}" if at > last else ""
    return ", ".join(parts) + waited


def _length(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return str(timedelta(seconds=seconds))
