"""An action as the message that whoever delivers it reads. Pure: the same decision and time, the same bytes."""

from __future__ import annotations

from typing import Any, Final

from operators.records import Decision
from operators.render import iso_ms
from sinks.json_bytes import json_bytes
from sinks.kafka.producer import Headers

LONGEST_ACTION: Final = 900_000
"""Bytes of a message; Kafka takes 1 MB where nobody says otherwise, headers and key included."""


def is_too_large(decision: Decision) -> bool:
    """Whether Kafka would refuse the action, now and whenever it is tried again."""
    return len(render_action(decision, decision.event_time_us)) > LONGEST_ACTION


def render_action(decision: Decision, detection_time_us: int) -> bytes:
    """The JSON of an action. ``detection_time_us`` is the system time at which it is produced.

    Whoever delivers it does so from ``not_before`` on and not after ``not_after`` (null: at any time).
    ``key`` is a text, or a list where a match correlates by several fields. Times are ISO 8601, UTC, milliseconds.
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
            "event_time": iso_ms(decision.event_time_us),
            "detection_time": iso_ms(detection_time_us),
            "not_before": iso_ms(decision.not_before_us),
            "not_after": None if decision.not_after_us is None else iso_ms(decision.not_after_us),
            "evidence": _evidence(decision),
            "priority": decision.priority,
        }
    )


def _evidence(decision: Decision) -> list[dict[str, Any]]:
    return [
        {
            "step": event.step,
            "event_id": event.event_id,
            "topic": event.topic,
            "partition": event.partition,
            "offset": event.offset,
            "event_time": iso_ms(event.event_time_us),
        }
        for event in decision.evidence
    ]


def action_headers(decision: Decision) -> Headers:
    """``action_id`` is the idempotency key: it is the same however often the message is made."""
    return [
        ("action_id", decision.action_id.encode()),
        ("trigger", decision.trigger.encode()),
        ("content-type", b"application/json"),
    ]


def action_key(decision: Decision) -> bytes | None:
    """The recipient, so that one recipient's actions keep their order; none for an action to nobody."""
    return None if decision.recipient is None else decision.recipient.encode("utf-8", "replace")
