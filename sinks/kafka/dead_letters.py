"""The dead-letter sink: input that never became an event, byte for byte, with the reason beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from operators.records import DeadLetter, Headers
from operators.render import iso_ms
from sinks.kafka.producer import ConfirmedProducer, KafkaConfig
from sinks.routing import PartNames
from sinks.shared import Shared

LONGEST_VALUE: Final = 900_000
"""What is longer is cut, for Kafka's usual limit of a message is 1 MB; the table ``dead_letters`` holds it whole."""
LONGEST_KEY: Final = 50_000
LONGEST_HEADERS: Final = 50_000
"""Names and values together; where they are longer, none is passed on."""


class DeadLetterSink(FixedPartitionedSink[Sequence[DeadLetter], None]):
    """Produces ``(part name, dead letters)`` to a topic. Give it the source's partition names.

    Value, key and headers are the message's own; of headers of one name the last counts, and ours come last.
    Delivered at least once: after a crash those since the last closed epoch come again, with the same ``topic``,
    ``partition`` and ``offset`` headers.
    ``snapshot`` returns when every message is confirmed.
    Raises `DeliveryFailed` out of ``write_batch`` or ``snapshot``, which stops the dataflow.
    """

    def __init__(self, config: KafkaConfig, topic: str, part_names: Sequence[str], *, deadline_s: float = 30.0) -> None:
        self._parts = PartNames(part_names)
        self._shared = Shared(lambda: ConfirmedProducer(config, topic, deadline_s=deadline_s), lambda producer: None)

    def list_parts(self) -> list[str]:
        return self._parts.names

    def part_fn(self, item_key: str) -> int:
        return self._parts.place(item_key)

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> DeadLetterPartition:
        return DeadLetterPartition(self._shared)


class DeadLetterPartition(StatefulSinkPartition[Sequence[DeadLetter], None]):
    """One partition of a `DeadLetterSink`."""

    def __init__(self, shared: Shared[ConfirmedProducer]) -> None:
        self._shared = shared
        self._producer = shared.acquire()

    def write_batch(self, values: list[Sequence[DeadLetter]]) -> None:
        """Raises `DeliveryFailed`."""
        for letters in values:
            for letter in letters:
                value = letter.raw[:LONGEST_VALUE]
                key = None if letter.raw_key is None else letter.raw_key[:LONGEST_KEY]
                self._producer.write(value, key=key, headers=dead_letter_headers(letter))
        self._producer.poll()

    def snapshot(self) -> None:
        self._producer.flush()

    def close(self) -> None:
        self._shared.release()


def dead_letter_headers(letter: DeadLetter) -> Headers:
    """Its own, then why, and where it came from; ``time`` is the record's own, ISO 8601.

    What did not fit is named: ``cut_from_bytes``, ``key_cut_from_bytes``, ``headers_left_out``.
    """
    topic, partition = letter.origin
    own = list(letter.headers)
    cut = [("cut_from_bytes", b"%d" % len(letter.raw))] if len(letter.raw) > LONGEST_VALUE else []
    if letter.raw_key is not None and len(letter.raw_key) > LONGEST_KEY:
        cut.append(("key_cut_from_bytes", b"%d" % len(letter.raw_key)))
    if sum(len(name.encode()) + len(value or b"") for name, value in own) > LONGEST_HEADERS:
        cut.append(("headers_left_out", b"%d" % len(own)))
        own = []
    return [
        *own,
        *cut,
        ("reason", letter.reason.encode()),
        ("message", letter.message.encode("utf-8", "replace")),
        ("topic", topic.encode()),
        ("partition", b"%d" % partition),
        ("offset", b"%d" % letter.offset),
        ("time", iso_ms(letter.record_time_us).encode()),
    ]
