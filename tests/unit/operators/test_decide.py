"""From matches to decisions: their order, who receives them, what they carry, and ids that stay the same."""

import pytest

from operators.identity import identity
from operators.reasons import Outcome, SuppressReason
from tests.harness import event, run, trigger

ONE = "steps: [{event: a, as: a}, {event: b, as: b}]"


def actions(*written, policy=""):
    return f"{policy}\nactions: [{', '.join(written)}]"


def test_decisions_of_one_key_group_stand_by_time_then_priority_then_trigger_then_key():
    texts = [
        trigger("steps: [{event: a}]", name="low"),
        trigger("steps: [{event: a}]", name="high", rest="policy: {priority: 9}"),
        trigger("steps: [{event: a}]", name="also_low"),
    ]
    events = [event("a", "1m", customer="c2"), event("a", "1m"), event("a", "0s")]
    found = run(texts, events, key_groups=1, max_out_of_orderness="5m")
    assert [(each.trigger, each.key) for each in found.told] == [
        ("also_low", "c1"), ("low", "c1"),  # on arrival, the others once the watermark has passed
        ("also_low", "c1"), ("also_low", "c2"), ("low", "c1"), ("low", "c2"),
        ("high", "c1"), ("high", "c1"), ("high", "c2"),
    ]  # fmt: skip


def test_the_recipient_is_the_customer_of_the_first_event_unless_the_policy_says_otherwise():
    events = [event("a", "0s", friend="c9"), event("b", "1m", friend="c8")]
    by_default = run(trigger(ONE), events)
    of_first = run(trigger(ONE, rest="policy: {recipient: properties.friend}"), events)
    of_named = run(trigger(ONE, rest="policy: {recipient: $b.properties.friend}"), events)
    assert [each.decisions[0].recipient for each in (by_default, of_first, of_named)] == ["c1", "c9", "c8"]


@pytest.mark.parametrize("friend", [{}, {"friend": None}, {"friend": ""}, {"friend": 1.5}, {"friend": ["c9"]}])
def test_without_a_recipient_the_action_is_suppressed_and_says_why(friend):
    text = trigger(ONE, rest="policy: {recipient: properties.friend}")
    found = run(text, [event("a", "0s", **friend), event("b", "1m")])
    (decision,) = found.decisions
    assert (decision.outcome, decision.reason) == (Outcome.SUPPRESSED, SuppressReason.RECIPIENT_UNRESOLVED)
    assert found.tally.of("suppressed/recipient_unresolved", "t") == 1
    assert found.tally.of(Outcome.ACTION.value, "t") == 0


def test_a_sent_action_has_no_reason():
    (decision,) = run(trigger(ONE), [event("a", "0s"), event("b", "1m")]).decisions
    assert (decision.outcome, decision.reason) == (Outcome.ACTION, None)


def test_a_partial_match_that_timed_out_is_expired_and_carries_what_it_had():
    text = trigger("steps: [{event: a, as: a}, {event: b, within: 1m}]")
    (decision,) = run(text, [event("a", "0s"), event("x", "1m")]).decisions
    assert (decision.outcome, decision.action, decision.channel, decision.data) == (Outcome.EXPIRED, "", "", {})
    assert [(row.step, row.event_id) for row in decision.evidence] == [("a", "a@0s")]


def test_data_is_literals_references_lists_and_mappings():
    data = "{n: 5, t: text, none: null, ref: $a.properties.x, half: $a.properties.x * 0.5, list: [1, $b.type], "
    data += "deep: {who: $a.customer_id}, whole: $a.properties.obj, missing: $a.properties.nothing, dollar: $$5}"
    text = trigger(ONE, rest=actions("{channel: email, template: x, data: " + data + "}"))
    found = run(text, [event("a", "0s", x=10, obj={"k": [1]}), event("b", "1m")])
    assert found.data == [
        {
            "n": 5, "t": "text", "none": None, "ref": 10, "half": 5.0, "list": [1, "b"], "deep": {"who": "c1"},
            "whole": {"k": [1]}, "missing": None, "dollar": "$5",
        }
    ]  # fmt: skip


def test_ids_are_made_of_what_was_found_and_of_nothing_else():
    (decision,) = run(trigger(ONE), [event("a", "0s"), event("b", "1m")]).decisions
    assert decision.match_id == identity(["t", "1", "1", "c1", "", "matched", "a", "a@0s", "b", "b@1m"])
    assert decision.action_id == identity([decision.match_id, "email"])


def test_ids_are_the_same_in_every_release():
    assert identity(["t", "1"]) == "c39d0a2549a1647bfbb6acb6bc2bb5dd"


@pytest.mark.parametrize(("a", "b"), [(["ab", "c"], ["a", "bc"]), (["a"], ["a", ""]), ([], [""]), (["1:a"], ["a"])])
def test_no_two_lists_of_parts_have_one_id(a, b):
    assert identity(a) != identity(b)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("version: 1", "version: 2"),
        lambda text: text.replace("trigger: t", "trigger: u"),
        lambda text: text.replace("as: a", "as: z"),
    ],
)
def test_another_trigger_version_or_step_gives_another_match_id(change):
    events = [event("a", "0s"), event("b", "1m")]
    (one,) = run(trigger(ONE), events).decisions
    (other,) = run(change(trigger(ONE)), events).decisions
    assert one.match_id != other.match_id


def test_two_actions_are_told_in_the_order_written():
    text = trigger(ONE, rest=actions("{channel: push, template: x}", "{channel: email, template: y, name: second}"))
    found = run(text, [event("a", "0s"), event("b", "1m")])
    assert [(each.action, each.channel) for each in found.told] == [("push", "push"), ("second", "email")]
