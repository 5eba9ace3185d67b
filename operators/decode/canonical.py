"""The canonical envelope: one JSON object a message, with the names of ``CanonicalEvent``.

A whole chunk is decoded in one call where every message is plain; otherwise message by message, and what the fast
decoder refuses is read again by the pydantic model, which accepts a little more (unknown keys survive in
``context``) and says exactly what is wrong with the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, cast

import msgspec
import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from operators.decode.json_text import is_utf8, parse, parse_object, shown
from operators.decode.messages import Undecodable
from operators.decode.times import event_times_us, parse_time
from operators.reasons import DeadReason
from operators.records import EMPTY_OBJECT, MAX_EPOCH_MS, MIN_EPOCH_MS, EpochMilliseconds, Record


class CanonicalRecord(Record, gc=False, forbid_unknown_fields=True):
    """A record as msgspec reads it. Its time is still text: a chunk's are read together, which costs a fifth."""

    event_time: str | EpochMilliseconds


Plain: TypeAlias = tuple[list[Record], list[int]]
"""Records and their event times in microseconds."""

_decoder = msgspec.json.Decoder(CanonicalRecord)
_parts_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BODIES = ("properties", "context")
_NOT_AN_OBJECT = re.compile(rb"\n[^{]")
_LINE_END, _OPENS, _CLOSES = b"\n{}"


class CanonicalEvent(BaseModel):
    """What a canonical message must be."""

    model_config = ConfigDict(extra="allow", strict=True)

    event_id: Annotated[str, Field(min_length=1)]
    type: Annotated[str, Field(min_length=1)]
    event_time: AwareDatetime | Annotated[int, Field(ge=MIN_EPOCH_MS, le=MAX_EPOCH_MS)]
    customer_id: Annotated[str, Field(min_length=1)] | None = None
    session_id: str | None = None
    properties: dict[str, Any] = {}
    context: dict[str, Any] = {}


def decode_chunk(values: list[bytes]) -> Plain | None:
    """All messages of a chunk at once, or None where any needs a closer look. ``values``: none empty.

    They are read as lines: one that is not one value by itself must not be completed by its neighbours.
    """
    if len(values) == 1:
        return _decoded(values[0], _decode_single)
    plain = decode_lines(b"\n".join(values))
    return plain if plain is not None and len(plain[0]) == len(values) else None


def decode_lines(text: bytes) -> Plain | None:
    """A message a line, all at once, or None where any needs a closer look."""
    return _decoded(text, _decode_lines)


def _decoded(text: bytes, decode: Callable[[bytes], list[CanonicalRecord] | None]) -> Plain | None:
    if not text or not is_utf8(text):
        return None
    try:
        records = decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return _timed(records) if records is not None and _have_objects(records) else None


def _decode_lines(text: bytes) -> list[CanonicalRecord] | None:
    records = _decoder.decode_lines(text)
    return records if _is_one_a_line(text, len(records)) else None


def _decode_single(value: bytes) -> list[CanonicalRecord]:
    return [_decoder.decode(value)]


def _is_one_a_line(text: bytes, values: int) -> bool:
    """Whether each line of this JSON is one value, for certain.

    Where every line begins with ``{`` and the one before it ends with ``}``, no value goes on from line to line, for
    inside of one a comma would stand between them; so then there are as many values as lines where each has one.
    """
    characters = np.frombuffer(text, np.uint8)
    if characters[0] != _OPENS or characters[-1] != _CLOSES:
        return False
    ends = np.flatnonzero(characters == _LINE_END)
    return (
        len(ends) + 1 == values
        and bool((characters[ends + 1] == _OPENS).all())
        and bool((characters[ends - 1] == _CLOSES).all())
    )


def _timed(records: list[CanonicalRecord]) -> Plain | None:
    times_us = event_times_us([record.event_time for record in records])
    return None if times_us is None else (cast(list[Record], records), times_us)


def _have_objects(records: list[CanonicalRecord]) -> bool:
    """Whether properties and context certainly are objects: none is seen to begin otherwise."""
    bodies = b"\n".join([b"", *[r.properties for r in records], *[r.context for r in records]])
    return _NOT_AN_OBJECT.search(bodies) is None


def decode_one(value: bytes) -> Record:
    """One message; raises ``Undecodable``.

    What becomes of a message depends on nothing but itself: the chunk's rule is asked first.
    """
    plain = decode_chunk([value])
    if plain is not None:
        return plain[0][0]
    parts = _parts(value)
    bodies = {name: parts.pop(name) for name in _BODIES if name in parts and _is_object(parts[name])}
    parsed = {name: parse(bytes(part)) for name, part in parts.items()}
    try:
        event = CanonicalEvent.model_validate(_typed_time(parsed))
    except ValidationError as error:
        raise _explained(error) from None
    except (OverflowError, ValueError) as error:
        raise Undecodable(DeadReason.INVALID_EVENT_TIME, f"event_time: {error}") from None
    context = bodies.get("context", EMPTY_OBJECT)
    if event.model_extra:
        unknown = {name: parts[name] for name in event.model_extra}
        context = msgspec.Raw(msgspec.json.encode(_parts_decoder.decode(context) | unknown))
    return Record(
        event_id=event.event_id,
        type=event.type,
        event_time=event.event_time,
        customer_id=event.customer_id,
        session_id=event.session_id,
        properties=bodies.get("properties", EMPTY_OBJECT),
        context=context,
    )


def _parts(value: bytes) -> dict[str, msgspec.Raw]:
    """The members of an object, each still JSON text; raises ``Undecodable`` as ``parse_object`` does."""
    if is_utf8(value):
        try:
            return _parts_decoder.decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
    parsed = parse_object(value)
    return {name: encode_json(part) for name, part in parsed.items()}


def _is_object(part: msgspec.Raw) -> bool:
    return bytes(part).startswith(b"{")


def encode_json(value: Any) -> msgspec.Raw:
    """Any JSON value as raw text."""
    return msgspec.Raw(msgspec.json.encode(value))


def _typed_time(parsed: dict[str, Any]) -> dict[str, Any]:
    time = parsed.get("event_time")
    if isinstance(time, str):
        return {**parsed, "event_time": parse_time(time, "event_time")}
    if "event_time" in parsed and (isinstance(time, bool) or not isinstance(time, int)):
        raise Undecodable(
            DeadReason.INVALID_EVENT_TIME,
            f"event_time: {shown(time)} is no time; allowed: ISO 8601 with an offset, or whole epoch milliseconds",
        )
    return parsed


def _explained(error: ValidationError) -> Undecodable:
    first = error.errors(include_url=False)[0]
    # Of a union pydantic names the member it tried last; the path ends at the field for whoever reads it.
    path = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or "[" not in part)
    if first["type"] == "missing":
        reason = DeadReason.MISSING_FIELD
    elif path.startswith("event_time"):
        reason, path = DeadReason.INVALID_EVENT_TIME, "event_time"
    else:
        reason = DeadReason.INVALID_FIELD
    value = "" if first["type"] == "missing" else f"; got {shown(first['input'])}"
    return Undecodable(reason, f"{path}: {first['msg'].lower()}{value}")
