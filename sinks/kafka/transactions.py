"""Actions in transactions: what a dead predecessor left open is ended, and whoever is outrun can send no more.

A run that begins ends what was open under any of its job's ids (`incarnations.fence`) before it looks at what was sent,
so that what it sees is all there will be. A process of an earlier run that is not dead after all is refused at its next
message.

Readers of the topic ask for `read_committed`, which is librdkafka's default and not the Java client's.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message

from operators.records import Headers
from sinks import metrics
from sinks.errors import DeliveryFailed, DeliveryRefused, SinkError
from sinks.kafka.incarnations import GONE, PURGED, Incarnation, opened, taken_over
from sinks.kafka.producer import KafkaConfig
from sinks.kafka.refusals import refusal_of

_MOST_WAITING: Final = 100_000
"""Messages that may wait for a transaction, 70 MB of them; more make `write` wait."""
_MOST_IN_ONE: Final = 10_000
"""Messages of one transaction. One of 5,000 took 33 ms on a broker of the same machine, one of 1 took 5 ms."""
_SERVE_EVERY_S: Final = 0.5
"""How often callbacks are served while there is nothing to send: librdkafka keeps them until then."""


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
        self._producer, this = opened(config, transactional_id, deadline_s=deadline_s, error_cb=self._on_error)
        if after is not None and not this.is_next_after(after):
            raise taken_over(transactional_id)
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
        if error is not None and error.code() not in PURGED:
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
        if cause is not None and cause.code() in GONE:
            failed = taken_over(self._id)
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
