"""Confirms, from the broker, that a partition has been read to its end: what must be known before silence moves time.

That nothing arrives does not mean that nothing was written: the network may be down, or the broker slow. So a thread
asks Kafka, ten times a second and for all partitions at their end in one request, where their logs end now. Only an
answer, and only for the moment its question was asked, lets a heartbeat move time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any, Final, Protocol

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from operators.clock import SystemClock
from operators.records import Origin

log = logging.getLogger(__name__)

PERIOD_S: Final = 0.1
_ANSWER_TIMEOUT_S: Final = 5.0
_AGAIN_S: Final = 1.0
"""How long to wait before asking again where no answer came."""


class Watched(Protocol):
    """A partition that wants to know. ``head`` is (system time of the question in µs, end offset)."""

    origin: Origin
    at_head: bool
    head: tuple[int, int] | None


class HeadWatch:
    """One thread for all partitions of a process; it ends with the last of them."""

    def __init__(self, connection: Mapping[str, Any], clock: SystemClock) -> None:
        self._connection = dict(connection)
        self._clock = clock
        self._watched: dict[Origin, Watched] = {}
        self._lock = threading.Lock()
        self._left = threading.Event()
        self._thread: threading.Thread | None = None

    def enter(self, partition: Watched) -> None:
        """Begins to watch it."""
        with self._lock:
            self._watched[partition.origin] = partition
            if self._thread is None:
                self._left = threading.Event()
                self._thread = threading.Thread(target=self._run, args=(self._left,), name="head-watch", daemon=True)
                self._thread.start()

    def leave(self, partition: Watched) -> None:
        """Ends watching it."""
        with self._lock:
            self._watched.pop(partition.origin, None)
            if not self._watched and self._thread is not None:
                self._left.set()
                self._thread = None

    def _run(self, left: threading.Event) -> None:
        admin = AdminClient(self._connection)
        answers = True
        while not left.wait(PERIOD_S if answers else _AGAIN_S):
            with self._lock:
                waiting = [each for each in self._watched.values() if each.at_head]
            if not waiting:
                continue
            if not answers:
                # Of a broker that was away a client remembers the old leader's epoch, and asks with it for ever.
                admin = AdminClient(self._connection)
            refused = self._ask(admin, waiting)
            if answers and refused is not None:
                log.warning("Kafka does not say where its logs end (%s); time waits", refused)
            elif not answers and refused is None:
                log.warning("Kafka says again where its logs end; time goes on")
            answers = refused is None

    def _ask(self, admin: AdminClient, waiting: list[Watched]) -> str | None:
        """Asks once for all; what stood in the way, if anything did.

        Messages of an open transaction count as written: the partition's own end lies before them, so time waits.
        """
        asked_us = self._clock()
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        questions = {TopicPartition(*each.origin): latest for each in waiting}
        try:
            answers = admin.list_offsets(
                questions, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=_ANSWER_TIMEOUT_S
            )
            ends = {(at.topic, at.partition): answer.result().offset for at, answer in answers.items()}
        except KafkaException as error:
            return str(error.args[0].str())
        except Exception as error:  # the thread must go on asking, or time would stand still without a word
            return repr(error)
        for each in waiting:
            each.head = (asked_us, ends[each.origin])
        return None
