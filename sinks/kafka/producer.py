"""A producer that looks at its delivery reports: what it has not confirmed stops the dataflow."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from operators.records import Headers
from sinks import metrics
from sinks.errors import DeliveryFailed, DeliveryRefused
from sinks.kafka.refusals import refusal_of

KafkaConfig: TypeAlias = Mapping[str, str | int | float | bool]
"""librdkafka's own names: ``bootstrap.servers``, ``security.protocol``, ``sasl.password``…"""

_log: Final = logging.getLogger(__name__)

# Whoever configures a producer may change these.
DEFAULTS: Final[KafkaConfig] = {
    "compression.type": "lz4",
    "linger.ms": 5,
    # 200 MB; librdkafka's default of 1 GiB could hold more than the job's own state.
    "queue.buffering.max.kbytes": 200 * 1024,
}
# Not these: without them a confirmed message may be lost, or come twice or out of order.
REQUIRED: Final[KafkaConfig] = {"enable.idempotence": True, "acks": "all"}

_FULL_QUEUE_WAIT_S: Final = 0.05


class ConfirmedProducer:
    """An idempotent producer of one topic. Safe from several threads.

    Delivery reports are served by `write`, `poll` and `flush`. The first report of a failure is latched: every later
    call raises it. Nothing survives a crash: a message is safe once a `flush` after its `write` has returned.
    """

    def __init__(
        self,
        config: KafkaConfig,
        topic: str,
        *,
        deadline_s: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``deadline_s`` bounds a delivery, with librdkafka's own retries, and therefore a `flush`."""
        self._topic = topic
        self._deadline_s = deadline_s
        self._monotonic = monotonic
        self._brokers = str(config.get("bootstrap.servers", "no bootstrap.servers"))
        self._config = config
        self._guard = threading.Lock()
        self._failure: str | None = None
        self._error: type[DeliveryFailed] = DeliveryFailed
        self._last_error = ""
        self._delivered = metrics.MESSAGES_DELIVERED.labels(topic=topic)
        self._failed = metrics.MESSAGES_FAILED.labels(topic=topic)
        settings: dict[str, Any] = {
            **DEFAULTS,
            **config,
            **REQUIRED,
            "delivery.timeout.ms": int(deadline_s * 1000),
            "error_cb": self._on_error,
        }
        try:
            self._producer = Producer(settings, logger=_log)
        except (KafkaException, ValueError) as error:
            raise DeliveryRefused(f"The Kafka configuration is refused: {error}. Correct it.") from None

    def write(self, value: bytes, *, key: bytes | None, headers: Headers) -> None:
        """Queue one message; waits while librdkafka's queue is full. Raises `DeliveryFailed`."""
        begun = self._monotonic()
        while True:
            self._raise_latched()
            try:
                self._producer.produce(
                    self._topic, value=value, key=key, headers=list(headers), on_delivery=self._on_delivery
                )
                return
            except BufferError:
                if self._monotonic() - begun > self._deadline_s:
                    self._latch(f"the queue has been full for {self._deadline_s:g} s")
                self._served(lambda: self._producer.poll(_FULL_QUEUE_WAIT_S))
            except KafkaException as error:
                # Refused before it was queued, as a message too large is: no report will come.
                self._failed.inc()
                self._latch_error(error.args[0])

    def poll(self) -> None:
        """Serve the reports that are there, without waiting. Raises `DeliveryFailed`."""
        self._served(lambda: self._producer.poll(0))
        self._raise_latched()

    def flush(self) -> None:
        """Returns when every message written has been confirmed. Raises `DeliveryFailed`."""
        left = self._served(lambda: self._producer.flush(self._deadline_s + 1.0))
        self._raise_latched()
        if left:
            self._latch(f"{left} messages unconfirmed after {self._deadline_s:g} s")
            self._raise_latched()

    def _served(self, serve: Callable[[], int]) -> int:
        """A fatal error is told to `_on_error` and then raised: it is latched as every other."""
        try:
            return serve()
        except KafkaException as error:
            self._latch_error(error.args[0])
            return 0

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._delivered.inc()
            return
        self._failed.inc()
        self._latch_error(error)

    def _on_error(self, error: KafkaError) -> None:
        self._last_error = error.str()
        if self._refusal_of(error) is not None or error.fatal():
            self._latch_error(error)

    def _latch_error(self, error: KafkaError) -> None:
        refused = self._refusal_of(error)
        self._latch(refused or error.str(), refused=refused is not None)

    def _refusal_of(self, error: KafkaError) -> str | None:
        """What librdkafka would try again for ever, or until the message is too old, though only a person can help."""
        return refusal_of(error, self._config, topic=self._topic, operation="Write")

    def _latch(self, reason: str, *, refused: bool = False) -> None:
        with self._guard:
            if self._failure is None:
                self._failure, self._error = reason, DeliveryRefused if refused else DeliveryFailed

    def _raise_latched(self) -> None:
        if self._failure is None:
            return
        heard = f" (last heard: {self._last_error})" if self._last_error else ""
        raise self._error(
            f"Kafka at {self._brokers} did not take a message for topic {self._topic}: {self._failure}{heard}. "
            "Nothing after the last closed epoch counts as done: when the cause is gone, start the job again."
        )
