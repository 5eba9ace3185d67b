"""What must hold of any message whatever, in any envelope: the properties that all fuzzing here checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from config.events import load_event_schemas
from config.vocabulary import load_vocabularies
from flows.backtest import CONFIG
from operators.decode import Decoded, Decoder, Messages
from operators.decode.decoder import Envelope
from operators.reasons import DeadReason
from operators.records import BEGINNING_OF_TIME, Chunk, Headers
from sinks.clickhouse.event_rows import ChunkRows, event_columns
from sinks.clickhouse.tables import EVENTS

ENVELOPES = get_args(Envelope)
ORIGIN = ("fuzzed", 1)
ARRIVAL_US = 1_767_607_200_000_000
LONGEST_EXPLANATION = 1_000
GOOD = (
    b'{"event_id":"good","type":"view","customer_id":"c","event_time":"2026-01-05T10:00:00Z","properties":{"a":[1.5]}}'
)

_SCHEMAS = load_event_schemas(CONFIG / "events")
_VOCABULARIES = load_vocabularies(CONFIG / "vocabulary")
DECODERS = {
    envelope: Decoder(
        envelope,
        schemas=_SCHEMAS,
        vocabulary=_VOCABULARIES.get("cloudevents" if envelope == "cloudevents" else "segment"),
        max_future_skew_us=300_000_000,
        max_message_bytes=50_000,
    )
    for envelope in ENVELOPES
}
_REASONS = {reason.value for reason in DeadReason}
_INTEGERS = {"UInt16": (0, 2**16), "UInt32": (0, 2**32), "Int64": (-(2**63), 2**63)}


@dataclass(frozen=True)
class Message:
    """One message as Kafka may hand it over."""

    envelope: str
    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()


def decode(message: Message, *values: bytes | None) -> Decoded:
    """The message, or these values in a chunk, all with its key and headers."""
    values = values or (message.value,)
    count = len(values)
    return DECODERS[message.envelope].decode(
        Messages(
            ORIGIN,
            values,
            list(range(count)),
            [ARRIVAL_US] * count,
            keys=[message.key] * count,
            headers=[message.headers] * count,
        )
    )


def check(message: Message) -> Decoded:
    """Raises an ``AssertionError``, or whatever the decoder raises; gives what became of it."""
    alone = decode(message)
    _has_one_fate(message, alone)
    for letter in alone.dead:
        _says_why(message, letter)
    _is_what_it_is_in_any_chunk(message, alone)
    _is_what_it_is_in_a_file(message, alone)
    _can_be_rows(alone)
    return alone


def _has_one_fate(message: Message, found: Decoded) -> None:
    assert len(found.dead) <= 1
    assert len(found.records) + len(found.dead) >= 1
    if message.envelope in ("canonical", "actions"):
        assert len(found.records) + len(found.dead) == 1
    columns = (found.records, found.event_times_us, found.offsets, found.indexes, found.record_times_us)
    assert len({len(column) for column in columns}) == 1


def _says_why(message: Message, letter: Any) -> None:
    assert letter.reason in _REASONS
    assert 0 < len(letter.message) <= LONGEST_EXPLANATION
    letter.message.encode()
    assert (letter.raw, letter.raw_key, [*letter.headers]) == (message.value or b"", message.key, [*message.headers])
    assert (letter.origin, letter.offset, letter.record_time_us) == (ORIGIN, 0, ARRIVAL_US)


def _is_what_it_is_in_any_chunk(message: Message, alone: Decoded) -> None:
    good = decode(message, GOOD)
    together = decode(message, GOOD, message.value, GOOD, message.value)
    for offset, expected in enumerate((good, alone, good, alone)):
        places = [place for place, found in enumerate(together.offsets) if found == offset]
        assert [together.records[place] for place in places] == expected.records
        assert [together.event_times_us[place] for place in places] == expected.event_times_us
        assert [together.indexes[place] for place in places] == expected.indexes
        dead = [(letter.reason, letter.message) for letter in together.dead if letter.offset == offset]
        assert dead == [(letter.reason, letter.message) for letter in expected.dead]


def _is_what_it_is_in_a_file(message: Message, alone: Decoded) -> None:
    """A file is read in one go where that gives the same answer; here a blank line is no message."""
    value = message.value
    if not value or not value.strip(b" \t\r") or b"\n" in value:
        return
    found = DECODERS[message.envelope].decode_lines(GOOD + b"\n" + value, 0)
    if found is not None:
        assert not alone.dead
        assert found.records[1:] == alone.records
        assert found.event_times_us[1:] == alone.event_times_us


def _can_be_rows(found: Decoded) -> None:
    """Every value fits its column's type; whether ClickHouse takes the JSON is for ClickHouse to say."""
    for column, kind in zip(event_columns([ChunkRows(as_chunk(found), None)]), EVENTS.types, strict=True):
        if kind in _INTEGERS or kind.startswith("DateTime64"):
            first, end = _INTEGERS.get(kind, _INTEGERS["Int64"])
            assert all(isinstance(value, int) and first <= value < end for value in column)
        elif kind != "Bool":
            for text in column:
                text.encode()


def as_chunk(found: Decoded) -> Chunk:
    """The events as a flow has them."""
    return Chunk(
        origin=ORIGIN,
        origins=(ORIGIN,),
        records=found.records,
        event_times_us=found.event_times_us,
        offsets=found.offsets,
        indexes=found.indexes,
        record_times_us=found.record_times_us,
        watermarks_us=[BEGINNING_OF_TIME] * len(found.records),
        late=[],
        dead=found.dead,
        watermark_us=BEGINNING_OF_TIME,
    )
