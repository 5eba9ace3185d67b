"""The last look at an action before the sinks: what cannot be sent becomes a suppressed one."""

import pytest

from flows.graph import _unless_refused
from operators.reasons import Outcome, SuppressReason
from operators.records import Decision
from operators.tally import Tally

NOW_US = 1_767_607_800_000_000


def action(**changed) -> Decision:
    decision = Decision(
        "id", "match", "t", 1, "c1", None, "c1", NOW_US, Outcome.ACTION.value, None, (), "email", "email", "hello",
        {"text": "short"}, 0, NOW_US,
    )  # fmt: skip
    for name, value in changed.items():
        setattr(decision, name, value)
    return decision


def looked_at(decision: Decision, at_us: int = NOW_US):
    tally = Tally()
    name, found = _unless_refused(lambda: at_us, tally)(("000", decision))
    assert name == "000"
    return (found.outcome, found.reason), tally


def test_what_can_be_sent_is_let_through():
    assert looked_at(action())[0] == (Outcome.ACTION, None)


@pytest.mark.parametrize("letters", [40_000, 400_000])
def test_what_kafka_takes_is_let_through(letters):
    assert looked_at(action(data={"text": "x" * letters}))[0] == (Outcome.ACTION, None)


@pytest.mark.parametrize("text", ["x" * 1_000_000, "\u0001" * 200_000])
def test_what_no_message_can_hold_is_suppressed(text):
    found, tally = looked_at(action(data={"text": text}))
    assert found == (Outcome.SUPPRESSED, SuppressReason.TOO_LARGE)
    assert tally.of(f"{Outcome.SUPPRESSED}/{SuppressReason.TOO_LARGE}", "t") == 1


def test_what_is_too_old_is_suppressed():
    found, _ = looked_at(action(not_after_us=NOW_US), NOW_US + 1)
    assert found == (Outcome.SUPPRESSED, SuppressReason.STALE)


def test_what_was_sent_before_is_not_looked_at():
    sent = action(not_after_us=NOW_US, sent_before=True, data={"text": "x" * 1_000_000})
    assert looked_at(sent, NOW_US + 1)[0] == (Outcome.ACTION, None)
