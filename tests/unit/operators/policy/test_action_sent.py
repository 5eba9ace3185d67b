"""What was sent comes back as ``action_sent``: other triggers hear of it, the one that sent it does not."""

import json

import pytest

from config.errors import ConfigError
from operators.decode import Decoder, Messages
from operators.reasons import DeadReason
from sinks.kafka.action_message import render_action
from tests.deciding import rule
from tests.harness import compiled, event, run, trigger
from tests.moments import START_US


def back(decision, **changed):
    """The event that an action comes back as."""
    value = json.loads(render_action(decision, START_US)) | changed
    decoded = Decoder("actions").decode(Messages(("actions", 0), [json.dumps(value).encode()], [0], [0]))
    (record,) = decoded.records
    return {
        "event_id": record.event_id,
        "type": record.type,
        "event_time": decoded.event_times_us[0] // 1_000,
        "customer_id": record.customer_id,
        "properties": json.loads(bytes(record.properties)),
        "context": json.loads(bytes(record.context)),
    }


FIRST = rule("cooldown: 1ms", name="first", rest="actions: [{channel: email, template: hello, data: {n: 1}}]")


def test_it_is_an_event_of_the_recipient_at_the_time_it_was_due():
    (sent,) = run(FIRST, [event("a", "0s")]).decisions
    assert back(sent) == {
        "event_id": sent.action_id,
        "type": "action_sent",
        "event_time": START_US // 1_000,
        "customer_id": "c1",
        "properties": {
            "trigger": "first", "version": 1, "action": "email", "template": "hello", "channel": "email",
            "action_id": sent.action_id, "match_id": sent.match_id, "data": {"n": 1},
        },
        "context": {"kind": "system"},
    }  # fmt: skip


def test_of_a_deferred_action_that_is_its_release():
    text = rule(rest="actions: [{channel: email, template: hello, after: 1h}]")
    _, sent = run(text, [event("a", "0s")], at_end="flush").decisions
    assert back(sent)["event_time"] == START_US // 1_000 + 3_600_000


def test_another_trigger_goes_on_from_it():
    follow_up = trigger(
        "steps: [{event: action_sent, where: {properties.template: {eq: hello}}}, {absent: b, within: 1d}]",
        name="second",
    )
    (sent,) = run(FIRST, [event("a", "0s")]).decisions
    found = run([FIRST, follow_up], [event("a", "0s"), back(sent)], at_end="flush")
    assert [(each.trigger, each.event_time_us - START_US) for each in found.decisions] == [
        ("first", 0), ("second", 86_400_000_000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "match",
    [
        "steps: [{event: action_sent}]",
        'steps: [{event: "*"}]',
        "steps: [{event: action_sent}, {wait: 1m}]",
        "key: [customer_id, properties.template]\nsteps: [{event: action_sent}]",
        "key: properties.template\nsteps: [{event: action_sent}]",
        "key: properties.template\nsteps: [{event: action_sent}, {wait: 1m}]",
    ],
)
def test_a_trigger_does_not_hear_of_its_own(match):
    (sent,) = run(FIRST, [event("a", "0s")]).decisions
    own, others = back(sent, trigger="listens"), back(sent, trigger="other", action_id="o")
    found = run(trigger(match, name="listens"), [own, others, event("x", "1h")])
    assert [each.evidence[0].event_id for each in found.decisions] == (["o", "x@1h"] if '"*"' in match else ["o"])


def test_one_that_asks_for_its_own_is_refused_with_its_line():
    text = trigger(
        "steps:\n  - {event: a}\n  - {absent: action_sent, within: 1d, where: {properties.trigger: {eq: t}}}"
    )
    with pytest.raises(ConfigError) as refused:
        compiled(text)
    assert str(refused.value) == (
        'trigger0.yaml:6: match.steps[1].where.properties.trigger.eq: "t" is this trigger itself, which never hears of '
        "its own; allowed: another trigger"
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", DeadReason.MALFORMED_JSON),
        (b"[]", DeadReason.UNKNOWN_ENVELOPE),
        (b"{}", DeadReason.MISSING_FIELD),
        (b'{"action_id": 5}', DeadReason.INVALID_FIELD),
        (
            b'{"action_id":"1","recipient":"c","trigger":"t","action":"a","template":"x","channel":"e","not_before":"x"}',
            DeadReason.INVALID_EVENT_TIME,
        ),
        (b"", DeadReason.EMPTY_MESSAGE),
    ],
)
def test_what_is_no_action_is_a_dead_letter(value, reason):
    decoded = Decoder("actions").decode(Messages(("actions", 0), [value], [0], [0]))
    assert [each.reason for each in decoded.dead] == [reason]
