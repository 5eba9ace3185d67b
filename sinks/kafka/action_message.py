"""An action as the message that whoever delivers it reads, and read back by the next run of the job.

Pure: the same decision and time, the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from operators.reasons import Outcome
from operators.records import Decision, Evidence, Headers
from operators.render import iso, iso_ms
from sinks.json_bytes import json_bytes

APPLICATION: Final = "application"
"""The header that says which job sent it: several may write to one topic."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_FEW_EVENTS: Final = 20
_LITTLE_DATA: Final = 50_000
LONGEST_ACTION: Final = 900_000
"""Bytes of a message; Kafka takes 1 MB where nobody says otherwise, headers and key included."""


def is_too_large(decision: Decision) -> bool:
    """Whether Kafka would refuse the action, now and whenever it is tried again."""
    # A letter takes six bytes at most, and an id 1,024 letters: most are known to be small without being written.
    if len(decision.evidence) <= _FEW_EVENTS and len(repr(decision.data)) < _LITTLE_DATA:
        return False
    return len(render_action(decision, decision.event_time_us)) > LONGEST_ACTION


def render_action(decision: Decision, detection_time_us: int) -> bytes:
    """The JSON of an action. ``detection_time_us`` is the system time at which it is produced.

    Whoever delivers it does so from ``not_before`` on and not after ``not_after`` (null: at any time).
    ``key`` is a text, or a list where a match correlates by several fields. Times are ISO 8601, UTC, in milliseconds,
    or microseconds where an event had them.
    """
    return json_bytes(
        {
            "action_id": decision.action_id,
            "match_id": decision.match_id,
            "trigger": decision.trigger,
            "version": decision.version,
            "key": decision.key,
            "per": decision.per,
            "recipient": decision.recipient,
            "action": decision.action,
            "channel": decision.channel,
            "template": decision.template,
            "data": decision.data,
            "event_time": iso(decision.event_time_us),
            "detection_time": iso_ms(detection_time_us),
            "not_before": iso(decision.not_before_us),
            "not_after": None if decision.not_after_us is None else iso(decision.not_after_us),
            "evidence": [
                {
                    "step": event.step,
                    "event_id": event.event_id,
                    "topic": event.topic,
                    "partition": event.partition,
                    "offset": event.offset,
                    "event_time": iso(event.event_time_us),
                }
                for event in decision.evidence
            ],
            "priority": decision.priority,
        }
    )


def action_headers(decision: Decision, application: str) -> Headers:
    """``action_id`` is the idempotency key: it is the same however often the message is made."""
    return [
        ("action_id", decision.action_id.encode()),
        ("trigger", decision.trigger.encode()),
        ("content-type", b"application/json"),
        (APPLICATION, application.encode()),
    ]


def action_key(decision: Decision) -> bytes | None:
    """The recipient, so that one recipient's actions keep their order; none for an action to nobody."""
    return None if decision.recipient is None else decision.recipient.encode("utf-8", "replace")


def application_of(headers: Iterable[tuple[str, Any]] | None) -> str | None:
    """Which job sent a message, by its headers; None where they do not say."""
    for name, value in headers or ():
        if name == APPLICATION and isinstance(value, bytes):
            return value.decode(errors="replace")
    return None


class _Event(msgspec.Struct):
    step: str
    event_id: str
    topic: str
    partition: int
    offset: int
    event_time: datetime


class _Message(msgspec.Struct):
    action_id: str
    match_id: str
    trigger: str
    version: int
    key: str | list[str]
    per: str | None
    recipient: str
    action: str
    channel: str
    template: str
    data: dict[str, Any]
    event_time: datetime
    not_before: datetime
    not_after: datetime | None
    evidence: list[_Event]
    priority: int


_decoder: Final = msgspec.json.Decoder(_Message)


def read_action(value: bytes | None) -> Decision | None:
    """The decision that ``render_action`` wrote, as one that was sent; None where it wrote no such thing."""
    try:
        message = _decoder.decode(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    times = [message.event_time, message.not_before, *(event.event_time for event in message.evidence)]
    if not message.evidence or any(time.tzinfo is None for time in times):
        return None
    return Decision(
        action_id=message.action_id,
        match_id=message.match_id,
        trigger=message.trigger,
        version=message.version,
        key=message.key if isinstance(message.key, str) else tuple(message.key),
        per=message.per,
        recipient=message.recipient,
        event_time_us=_us(message.event_time),
        outcome=Outcome.ACTION.value,
        reason=None,
        evidence=tuple(
            Evidence(event.step, event.event_id, event.topic, event.partition, event.offset, _us(event.event_time))
            for event in message.evidence
        ),
        action=message.action,
        channel=message.channel,
        template=message.template,
        data=message.data,
        priority=message.priority,
        not_before_us=_us(message.not_before),
        not_after_us=None if message.not_after is None else _us(message.not_after),
        sent_before=True,
    )


def _us(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)
