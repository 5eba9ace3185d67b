"""Actions of their own time (``after``), and events that end what waits: an ``exit``, an ``unless``."""

import pytest

from operators.automaton import Exited
from operators.clock import PartitionClock
from operators.decode import Decoder
from operators.policy.values import Ended
from operators.reasons import Outcome, SuppressReason
from tests.deciding import outcomes, rule
from tests.harness import Graph, Log, compiled, event, run
from tests.moments import START_US, us

LATER = "{channel: email, template: x, after: 1h}"
TWO = f"actions: [{LATER}, {{channel: push, template: y, after: 2h}}]"
ONE = f"actions: [{LATER}]"


def waiting(text, *events):
    """One key group that has read these, and what it decided."""
    graph = Graph(compiled(text), 1, 0, None)
    log = Log(("events", 0), PartitionClock(0), list(events))
    graph.feed(log, (log.origin,), Decoder(), 100)
    (group,) = graph.groups.values()
    return group, graph.result


@pytest.mark.parametrize(("reached", "rows"), [("1h", 1), ("1h+1ms", 2)])
def test_it_waits_until_the_watermark_has_passed_its_time(reached, rows):
    _, result = waiting(rule(rest=ONE), event("a", "0s"), event("x", reached))
    assert len(result.told) == rows
    assert [each.outcome for each in result.told] == [Outcome.DEFERRED, Outcome.ACTION][:rows]
    assert result.told[0].not_before_us == START_US + us("1h")


def test_actions_of_one_match_have_times_of_their_own():
    rest = f"actions: [{{channel: sms, template: x}}, {LATER}, {{channel: push, template: y, after: 2h}}]"
    found = run(rule(rest=rest), [event("a", "0s")], at_end="flush")
    times = [(each.channel, each.outcome, (each.not_before_us - START_US) // 3_600_000_000) for each in found.told]
    assert times == [
        ("sms", "action", 0), ("email", "deferred", 1), ("push", "deferred", 2),
        ("email", "action", 1), ("push", "action", 2),
    ]  # fmt: skip


def test_caps_and_quiet_hours_are_asked_at_its_own_time():
    policy = "caps: [{channel: email, max: 1, per: 30m}], quiet_hours: {from: 10:50, to: 12:00, then: drop}"
    assert outcomes(run(rule(policy, rest=ONE), [event("a", "0s")], at_end="flush")) == [
        "0s deferred",
        "0s quiet_hours",
    ]
    found = run(rule("caps: [{channel: email, max: 1, per: 30m}]", rest=ONE), [event("a", "0s"), event("a", "5m")],
                at_end="flush")  # fmt: skip
    assert outcomes(found) == ["0s deferred", "0s action", "5m deferred", "5m cap"]


def test_in_quiet_hours_that_defer_it_waits_on_without_another_row():
    text = rule("quiet_hours: {from: 10:50, to: 12:00}", rest=ONE)
    first, second = run(text, [event("a", "0s")], at_end="flush").decisions
    assert (first.outcome, second.outcome) == (Outcome.DEFERRED, Outcome.ACTION)
    assert first.not_before_us == START_US + us("1h")
    assert START_US + us("2h") <= second.not_before_us < START_US + us("2h15m")


@pytest.mark.parametrize(("time", "what"), [("1h-1ms", SuppressReason.EXITED), ("1h", "action"), ("1h+1ms", "action")])
def test_an_event_before_the_release_ends_it(time, what):
    group, result = waiting(rule(rest=ONE), event("a", "0s"), event("x", "1s"))
    ended = Ended(result.told[0].match_id, None, START_US + us(time))
    (decision,) = group.policy.receive([ended], START_US + us("1d"))
    assert (decision.reason or decision.outcome) == what
    assert decision.action_id == result.told[0].action_id


def test_an_unless_ends_one_action_and_an_exit_all():
    for action, expected in (
        ("push", {"email": None, "push": "exited"}),
        (None, {"email": "exited", "push": "exited"}),
    ):
        group, result = waiting(rule(rest=TWO), event("a", "0s"), event("x", "1s"))
        ended = Ended(result.told[0].match_id, action, START_US + us("30m"))
        told = group.policy.receive([ended], START_US + us("1d"))
        assert {each.channel: each.reason for each in told} == expected


def test_what_detection_says_of_an_exit_reaches_the_policy_in_order():
    group, result = waiting(rule(rest=ONE), event("a", "0s"), event("x", "1s"))
    match_id = result.told[0].match_id
    group.automata[0]._found(Exited(group.plan.programs[0], "c1", None, match_id, None, START_US + us("30m")))
    graph_log = Log(("events", 0), PartitionClock(0), [event("x", "2h")], offset=9)
    graph = Graph(group.plan, 1, 0, None)
    graph.groups = dict.fromkeys(graph.groups, group)
    graph.feed(graph_log, (graph_log.origin,), Decoder(), 100)
    assert [(each.action_id, each.reason) for each in graph.result.told] == [(result.told[0].action_id, "exited")]


def test_it_ends_what_is_not_decided_yet_too():
    text = rule("arbitration: 1h", rest=TWO.replace(", after: 1h", ""))
    group, _ = waiting(text, event("a", "0s"), event("x", "1s"))
    (held,) = group.policy.waiting.all_held()
    told = group.policy.receive([Ended(held.match.match_id, "email", START_US + us("30m"))], START_US + us("1d"))
    assert [(each.channel, each.reason or each.outcome) for each in told] == [
        ("email", "exited"), ("push", "deferred"), ("push", "action"),
    ]  # fmt: skip


def test_what_nobody_waits_for_ends_nothing_and_leaves_nothing():
    group, _ = waiting(rule(rest=ONE), event("a", "0s"), event("x", "1s"))
    assert group.policy.receive([Ended("unknown", None, START_US)], START_US + us("1m")) == []
    assert list(group.policy.waiting.ends()) == []


def test_what_it_carries_of_the_profile_is_asked_at_release():
    rest = "actions: [{channel: email, template: x, after: 1h, data: {to: $customer.email}}]"

    def profiles(customer_id, time_us):
        return {"email": "old" if time_us < START_US + us("1h") else "new"}

    assert run(rule(rest=rest), [event("a", "0s")], at_end="flush", profiles=profiles).data == [
        {"to": "old"},
        {"to": "new"},
    ]


def test_a_later_match_keeps_its_cooldown_where_an_earlier_one_comes_to_nothing():
    def profiles(customer_id, time_us):
        return {"consent": {"marketing": time_us != START_US + us("1h")}}

    text = rule("consent: marketing, cooldown: 10m", rest=ONE)
    found = run(text, [event("a", "0s"), event("a", "55m"), event("a", "61m"), event("x", "9h")], profiles=profiles)
    assert outcomes(found) == ["0s deferred", "0s consent", "55m deferred", "55m action", "61m cooldown"]
