"""Who sends under a transactional id: whoever opens it ends what was open there, and shuts out who used it until now.

Every run of a job uses the same few ids, whatever its number of workers and processes. A run that another one began to
replace between its own look at the topic and its first message is found out by the number Kafka gives each that opens
an id.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Producer

from sinks.errors import DeliveryFailed, DeliveryRefused, TakenOver
from sinks.kafka.producer import DEFAULTS, REQUIRED, KafkaConfig
from sinks.kafka.refusals import refusal_of

_log: Final = logging.getLogger(__name__)

_SPARE_S: Final = 10.0
"""What a broker waits longer than we do before it ends a transaction of its own accord."""
_ASK_AGAIN_S: Final = 2.0
"""How soon a refusal is noticed while a transactional id is opened."""
_STATISTICS_MS: Final = 100
"""librdkafka says in its statistics alone who it is to Kafka, and begins to say so after this long."""
PURGED: Final = frozenset({KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT})
"""Of messages whose transaction has failed: the reason is the transaction's."""
GONE: Final = frozenset({KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED})
"""What a producer hears whose id another one has opened."""


class Incarnation(NamedTuple):
    """Who opened a transactional id, as Kafka counts them."""

    producer_id: int
    epoch: int

    def is_next_after(self, other: Incarnation) -> bool:
        """Whether nobody opened it in between. Every 32,767 times the count begins anew, under another producer id."""
        return self.producer_id != other.producer_id or self.epoch == other.epoch + 1


def transactional_id(application: str, topic: str, part: str) -> str:
    """Of one part of a job's sink. Access is granted by its beginning, ``<application>-<topic>-``."""
    return f"{application}-{topic}-{part}"


def fence(config: KafkaConfig, ids: Sequence[str], *, deadline_s: float = 30.0) -> list[Incarnation]:
    """Ends every transaction that is open under these ids, and shuts out whoever used them until now.

    Returns when that is so everywhere, with who we are to each. Raises `TerminalSinkError`. Half a second, most of it
    librdkafka looking for the coordinator; as long for 16 at once.
    """

    def end(each: str) -> Incarnation:
        return opened(config, each, deadline_s=deadline_s)[1]

    with ThreadPoolExecutor(len(ids)) as pool:
        return list(pool.map(end, ids))


def opened(
    config: KafkaConfig,
    transactional_id: str,
    *,
    deadline_s: float,
    error_cb: Callable[[KafkaError], None] | None = None,
) -> tuple[Producer, Incarnation]:
    """A producer whose predecessor under this id has ended, and who it is.

    ``deadline_s`` bounds this, and later a delivery. Raises `TerminalSinkError`.
    """
    opening = _Opening(config, transactional_id, error_cb)
    try:
        producer = Producer(
            {
                **DEFAULTS,
                # A transaction is sent as soon as it is whole: there is nothing to linger for.
                "linger.ms": 0,
                **config,
                **REQUIRED,
                "transactional.id": transactional_id,
                "transaction.timeout.ms": int((deadline_s + _SPARE_S) * 1000),
                "delivery.timeout.ms": int(deadline_s * 1000),
                "error_cb": opening.hear,
                "statistics.interval.ms": _STATISTICS_MS,
                "stats_cb": opening.read,
            },
            logger=_log,
        )
    except (KafkaException, ValueError) as error:
        raise DeliveryRefused(f"The Kafka configuration is refused: {error}. Correct it.") from None
    opening.begin(producer, deadline_s)
    # Statistics of before it was opened say nothing yet: the next ones do.
    while opening.incarnation is None:
        producer.poll(_STATISTICS_MS / 1000)
    return producer, opening.incarnation


class _Opening:
    """What is heard while an id is opened; `hear` and `read` are librdkafka's callbacks, and go on after that."""

    def __init__(
        self, config: KafkaConfig, transactional_id: str, error_cb: Callable[[KafkaError], None] | None
    ) -> None:
        self.incarnation: Incarnation | None = None
        self._config = {**config, "transactional.id": transactional_id}
        self._id = transactional_id
        self._error_cb = error_cb
        self._last = ""
        self._refused: str | None = None

    def read(self, statistics: str) -> None:
        """Who the producer is, once that is said."""
        if self.incarnation is None:
            of_us = json.loads(statistics)["eos"]
            if of_us["producer_id"] >= 0:
                self.incarnation = Incarnation(of_us["producer_id"], of_us["producer_epoch"])

    def hear(self, error: KafkaError) -> None:
        """An error that is nobody's answer."""
        self._last = error.str()
        self._refused = self._refused or refusal_of(error, self._config)
        if self._error_cb is not None:
            self._error_cb(error)

    def begin(self, producer: Producer, deadline_s: float) -> None:
        """Opens the id. Raises `TerminalSinkError`."""
        deadline = time.monotonic() + deadline_s
        while True:
            try:
                producer.init_transactions(min(max(deadline - time.monotonic(), 0.1), _ASK_AGAIN_S))
            except KafkaException as error:
                cause = error.args[0]
                if cause.code() in GONE:
                    raise taken_over(self._id) from None
                with suppress(KafkaException):  # a fatal error, which is `cause` itself
                    producer.poll(0)  # brings what `hear` is told
                self._refused = self._refused or refusal_of(cause, self._config)
                if self._refused or not cause.retriable() or time.monotonic() >= deadline:
                    raise self._failed(cause) from None
            else:
                return

    def _failed(self, cause: KafkaError) -> DeliveryFailed:
        where = self._config.get("bootstrap.servers", "no bootstrap.servers")
        heard = f" (last heard: {self._last})" if self._last else ""
        return (DeliveryRefused if self._refused else DeliveryFailed)(
            f"Kafka at {where} does not begin transactions of {self._id}: {self._refused or cause.str() + heard}. "
            "When the cause is gone, start again."
        )


def taken_over(transactional_id: str) -> TakenOver:
    """What a run is told whose id another one has opened."""
    return TakenOver(
        f"Another run of this job has taken over (transactional id {transactional_id}): this one sends nothing more. "
        "Where that is another job on the same topic, give each an application_id of its own."
    )
