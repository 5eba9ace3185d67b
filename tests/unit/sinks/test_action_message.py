"""The message of an action, byte for byte."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from operators.records import Decision, Evidence
from sinks.kafka.action_message import action_headers, action_key, application_of, read_action, render_action

TIME_US = 1_767_607_200_120_000


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
    assert dict(action_headers(decision(), "shop")) == {
        "action_id": b"a1",
        "trigger": b"cart_abandoned",
        "content-type": b"application/json",
        "application": b"shop",
    }


def test_times_have_microseconds_where_an_event_had_them() -> None:
    message = json.loads(render_action(decision(event_time_us=TIME_US + 1), TIME_US + 1))
    assert message["event_time"] == "2026-01-05T10:00:00.120001Z"
    assert message["detection_time"] == "2026-01-05T10:00:00.120Z"


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"key": ("c1", "p1"), "per": "x", "not_after_us": None},
        {"event_time_us": TIME_US + 1, "not_before_us": TIME_US + 999},
        {"data": {"nested": [1, None, {"deep": "ü"}]}},
    ],
)
def test_what_is_read_back_is_the_decision_that_was_sent(changed: dict[str, Any]) -> None:
    sent = decision(**changed)
    assert read_action(render_action(sent, TIME_US)) == replace(sent, sent_before=True)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff\xff",
        b"[" * 100_000,
        render_action(decision(recipient=None), TIME_US),
        json.dumps(json.loads(render_action(decision(), TIME_US)) | {"evidence": []}).encode(),
        json.dumps(json.loads(render_action(decision(), TIME_US)) | {"event_time": "2026-01-05T10:00:00"}).encode(),
        json.dumps(json.loads(render_action(decision(), TIME_US)) | {"version": "3"}).encode(),
    ],
)
def test_what_is_no_action_of_ours_is_nothing(value: bytes | None) -> None:
    assert read_action(value) is None


def test_a_message_says_which_job_sent_it() -> None:
    assert application_of(action_headers(decision(), "shop")) == "shop"
    assert application_of([("trigger", b"t"), ("application", None)]) is None
    assert application_of(None) is None
