"""CloudEvents 1.0: structured mode (one object), batched (an array) and binary (``ce_*`` headers on Kafka).

The de-duplication id is ``source`` and ``id`` together, joined by a space, which a source (a URI reference) cannot
hold. A Segment event inside ``data`` is unwrapped.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from operators.decode import segment
from operators.decode.canonical import encode_json
from operators.decode.json_text import SHOWN, parse, shown
from operators.decode.messages import Undecodable
from operators.decode.naming import Naming
from operators.decode.times import parse_time
from operators.reasons import DeadReason
from operators.records import Headers, Record

_REQUIRED = ("id", "source", "specversion", "type")
_CORE = {*_REQUIRED, "time", "data", "data_base64"}
_CUSTOMER_ATTRIBUTES = ("customerid", "subject", "partitionkey")


def is_cloudevent(message: dict[str, Any]) -> bool:
    """Whether a message has the shape of a structured CloudEvent."""
    return all(name in message for name in _REQUIRED)


def is_binary(headers: Headers) -> bool:
    """Whether a Kafka message carries a CloudEvent in binary mode."""
    return any(name == "ce_specversion" for name, _ in headers)


def from_binary(headers: Headers, value: bytes) -> dict[str, Any]:
    """The structured form of a binary-mode message; raises ``Undecodable``."""
    event: dict[str, Any] = {}
    for name, text in headers:
        if name.startswith("ce_") and text is not None:
            try:
                event[name[3:]] = text.decode()
            except UnicodeDecodeError:
                raise Undecodable(DeadReason.INVALID_FIELD, f"header {name[:SHOWN]}: not UTF-8") from None
    if value:
        event["data"] = parse(value)
    return event


def decode(message: dict[str, Any], naming: Naming, arrival_us: int) -> Record:
    """One structured CloudEvent as a record; raises ``Undecodable``. Without ``time`` it takes ``arrival_us``."""
    if not isinstance(message, dict):
        raise Undecodable(DeadReason.UNKNOWN_ENVELOPE, f"a CloudEvent is an object; got {shown(message)}")
    for name in _REQUIRED:
        value = message.get(name)
        if value is None:
            raise Undecodable(DeadReason.MISSING_FIELD, f"{name}: field required")
        if not isinstance(value, str) or not value:
            raise Undecodable(DeadReason.INVALID_FIELD, f"{name}: not a text of one or more; got {shown(value)}")
    if not message["specversion"].startswith("1."):
        raise Undecodable(DeadReason.INVALID_FIELD, f"specversion: {shown(message['specversion'])}; allowed: 1.x")
    data = _data(message)
    if segment.is_segment(data) and "batch" not in data:
        return segment.decode(data, naming, arrival_us)
    ours = naming.type(message["type"])
    time = message.get("time")
    context = {name: value for name, value in message.items() if name not in _CORE}
    context |= {"source": message["source"], "source_type": message["type"]}
    anonymous_id = _anonymous(message, data)
    if anonymous_id is not None:
        context["anonymous_id"] = anonymous_id
    session = data.get("session_id")
    return Record(
        event_id=f"{message['source']} {message['id']}",
        type=ours,
        event_time=arrival_us // 1_000 if time is None else parse_time(time, "time"),
        customer_id=_customer(message, data) or anonymous_id,
        session_id=session if isinstance(session, str) else None,
        properties=encode_json(naming.properties(ours, data)),
        context=encode_json(context),
    )


def _data(message: dict[str, Any]) -> dict[str, Any]:
    data = message.get("data")
    encoded = message.get("data_base64")
    if data is None and encoded is not None:
        try:
            data = parse(b64decode(encoded, validate=True))
        except (TypeError, ValueError):
            raise Undecodable(DeadReason.INVALID_FIELD, "data_base64: not base64 of JSON") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise Undecodable(DeadReason.INVALID_FIELD, f"data: expected an object, got {shown(data)}")
    return data


def _anonymous(message: dict[str, Any], data: dict[str, Any]) -> str | None:
    """Who it was before he said who he is; an attribute's name may hold no underscore."""
    for value in (data.get("anonymous_id"), message.get("anonymousid")):
        if isinstance(value, str) and value:
            return value
    return None


def _customer(message: dict[str, Any], data: dict[str, Any]) -> str | None:
    own = data.get("customer_id")
    for value in (own, *(message.get(name) for name in _CUSTOMER_ATTRIBUTES)):
        if value is None:
            continue
        if not isinstance(value, str) or not value:
            raise Undecodable(
                DeadReason.INVALID_FIELD, f"customer id: expected a text of one or more, got {shown(value)}"
            )
        return value
    return None
