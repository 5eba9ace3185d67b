"""The Segment spec: ``track``, ``identify``, ``page``, ``screen`` (and ``group``, ``alias``), alone or as a batch.

RudderStack sends the same shape. Types and properties are mapped to one vocabulary (``config/vocabulary``).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from operators.decode.canonical import encode_json
from operators.decode.json_text import shown
from operators.decode.messages import Undecodable
from operators.decode.naming import Naming
from operators.decode.times import parse_time
from operators.reasons import DeadReason
from operators.records import Record

VERBS = frozenset({"track", "identify", "page", "screen", "group", "alias"})
_TYPES = {"page": "page_view", "screen": "screen_view"}
_BATCH_DEFAULTS = ("context", "integrations", "sentAt", "receivedAt")


class SegmentEvent(BaseModel):
    """The fields of a Segment message that are read; any other survives in ``context``."""

    model_config = ConfigDict(extra="allow", strict=True)

    type: str
    messageId: Annotated[str, Field(min_length=1, max_length=100)]
    event: Annotated[str, Field(min_length=1)] | None = None
    name: str | None = None
    userId: str | None = None
    anonymousId: str | None = None
    previousId: str | None = None
    timestamp: str | None = None
    originalTimestamp: str | None = None
    receivedAt: str | None = None
    sentAt: str | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None


def is_segment(message: dict[str, Any]) -> bool:
    """Whether a message has the shape of a Segment event or batch."""
    if isinstance(message.get("batch"), list):
        return True
    verb = message.get("type")
    return isinstance(verb, str) and verb in VERBS and bool(message.get("userId") or message.get("anonymousId"))


def split(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a message: those of its ``batch``, each with the batch's defaults, or itself."""
    batch = message.get("batch")
    if not isinstance(batch, list):
        return [message]
    defaults = {name: message[name] for name in _BATCH_DEFAULTS if name in message}
    return [{**defaults, **event} if isinstance(event, dict) else event for event in batch]


def decode(message: dict[str, Any], naming: Naming, arrival_us: int) -> Record:
    """One Segment event as a record; raises ``Undecodable``. Without any time of its own it takes ``arrival_us``."""
    if not isinstance(message, dict):
        raise Undecodable(DeadReason.UNKNOWN_ENVELOPE, f"a Segment event is an object; got {shown(message)}")
    try:
        event = SegmentEvent.model_validate(message)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise Undecodable(DeadReason.MISSING_FIELD, f"{path}: field required") from None
        raise Undecodable(
            DeadReason.INVALID_FIELD, f"{path}: {first['msg'].lower()}; got {shown(first['input'])}"
        ) from None
    if event.type not in VERBS:
        raise Undecodable(
            DeadReason.INVALID_FIELD, f"type: {shown(event.type)} is no Segment call; allowed: {sorted(VERBS)}"
        )
    if event.type == "track" and event.event is None:
        raise Undecodable(DeadReason.MISSING_FIELD, "event: field required by track")
    return _record(event, naming, arrival_us)


def _record(event: SegmentEvent, naming: Naming, arrival_us: int) -> Record:
    customer_id = event.userId or event.anonymousId
    if not customer_id:
        raise Undecodable(DeadReason.MISSING_CUSTOMER, "userId or anonymousId is required")
    source_type = event.event if event.type == "track" else event.type
    assert source_type is not None
    ours = naming.type(source_type) if event.type == "track" else _TYPES.get(event.type, event.type)
    properties = dict(event.traits or {}) if event.type in ("identify", "group") else {}
    properties.update(event.properties or {})
    if event.name is not None:
        properties.setdefault("name", event.name)
    if event.previousId is not None:
        properties["previous_id"] = event.previousId
    context = {**(event.context or {}), **(event.model_extra or {}), "source_type": source_type}
    if event.anonymousId:
        context["anonymous_id"] = event.anonymousId
    if event.userId:
        context["user_id"] = event.userId
    for field in ("timestamp", "originalTimestamp", "receivedAt"):
        text = getattr(event, field)
        if text is not None:
            time: Any = parse_time(text, field)
            break
    else:
        time = arrival_us // 1_000
    session = context.get("sessionId")
    return Record(
        event_id=event.messageId,
        type=ours,
        event_time=time,
        customer_id=customer_id,
        session_id=str(session) if isinstance(session, str | int) else None,
        properties=encode_json(naming.properties(ours, properties)),
        context=encode_json(context),
    )
