"""One topic's decoder: envelope, size, schemas and clock skew, in that order; each failure is a dead letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sized
from typing import Any, Final, Literal

from config.events import EventSchema
from config.vocabulary import Vocabulary
from operators.decode import actions, canonical, cloudevents, segment
from operators.decode.json_text import parse, shown
from operators.decode.messages import Decoded, Messages, Undecodable
from operators.decode.naming import Naming
from operators.decode.times import event_time_us
from operators.reasons import DeadReason
from operators.records import LONGEST_ID, Record

Envelope = Literal["canonical", "segment", "cloudevents", "auto", "actions"]
_NAMED_BY_US: Final = ("canonical", "actions")
"""Envelopes whose names are ours, so that no vocabulary is needed."""
DEFAULT_MAX_MESSAGE_BYTES = 1_048_576
"""Kafka's own default limit of a message."""
_UNFOLDED_TIMES: Final = 16
"""A batch gives its context to each of its events: so often may they be as large together as a message may be."""
_MOST_EVENTS: Final = 10_000
"""In one message. An event of a batch has about 100 bytes at least; a table counts them with 16 bits."""
_BOUNDED: Final = ("event_id", "type", "customer_id", "session_id")


class Decoder:
    """Turns the messages of one topic into records. Pure: it keeps nothing between calls.

    ``max_future_skew_us`` None (a backtest): no event time is too far ahead.
    """

    def __init__(
        self,
        envelope: Envelope = "canonical",
        *,
        schemas: Mapping[str, EventSchema] | None = None,
        vocabulary: Vocabulary | None = None,
        max_future_skew_us: int | None = None,
        max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
    ) -> None:
        if envelope not in _NAMED_BY_US and vocabulary is None:
            raise ValueError(f"the {envelope} envelope needs a vocabulary")
        self.envelope = envelope
        self._reads_headers = envelope in ("cloudevents", "auto")
        self._schemas = dict(schemas or {})
        self._naming = None if vocabulary is None else Naming(vocabulary, self._schemas)
        self._max_future_skew_us = max_future_skew_us
        self._max_message_bytes = max_message_bytes
        self._one: Callable[[Messages, int], Iterator[Record | Undecodable]] = {
            "canonical": self._canonical,
            "segment": self._segment,
            "cloudevents": self._cloudevents,
            "auto": self._auto,
            "actions": self._actions,
        }[envelope]

    def decode(self, messages: Messages) -> Decoded:
        """The events of these messages in offset order, and a dead letter for each that is none."""
        values = messages.values
        if self.envelope == "canonical" and values and all(values):
            largest = max(map(len, values))  # type: ignore[arg-type]
            found = canonical.decode_chunk(values) if largest <= self._max_message_bytes else None  # type: ignore[arg-type]
            plain = None if found is None else self._plain(*found, messages.offsets, messages.record_times_us)
            if plain is not None:
                return plain
        return self._each(messages)

    def decode_lines(self, text: bytes, first_offset: int) -> Decoded | None:
        """The events of a text of messages, one a line, in one go; None where any line needs ``decode``.

        For files: no message has a key or a time of its own, and there is no line end after the last.
        """
        if self.envelope != "canonical" or len(text) > self._max_message_bytes:
            return None
        found = canonical.decode_lines(text)
        if found is None:
            return None
        count = len(found[0])
        return self._plain(*found, list(range(first_offset, first_offset + count)), [0] * count)

    def _plain(
        self, records: list[Record], times_us: list[int], offsets: list[int], record_times_us: list[int]
    ) -> Decoded | None:
        """The records as they are, if nothing is wrong with any of them."""
        if self._any_ahead(times_us, record_times_us):
            return None
        for place in self._asking(records):
            try:
                self._check(records[place], times_us[place], record_times_us[place])
            except Undecodable:
                return None
        return Decoded(records, times_us, offsets, [0] * len(records), record_times_us, [])

    def _asking(self, records: list[Record]) -> list[int]:
        """The places of the records that ask for a look at their schema or their customer."""
        schemas, types = self._schemas, [record.type for record in records]
        asking = set() if schemas.keys().isdisjoint(types) else {i for i, each in enumerate(types) if each in schemas}
        customers = [record.customer_id for record in records]
        if None in customers:
            asking.update(i for i, each in enumerate(customers) if each is None)
        return sorted(asking)

    def _any_ahead(self, times_us: list[int], record_times_us: Any) -> bool:
        skew_us = self._max_future_skew_us
        if skew_us is None or not times_us or max(times_us) <= min(record_times_us) + skew_us:
            return False
        return any(time > record_time + skew_us for time, record_time in zip(times_us, record_times_us, strict=True))

    def _each(self, messages: Messages) -> Decoded:
        out = Decoded([], [], [], [], [], [])
        for i in range(len(messages.values)):
            before = len(out.records)
            try:
                self._take(out, messages, i)
            except Undecodable as error:
                out.cut(before)
                out.dead.append(messages.dead(i, error.reason, str(error)))
            except RecursionError:
                out.cut(before)
                out.dead.append(messages.dead(i, DeadReason.MALFORMED_JSON, "nested too deep"))
        return out

    def _take(self, out: Decoded, messages: Messages, i: int) -> None:
        """The events of one message; of a batch those that are one, and one dead letter for all the others.

        Raises ``Undecodable`` where it is none at all.
        """
        value = messages.values[i]
        if not value and not self._is_binary(messages, i):
            raise Undecodable(DeadReason.EMPTY_MESSAGE, "a message without a value")
        if value and len(value) > self._max_message_bytes:
            raise Undecodable(
                DeadReason.MESSAGE_TOO_LARGE, f"{len(value)} bytes; allowed: up to {self._max_message_bytes}"
            )
        refused: list[tuple[int, Undecodable]] = []
        events = unfolded = 0
        for index, found in enumerate(self._one(messages, i)):
            events += 1
            try:
                if isinstance(found, Undecodable):
                    raise found
                time_us = event_time_us(found.event_time)
                self._check(found, time_us, messages.record_times_us[i])
            except Undecodable as error:
                refused.append((index, error))
                continue
            unfolded += len(found.properties) + len(found.context)
            if unfolded > _UNFOLDED_TIMES * self._max_message_bytes:
                raise Undecodable(
                    DeadReason.MESSAGE_TOO_LARGE,
                    f"its events, each with what the batch gives them, are more than {_UNFOLDED_TIMES} times what is "
                    "allowed of a message",
                )
            out.records.append(found)
            out.event_times_us.append(time_us)
            out.offsets.append(messages.offsets[i])
            out.indexes.append(index)
            out.record_times_us.append(messages.record_times_us[i])
        if events == 0:
            raise Undecodable(DeadReason.EMPTY_MESSAGE, "a batch without an event")
        if refused:
            index, first = refused[0]
            place = f"event {index + 1} of {events}: " if events > 1 else ""
            more = f"; {len(refused) - 1} others are refused too" if len(refused) > 1 else ""
            out.dead.append(messages.dead(i, first.reason, f"{place}{first}{more}"))

    def _is_binary(self, messages: Messages, i: int) -> bool:
        return self._reads_headers and cloudevents.is_binary(messages.header(i))

    def _check(self, record: Record, time_us: int, record_time_us: int) -> None:
        for field in _BOUNDED:
            text = getattr(record, field)
            if text is not None and len(text) > LONGEST_ID:
                raise Undecodable(
                    DeadReason.INVALID_FIELD,
                    f"{field}: {len(text)} characters, {shown(text)}; allowed: up to {LONGEST_ID}",
                )
        schema = self._schemas.get(record.type)
        if record.customer_id is None and (schema is None or schema.customer_id_required):
            raise Undecodable(
                DeadReason.MISSING_CUSTOMER,
                f"customer_id: required for type {shown(record.type)}; "
                "a schema in config/events may say `customer_id: optional`",
            )
        if schema is not None:
            wrong = schema.validate_json(bytes(record.properties))
            if wrong is not None:
                raise Undecodable(DeadReason.SCHEMA_VIOLATION, wrong)
        skew_us = self._max_future_skew_us
        if skew_us is not None and time_us > record_time_us + skew_us:
            ahead_s = (time_us - record_time_us) / 1e6
            raise Undecodable(
                DeadReason.FUTURE_EVENT_TIME,
                f"event_time is {ahead_s:.0f} s ahead of its Kafka record; allowed: {skew_us / 1e6:.0f} s",
            )

    def _canonical(self, messages: Messages, i: int) -> Iterator[Record | Undecodable]:
        value = messages.values[i]
        assert value is not None
        yield canonical.decode_one(value)

    def _actions(self, messages: Messages, i: int) -> Iterator[Record | Undecodable]:
        yield actions.decode(messages.values[i] or b"")

    def _segment(self, messages: Messages, i: int) -> Iterator[Record | Undecodable]:
        message = parse(messages.values[i] or b"")
        if not isinstance(message, dict):
            raise Undecodable(DeadReason.UNKNOWN_ENVELOPE, f"a Segment message is an object; got {shown(message)}")
        assert self._naming is not None
        batch = message.get("batch")
        if isinstance(batch, list):
            _must_be_few(batch)
        for event in segment.split(message):
            yield _attempt(segment.decode, event, self._naming, messages.record_times_us[i])

    def _cloudevents(self, messages: Messages, i: int) -> Iterator[Record | Undecodable]:
        assert self._naming is not None
        headers = messages.header(i)
        if cloudevents.is_binary(headers):
            message: Any = cloudevents.from_binary(headers, messages.values[i] or b"")
        else:
            message = parse(messages.values[i] or b"")
        events = message if isinstance(message, list) else [message]
        _must_be_few(events)
        for event in events:
            yield _attempt(cloudevents.decode, event, self._naming, messages.record_times_us[i])

    def _auto(self, messages: Messages, i: int) -> Iterator[Record | Undecodable]:
        if cloudevents.is_binary(messages.header(i)):
            return self._cloudevents(messages, i)
        message = parse(messages.values[i] or b"")
        if isinstance(message, list) or (isinstance(message, dict) and cloudevents.is_cloudevent(message)):
            return self._cloudevents(messages, i)
        if isinstance(message, dict) and segment.is_segment(message):
            return self._segment(messages, i)
        return self._canonical(messages, i)


def _must_be_few(events: Sized) -> None:
    if len(events) > _MOST_EVENTS:
        raise Undecodable(DeadReason.MESSAGE_TOO_LARGE, f"{len(events)} events; allowed: up to {_MOST_EVENTS}")


def _attempt(
    decode: Callable[[Any, Naming, int], Record], event: Any, naming: Naming, arrival_us: int
) -> Record | Undecodable:
    """One event of a batch: its failure is its own and not its neighbours'."""
    try:
        return decode(event, naming, arrival_us)
    except Undecodable as error:
        return error
