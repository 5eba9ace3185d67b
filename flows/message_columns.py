"""Messages of one Kafka partition as the columns that a decoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from confluent_kafka import Message

from operators.decode import Messages
from operators.records import Headers, Origin
from sinks.kafka.headers import headers_of


def message_columns(origin: Origin, messages: Sequence[Message]) -> Messages:
    """What every message is read for as lists; keys and headers only when somebody asks for one."""
    return Messages(
        origin=origin,
        values=[message.value() for message in messages],
        offsets=cast(list[int], [message.offset() for message in messages]),
        record_times_us=[message.timestamp()[1] * 1_000 for message in messages],
        keys=_Keys(messages),
        headers=_Headers(messages),
    )


def offset_of(message: Message) -> int:
    """Where it stands in the log, or of the news of a partition's end the end."""
    return cast(int, message.offset())  # only a message that was never sent has none


class _Keys(Sequence[bytes | None]):
    """The messages' keys, each read only if somebody asks: dead letters alone do."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages

    def __len__(self) -> int:
        return len(self._messages)

    def __getitem__(self, place: Any) -> Any:
        return self._messages[place].key()


class _Headers(Sequence[Headers]):
    """The messages' headers, each read only if somebody asks: dead letters, and envelopes that look at them."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._read: dict[int, Headers] = {}

    def __len__(self) -> int:
        return len(self._messages)

    def __getitem__(self, place: Any) -> Any:
        # Once a message, as `headers_of` must be.
        if place not in self._read:
            self._read[place] = headers_of(self._messages[place])
        return self._read[place]
