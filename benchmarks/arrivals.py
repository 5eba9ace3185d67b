"""When actions arrive at who reads them, and what that says: latencies, the longest gap, and that each came once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from math import ceil
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeVar

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from benchmarks.answers import WrongAnswerError
from benchmarks.event_file import epoch_ms
from benchmarks.traffic import event_numbers

_TIMEOUT_S: Final = 20.0
_AT_ONCE: Final = 500


Event = TypeVar("Event", int, str)


class Arrival(NamedTuple):
    """`at_s` is the system time at which an action arrived, `event_time_ms` the time that it is stamped with."""

    at_s: float
    event_time_ms: int


Seen = dict[int, Arrival]
"""By number of an event of a traffic, its action."""


class Arrivals:
    """Reads a topic's committed messages, from its end on, in a thread of its own; a context manager.

    `messages` has each with the system time, in seconds, at which the consumer gave it.
    """

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        """From here on nothing is missed."""
        self.messages: list[tuple[float, bytes]] = []
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "reads-and-commits-nothing",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 20,
            }
        )
        places: list[TopicPartition] = []
        for partition in self._consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions:
            _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_TIMEOUT_S)
            places.append(TopicPartition(topic, partition, end or OFFSET_BEGINNING))
        self._consumer.assign(places)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._error: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()
        self._consumer.close()

    def check(self) -> None:
        """Raises what ended the reading."""
        if self._error is not None:
            raise self._error

    def _read(self) -> None:
        try:
            while not self._is_over.is_set():
                batch = self._consumer.consume(_AT_ONCE, timeout=0.05)
                now_s = time.time()
                for message in batch:
                    if message.error() is not None:
                        raise KafkaException(message.error())
                    self.messages.append((now_s, message.value() or b""))
        except KafkaException as error:
            self._error = error


def arrived(messages: Iterable[tuple[float, bytes]], *, trigger: str, traffic: int) -> Seen:
    """The actions of a trigger that answer a traffic's events. Raises WrongAnswerError where one came twice."""
    seen: Seen = {}
    for at_s, text in messages:
        action = orjson.loads(text)
        if action["trigger"] != trigger:
            continue
        number, event = event_numbers(action["evidence"][0]["event_id"])
        if number != traffic:
            continue
        if event in seen:
            raise WrongAnswerError(f"{trigger}: the action of event {event} arrived twice")
        seen[event] = Arrival(at_s, epoch_ms(action["event_time"]))
    return seen


def assert_all(found: Iterable[Event], expected: Iterable[Event], *, who: str) -> None:
    """Raises WrongAnswerError where an action is missing, one is there that should not be, or one is there twice.

    Each stands for its event, by number or by id.
    """
    times = Counter(iter(found))
    wanted = set(expected)
    missing, extra = sorted(wanted - times.keys()), sorted(times.keys() - wanted)
    twice = sorted(event for event, count in times.items() if count > 1)
    if missing or extra or twice:
        raise WrongAnswerError(
            f"{who}: of {len(wanted)} actions {len(missing)} are missing, first {missing[:3]}; "
            f"{len(extra)} are there that should not be, first {extra[:3]}; {len(twice)} are there twice"
        )


def late_by_ms(seen: Mapping[int, Arrival], due_s: Callable[[int], float]) -> list[float]:
    """Sorted, how long after its event was due each action arrived."""
    return sorted((arrival.at_s - due_s(event)) * 1_000 for event, arrival in seen.items())


def longest_gaps_ms(times_s: Sequence[float], *, begin_s: float, end_s: float, window_s: float) -> list[float]:
    """Of each whole window between the two moments, the longest time in which nothing arrived.

    A gap belongs to the window in which it ends.
    """
    longest = [0.0] * int((end_s - begin_s) / window_s)
    for before_s, at_s in pairwise(sorted(times_s)):
        window = int((at_s - begin_s) // window_s)
        if 0 <= window < len(longest):
            longest[window] = max(longest[window], (at_s - before_s) * 1_000)
    return longest


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the sorted values that a `share` of them does not exceed. ValueError where there are none."""
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
