"""Actions in transactions: what a dead predecessor left open is ended, and whoever is outrun can send no more.

Every run of a job uses the same few transactional ids, whatever its number of workers and processes. A run that begins
ends what was open under any of them (`fence`) before it looks at what was sent, so that what it sees is all there will
be. A process of an earlier run that is not dead after all is refused at its next message. A run that another one began
to replace between its own look and its first message is found out by the number Kafka gives each that opens an id.

Readers of the topic ask for `read_committed`, which is librdkafka's default and not the Java client's.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from operators.records import Headers
from sinks import metrics
from sinks.errors import DeliveryFailed, DeliveryRefused, SinkError, TakenOver, TerminalSinkError
from sinks.kafka.producer import DEFAULTS, REQUIRED, KafkaConfig
from sinks.kafka.refusals import refusal_of

_log: Final = logging.getLogger(__name__)

_MOST_WAITING: Final = 100_000
"""Messages that may wait for a transaction, 70 MB of them; more make `write` wait."""
_MOST_IN_ONE: Final = 10_000
"""Messages of one transaction. One of 5,000 took 33 ms on a broker of the same machine, one of 1 took 5 ms."""
_SPARE_S: Final = 10.0
"""What a broker waits longer than we do before it ends a transaction of its own accord."""
_SERVE_EVERY_S: Final = 0.5
"""How often callbacks are served while there is nothing to send: librdkafka keeps them until then."""
_ASK_AGAIN_S: Final = 2.0
"""How soon a refusal is noticed while a transactional id is opened."""
_STATISTICS_MS: Final = 100
"""librdkafka says in its statistics alone who it is to Kafka, and begins to say so after this long."""
_PURGED: Final = frozenset({KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT})
"""Of messages whose transaction has failed: the reason is the transaction's."""
_GONE: Final = frozenset({KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED})


def transactional_id(application: str, topic: str, part: str) -> str:
    """Of one part of a job's sink. Access is granted by its beginning, ``<application>-<topic>-``."""
    return f"{application}-{topic}-{part}"


class Incarnation(NamedTuple):
    """Who opened a transactional id, as Kafka counts them."""

    producer_id: int
    epoch: int

    def is_next_after(self, other: Incarnation) -> bool:
        """Whether nobody opened it in between. Every 32,767 times the count begins anew, under another producer id."""
        return self.producer_id != other.producer_id or self.epoch == other.epoch + 1


def fence(config: KafkaConfig, ids: Sequence[str], *, deadline_s: float = 30.0) -> list[Incarnation]:
    """Ends every transaction that is open under these ids, and shuts out whoever used them until now.

    Returns when that is so everywhere, with who we are to each. Raises `TerminalSinkError`. Half a second, most of it
    librdkafka looking for the coordinator; as long for 16 at once.
    """

    def end(each: str) -> Incarnation:
        return _opened(config, each, deadline_s)[1]

    with ThreadPoolExecutor(len(ids)) as pool:
        return list(pool.map(end, ids))


class _Waiting(NamedTuple):
    value: bytes
    key: bytes | None
    headers: Headers


class TransactionalProducer:
    """Produces to one topic, in transactions that follow each other without a pause. Safe from several threads.

    A thread of its own takes what was written and commits it as one: the latency of a message is that of a
    commit, and under load transactions grow. The first failure is latched: the thread ends, what waits is dropped, and
    every later call raises it. Nothing survives a crash: a message is safe once a `flush` after its `write` has
    returned.
    """

    def __init__(
        self,
        config: KafkaConfig,
        topic: str,
        transactional_id: str,
        *,
        after: Incarnation | None = None,
        deadline_s: float = 30.0,
    ) -> None:
        """``after``: who opened the id last as far as this run knows. ``deadline_s`` bounds a transaction, with
        librdkafka's own retries. Raises `TerminalSinkError`.
        """
        self._topic = topic
        self._deadline_s = deadline_s
        self._id = transactional_id
        self._config = {**config, "transactional.id": transactional_id}
        self._where = str(config.get("bootstrap.servers", "no bootstrap.servers"))
        self._last_error = ""
        self._refused = ""
        """What only a person can change, once Kafka has said so."""
        self._undelivered = ""
        self._producer, this = _opened(config, transactional_id, deadline_s, error_cb=self._on_error)
        if after is not None and not this.is_next_after(after):
            raise _taken_over(transactional_id)
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._written = 0
        self._committed = 0
        self._error: SinkError | None = None
        self._closed = False
        # A daemon: a dataflow that fails must be able to end while a commit waits for a dead broker.
        self._thread = threading.Thread(target=self._run, name=f"transactions-{topic}", daemon=True)
        self._thread.start()

    def write(self, value: bytes, *, key: bytes | None, headers: Headers) -> None:
        """Queue one message; waits while too many wait. Raises the latched `TerminalSinkError`."""
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or len(self._waiting) < _MOST_WAITING)
            self._raise_latched()
            self._waiting.append(_Waiting(value, key, headers))
            self._written += 1
            self._changed.notify_all()

    def flush(self) -> None:
        """Returns when everything written before this call is committed. Raises the latched `TerminalSinkError`."""
        with self._changed:
            target = self._written
            self._changed.wait_for(lambda: self._error is not None or self._committed >= target)
            self._raise_latched()

    def close(self) -> None:
        """Ends the thread when the transaction it is at is over; what still waits is dropped, not sent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        batch: list[_Waiting] = []
        while True:
            try:
                batch = self._take()
                if not batch:
                    return
                self._send(batch)
            except Exception as error:  # the thread must not die without a word: `flush` would wait for ever
                metrics.MESSAGES_FAILED.labels(topic=self._topic).inc(len(batch))
                self._latch(error)
                return
            metrics.MESSAGES_DELIVERED.labels(topic=self._topic).inc(len(batch))
            with self._changed:
                self._committed += len(batch)
                self._changed.notify_all()

    def _take(self) -> list[_Waiting]:
        """What waits, once anything does; empty when closed."""
        with self._changed:
            while not self._changed.wait_for(lambda: self._closed or bool(self._waiting), _SERVE_EVERY_S):
                self._producer.poll(0)
            if self._closed:
                return []
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_IN_ONE))]
            self._changed.notify_all()
            return batch

    def _send(self, batch: Sequence[_Waiting]) -> None:
        """One transaction. Raises `KafkaException`."""
        self._refused = self._undelivered = ""
        self._producer.poll(0)
        self._producer.begin_transaction()
        for each in batch:
            self._produce(each)
        deadline = time.monotonic() + self._deadline_s
        while True:
            try:
                self._producer.commit_transaction(max(deadline - time.monotonic(), 0.1))
            except KafkaException as error:
                if self._refused or self._undelivered or not error.args[0].retriable() or time.monotonic() >= deadline:
                    raise
            else:
                return

    def _produce(self, message: _Waiting) -> None:
        deadline = time.monotonic() + self._deadline_s
        while True:
            try:
                self._producer.produce(
                    self._topic,
                    message.value,
                    message.key,
                    headers=list(message.headers),
                    on_delivery=self._on_delivery,
                )
            except BufferError:
                if time.monotonic() >= deadline:
                    raise
                self._producer.poll(0.05)
            else:
                return

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        """On our own thread. A message that was refused fails the commit, which does not say why."""
        if error is not None and error.code() not in _PURGED:
            self._undelivered = self._undelivered or error.str()
            self._refused = self._refused or self._refusal_of(error) or ""

    def _on_error(self, error: KafkaError) -> None:
        self._last_error = error.str()
        self._refused = self._refused or self._refusal_of(error) or ""

    def _refusal_of(self, error: KafkaError) -> str | None:
        return refusal_of(error, self._config, topic=self._topic, operation="Write")

    def _latch(self, error: Exception) -> None:
        heard = f" (last heard: {self._last_error})" if self._last_error else ""
        cause = error.args[0] if isinstance(error, KafkaException) else None
        failed: SinkError
        if cause is not None and cause.code() in _GONE:
            failed = _taken_over(self._id)
        else:
            refused = self._refused or (None if cause is None else self._refusal_of(cause))
            reason = refused or self._undelivered or (repr(error) if cause is None else cause.str())
            failed = (DeliveryRefused if refused else DeliveryFailed)(
                f"Kafka at {self._where} did not take a transaction for topic {self._topic}: {reason}{heard}. "
                "Nothing after the last closed epoch counts as done: when the cause is gone, start the job again."
            )
        with self._changed:
            self._error = failed
            self._waiting.clear()
            self._changed.notify_all()

    def _raise_latched(self) -> None:
        if self._error is not None:
            raise self._error


def _opened(
    config: KafkaConfig, transactional_id: str, deadline_s: float, error_cb: Callable[[KafkaError], None] | None = None
) -> tuple[Producer, Incarnation]:
    """A producer whose predecessor under this id has ended. Raises `TerminalSinkError`."""
    heard: list[str] = []
    refused: list[str] = []
    said: list[Incarnation] = []

    def read(statistics: str) -> None:
        if not said:
            of_us = json.loads(statistics)["eos"]
            if of_us["producer_id"] >= 0:
                said.append(Incarnation(of_us["producer_id"], of_us["producer_epoch"]))

    def hear(error: KafkaError) -> None:
        heard.append(error.str())
        refused.extend(filter(None, [refusal_of(error, settings)]))
        if error_cb is not None:
            error_cb(error)

    settings: dict[str, Any] = {
        **DEFAULTS,
        # A transaction is sent as soon as it is whole: there is nothing to linger for.
        "linger.ms": 0,
        **config,
        **REQUIRED,
        "transactional.id": transactional_id,
        "transaction.timeout.ms": int((deadline_s + _SPARE_S) * 1000),
        "delivery.timeout.ms": int(deadline_s * 1000),
        "error_cb": hear,
        "statistics.interval.ms": _STATISTICS_MS,
        "stats_cb": read,
    }
    try:
        producer = Producer(settings, logger=_log)
    except (KafkaException, ValueError) as error:
        raise DeliveryRefused(f"The Kafka configuration is refused: {error}. Correct it.") from None
    deadline = time.monotonic() + deadline_s
    while True:
        try:
            producer.init_transactions(min(max(deadline - time.monotonic(), 0.1), _ASK_AGAIN_S))
        except KafkaException as error:
            cause = error.args[0]
            if cause.code() in _GONE:
                raise _taken_over(transactional_id) from None
            with suppress(KafkaException):  # a fatal error, which is `cause` itself
                producer.poll(0)  # brings what `error_cb` is told
            refused.extend(filter(None, [refusal_of(cause, settings)]))
            if refused or not cause.retriable() or time.monotonic() >= deadline:
                last = f" (last heard: {heard[-1]})" if heard else ""
                where = config.get("bootstrap.servers", "no bootstrap.servers")
                raise (DeliveryRefused if refused else DeliveryFailed)(
                    f"Kafka at {where} does not begin transactions of {transactional_id}: "
                    f"{refused[0] if refused else cause.str() + last}. "
                    "When the cause is gone, start the job again."
                ) from None
        else:
            break
    # Those of before it was opened say nothing yet: the next ones do.
    while not said:
        producer.poll(_STATISTICS_MS / 1000)
    return producer, said[0]


def _taken_over(transactional_id: str) -> TerminalSinkError:
    return TakenOver(
        f"Another run of this job has taken over (transactional id {transactional_id}): this one sends nothing more. "
        "Where that is another job on the same topic, give each an application_id of its own."
    )
