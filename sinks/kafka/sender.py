"""Messages sent all or none, by a producer that ends what a predecessor of its name left in flight."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias, cast

from confluent_kafka import KafkaError, KafkaException, Message

from operators.records import Headers
from sinks.errors import DeliveryFailed, DeliveryRefused, TakenOver
from sinks.kafka.incarnations import GONE, PURGED, opened
from sinks.kafka.producer import KafkaConfig
from sinks.kafka.refusals import refusal_of

_LARGEST_MESSAGE: Final = 512 * 2**20
"""The broker's limit of the topic counts, not librdkafka's own of 1 MB."""
_QUEUE_KBYTES: Final = 2 * _LARGEST_MESSAGE // 1024
"""librdkafka's queue, which must hold the largest."""
_TOO_LARGE: Final = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE})

_BY_KEY: Final = -1
_REPORTS_S: Final = 0.1

Place: TypeAlias = tuple[int, int]
"""(Kafka partition, offset)."""


class Outgoing(NamedTuple):
    """One message. ``partition`` None goes by its key, as Kafka's own clients do; ``time_ms`` 0 is now."""

    topic: str
    partition: int | None
    value: bytes
    key: bytes | None
    headers: Headers
    time_ms: int = 0


class TransactionalSender:
    """A producer of transactions. One thread. When the constructor has returned, no earlier producer of the same
    ``name`` can commit any more, and what it had committed can be read."""

    def __init__(self, config: KafkaConfig, name: str, *, deadline_s: float = 30.0) -> None:
        """``deadline_s`` bounds each call. Raises `TerminalSinkError`."""
        self._where = str(config.get("bootstrap.servers"))
        self._deadline_s = deadline_s
        self._config = {**config, "transactional.id": name}
        self._heard = ""
        self._refused: str | None = None
        settings: KafkaConfig = {
            "partitioner": "murmur2_random",
            **config,
            "message.max.bytes": _LARGEST_MESSAGE,
            "queue.buffering.max.kbytes": _QUEUE_KBYTES,
            "log_level": 0,  # what librdkafka has to say is in the errors raised here
        }
        self._producer, _ = opened(settings, name, deadline_s=deadline_s, error_cb=self._on_error)

    def send(self, batch: Sequence[Outgoing]) -> list[Place | None]:
        """Commits the batch; where each message lies: (Kafka partition, offset), None for one that the topic refuses
        because it is too large. Raises `TerminalSinkError`, and then nothing of the batch is to be seen unless the
        commit itself failed: then nobody knows, until the next producer of this name has asked.
        """
        places: list[Place | None] = [None] * len(batch)
        left = list(range(len(batch)))
        while left:
            errors = self._attempt(batch, left, places)
            if not errors:
                break
            too_large = {place for place, error in errors.items() if error.code() in _TOO_LARGE}
            if not too_large:
                place, error = next(iter(errors.items()))
                raise self._failed("take a message", error, topic=batch[place].topic)
            for place in left:
                places[place] = None
            left = [place for place in left if place not in too_large]
        return places

    def _attempt(
        self, batch: Sequence[Outgoing], left: Sequence[int], places: list[Place | None]
    ) -> dict[int, KafkaError]:
        """One transaction: committed, or aborted because of these errors of messages."""
        errors: dict[int, KafkaError] = {}
        try:
            self._producer.begin_transaction()
            for place in left:
                self._produce(batch[place], _reporter(place, places, errors))
            # Once one has failed the others are not even sent; they are purged, and not at fault.
            for _ in range(math.ceil(self._deadline_s / _REPORTS_S)):
                if not self._producer.flush(_REPORTS_S) or errors:
                    break
            at_fault = {place: error for place, error in errors.items() if error.code() not in PURGED}
            if at_fault:
                self._producer.abort_transaction(self._deadline_s)
                return at_fault
            self._producer.commit_transaction(self._deadline_s)
        except KafkaException as error:
            raise self._failed("commit a transaction", error.args[0]) from None
        return {}

    def _produce(self, message: Outgoing, on_delivery: Callable[[KafkaError | None, Message], None]) -> None:
        while True:
            try:
                self._producer.produce(
                    message.topic,
                    message.value,
                    message.key,
                    partition=_BY_KEY if message.partition is None else message.partition,
                    headers=list(message.headers),
                    timestamp=message.time_ms,
                    on_delivery=on_delivery,
                )
                return
            except BufferError:
                self._producer.poll(0.05)

    def _failed(self, what: str, error: KafkaError, *, topic: str = "") -> DeliveryFailed | TakenOver:
        if error.code() in GONE:
            return TakenOver(
                f"Kafka at {self._where} lets this run send nothing more: another one has begun, and goes on with "
                "what is left."
            )
        refused = self._refused or refusal_of(error, self._config, topic=topic, operation="Write")
        heard = f" (last heard: {self._heard})" if self._heard else ""
        return (DeliveryRefused if refused else DeliveryFailed)(
            f"Kafka at {self._where} did not {what}: {refused or error.str() + heard}. Remove the cause, then run it "
            "again."
        )

    def _on_error(self, error: KafkaError) -> None:
        self._heard = error.str()
        self._refused = self._refused or refusal_of(error, self._config)


def _reporter(
    place: int, places: list[Place | None], errors: dict[int, KafkaError]
) -> Callable[[KafkaError | None, Message], None]:
    def report(error: KafkaError | None, message: Message) -> None:
        if error is None:
            places[place] = (cast(int, message.partition()), cast(int, message.offset()))
        else:
            errors[place] = error

    return report
