"""The message of an action, byte for byte."""

import json

from operators.records import Decision, Evidence
from sinks.kafka.action_message import action_headers, action_key, render_action

TIME_US = 1_767_607_200_120_999


def decision(**changed: object) -> Decision:
    fields: dict[str, object] = {
        "action_id": "a1",
        "match_id": "m1",
        "trigger": "cart_abandoned",
        "version": 3,
        "key": "c1",
        "per": None,
        "recipient": "Zoë",
        "event_time_us": TIME_US,
        "outcome": "action",
        "reason": None,
        "evidence": (Evidence("cart", "e1", "events", 2, 41, TIME_US - 1_800_000_000),),
        "action": "email",
        "channel": "email",
        "template": "abandoned",
        "data": {"total": 18.99},
        "priority": 5,
        "not_before_us": TIME_US,
        "not_after_us": TIME_US + 3_600_000_000,
    }
    return Decision(**{**fields, **changed})  # type: ignore[arg-type]


def test_the_message_says_everything_about_the_action() -> None:
    assert json.loads(render_action(decision(), TIME_US + 1_000_000)) == {
        "action_id": "a1",
        "match_id": "m1",
        "trigger": "cart_abandoned",
        "version": 3,
        "key": "c1",
        "per": None,
        "recipient": "Zoë",
        "action": "email",
        "channel": "email",
        "template": "abandoned",
        "data": {"total": 18.99},
        "event_time": "2026-01-05T10:00:00.120Z",
        "detection_time": "2026-01-05T10:00:01.120Z",
        "not_before": "2026-01-05T10:00:00.120Z",
        "not_after": "2026-01-05T11:00:00.120Z",
        "evidence": [
            {
                "step": "cart",
                "event_id": "e1",
                "topic": "events",
                "partition": 2,
                "offset": 41,
                "event_time": "2026-01-05T09:30:00.120Z",
            }
        ],
        "priority": 5,
    }


def test_the_same_decision_and_time_give_the_same_bytes() -> None:
    assert render_action(decision(), TIME_US) == render_action(decision(), TIME_US)


def test_a_key_of_several_fields_is_a_list() -> None:
    assert json.loads(render_action(decision(key=("c1", "p1")), TIME_US))["key"] == ["c1", "p1"]


def test_the_message_key_is_the_recipient() -> None:
    assert action_key(decision()) == "Zoë".encode()
    assert action_key(decision(recipient=None)) is None


def test_the_headers_carry_the_idempotency_key() -> None:
    assert dict(action_headers(decision())) == {
        "action_id": b"a1",
        "trigger": b"cart_abandoned",
        "content-type": b"application/json",
    }
