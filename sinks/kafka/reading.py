"""What topics hold, read to where they end now: for questions that a command asks, not for a flow."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message

from operators.records import Origin
from sinks.errors import TerminalSinkError
from sinks.kafka.consumer import BoundedReader
from sinks.kafka.producer import KafkaConfig
from sinks.kafka.refusals import refusal_of
from sinks.kafka.topic_ends import TopicWatch

_READ_AT_ONCE: Final = 1_000
_POLL_S: Final = 0.05
_QUIET: Final[KafkaConfig] = {"log_level": 0}
"""What librdkafka has to say is in the errors raised here."""


def end_offsets(config: KafkaConfig, topics: Iterable[str], *, timeout_s: float = 10.0) -> dict[Origin, int]:
    """Where each Kafka partition ends, with what transactions have written and not yet committed.

    Raises `TerminalSinkError` for a topic that cannot be read.
    """
    ends: dict[Origin, int] = {}
    for topic in topics:
        try:
            found = TopicWatch({**config, **_QUIET}, topic).ends(timeout_s).offsets
        except KafkaException as error:
            raise _unreadable(config, error.args[0], topic=topic) from None
        if not found:
            raise TerminalSinkError(f"Topic {topic!r} cannot be read: there is none. Make it, or correct its name.")
        ends |= {(topic, partition): offset for partition, offset in found.items()}
    return ends


def read_from(config: KafkaConfig, starts: Mapping[Origin, int], *, silence_s: float = 60.0) -> Iterator[Message]:
    """The committed messages of these topics, from these offsets (a Kafka partition without one: all) to where they end
    now. A transaction that is open there is waited for.

    Raises `TerminalSinkError` when nothing comes for ``silence_s``.
    """
    topics = sorted({topic for topic, _ in starts})
    reader = BoundedReader({**config, **_QUIET}, starts, end_offsets(config, topics))
    heard_s = time.monotonic()
    try:
        while reader.left:
            left = len(reader.left)
            messages = reader.read(_READ_AT_ONCE, _POLL_S)
            yield from messages
            if messages or len(reader.left) < left:
                heard_s = time.monotonic()
            elif time.monotonic() - heard_s > silence_s:
                named = ", ".join(f"{topic}/{partition}" for topic, partition in sorted(reader.left))
                raise TerminalSinkError(
                    f"{named} cannot be read to the end within {silence_s:g} s: a transaction of another producer "
                    "may be open there. Run it again when that has ended."
                )
    except KafkaException as error:
        raise _unreadable(config, error.args[0], topic=", ".join(topics)) from None
    finally:
        reader.close()


def _unreadable(config: KafkaConfig, error: KafkaError, *, topic: str) -> TerminalSinkError:
    where = config.get("bootstrap.servers")
    why = refusal_of(error, config, topic=topic) or error.str()
    return TerminalSinkError(f"Kafka at {where} cannot be read: {why}. Remove the cause, then run it again.")
