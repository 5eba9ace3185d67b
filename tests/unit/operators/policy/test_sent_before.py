"""What an earlier run sent is a fact: it counts from where it was sent, once, and is not sent again."""

import random
from itertools import pairwise

import pytest

from operators.policy.facts import Fact
from operators.state import restore, snapshot
from tests.deciding import known, rule
from tests.flow.test_policy_resume import EVENTS, HOME, HOPS
from tests.harness import compiled, event
from tests.moments import since_start
from tests.unit.operators.policy.replayed import Run, rows

ARRIVING = rule("", name="arriving", match="steps: [{event: a}]", rest="actions: [{channel: push, template: x}]")
ONCE = rule("", name="once", match="fires: once\nsteps: [{event: a}]", rest="actions: [{channel: fax, template: x}]")
AFTER = rule(
    "quiet_hours: {from: 10:05, to: 10:45}",
    name="after",
    match="exit: [{event: bought}]\nsteps: [{event: a}]",
    rest="actions: [{channel: web, template: x}, {channel: app, template: y, after: 10m}]",
)
FLOWS = {"one hop": [*HOME, ARRIVING, ONCE, AFTER], "two hops": [*HOPS, ARRIVING, ONCE, AFTER]}


@pytest.fixture(params=FLOWS.values(), ids=FLOWS)
def plan(request):
    return compiled(*request.param)


def straight(plan):
    return Run(plan).learn([]).read(*EVENTS).finish()


def test_whatever_had_been_sent_before_a_crash_without_a_state_all_is_sent_once(plan):
    expected = straight(plan)
    ids = {each.action_id for each in expected.sent}
    assert len(ids) == len(expected.sent) > 10
    rng = random.Random(1)
    for _ in range(60):
        on_topic = [each for each in expected.sent if rng.random() < rng.choice((0.1, 0.5, 0.9))]
        again = Run(plan).learn(on_topic).read(*EVENTS).finish()
        assert sorted(each.action_id for each in [*on_topic, *again.sent]) == sorted(ids)
        assert rows(again.result.told) == rows(expected.result.told)


@pytest.mark.parametrize("overlap", [False, True], ids=["from the epoch on", "from before the epoch"])
def test_resumed_anywhere_with_what_was_sent_since_all_is_sent_once(plan, overlap):
    """The tail may begin before the epoch ended: what the state knows of already counts once."""
    expected = straight(plan)
    for closed in range(len(EVENTS)):
        for died in range(closed, len(EVENTS) + 1):
            before = Run(plan).learn([]).read(*EVENTS[:closed])
            kept = list(before.result.told)
            sent_by_then = before.sent
            on_topic = Run(plan).learn([]).read(*EVENTS[:died]).sent
            resumed = Run(plan).learn([]).read(*EVENTS[:closed]).restart()
            resumed.learn(on_topic if overlap else on_topic[len(sent_by_then) :])
            resumed.read(*EVENTS[closed:]).finish()
            later = resumed.sent[len(sent_by_then) :]
            assert sorted(each.action_id for each in [*on_topic, *later]) == sorted(
                each.action_id for each in expected.sent
            )
            assert rows(kept, resumed.result.told) == rows(expected.result.told)
            assert not any(policy.facts for policy in resumed.policies)


def test_a_second_crash_before_the_facts_are_passed_forgets_none_of_them(plan):
    expected = straight(plan)
    for first, second in pairwise(range(len(EVENTS))):
        run = Run(plan).learn(expected.sent, complete=False).read(*EVENTS[:first]).restart()
        # Of the tail, which is read from where it was, only the rest comes: here there is none.
        run.read(*EVENTS[first:second]).restart().learn([]).read(*EVENTS[second:]).finish()
        assert run.sent == []
        assert rows(run.result.told) == rows(expected.result.told)


def test_nothing_is_decided_before_it_is_known_what_was_sent(plan):
    expected = straight(plan)
    for at in range(len(EVENTS)):
        run = Run(plan).read(*EVENTS[:at])
        assert run.result.told == []
        run.restart().learn([], complete=False)
        assert run.result.told == []
        run.learn([]).read(*EVENTS[at:]).finish()
        assert rows(run.result.told) == rows(expected.result.told)


def test_what_was_held_is_decided_by_the_profile_of_its_own_time():
    plan = compiled(rule("consent: marketing, cooldown: 1m"))

    def consents(when, given):
        return event("identify", when, consent={"marketing": given})

    events = [consents("-1m", True), event("a", "0s"), consents("1m", False), event("a", "2m"), event("x", "1h")]
    assert outcomes(Run(plan).read(*events).learn([]).finish()) == ["0s action", "2m consent"]


CAPPED = rule("caps: [{channel: email, max: 1, per: day}]")


def outcomes(run):
    return [f"{since_start(each.event_time_us)} {each.reason or each.outcome}" for each in run.result.told]


def sent_by(text, *events):
    return Run(compiled(text)).learn([]).read(*events).finish().sent


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("caps: [{channel: email, max: 1, per: day}]", "cap"),
        ("caps: [{channel: email, max: 1, per: 2h}]", "cap"),
        ("cooldown: 2h", "cooldown"),
    ],
)
def test_what_the_replay_does_not_find_again_counts_from_where_it_was_sent(policy, reason):
    text = rule(policy)
    on_topic = sent_by(text, event("a", "1h"))
    # The event that it came of is not there this time: one before it is as free as ever, one after it is not.
    found = Run(compiled(text)).learn(on_topic).read(event("a", "30m"), event("a", "90m"), event("x", "4h")).finish()
    assert outcomes(found) == ["30m action", f"90m {reason}"]
    assert found.result.tally.of("sent_before", "t") + sum(p.tally.of("sent_before", "t") for p in found.policies) > 0


def test_fires_once_holds_for_what_the_replay_does_not_find_again():
    text = rule(match="fires: once\nsteps: [{event: a}]")
    on_topic = sent_by(text, event("a", "1h"))
    assert outcomes(Run(compiled(text)).learn(on_topic).read(event("a", "2h"), event("x", "3h")).finish()) == []


def test_priority_yields_to_what_the_replay_does_not_find_again():
    low = rule("priority: 1, arbitration: 10m", name="low", match="steps: [{event: b}]")
    high = rule("priority: 2", name="high", rest="actions: [{channel: push, template: x}]")
    plan = compiled(low, high)
    on_topic = sent_by(high, event("a", "5m"))
    assert outcomes(Run(plan).learn(on_topic).read(event("b", "1m"), event("x", "1h")).finish()) == ["1m priority"]


def test_nothing_yields_to_what_was_sent_some_time_after_its_match():
    later = "actions: [{channel: push, template: x, after: 20m}]"
    plan = compiled(rule("priority: 1, arbitration: 20m", name="low"), rule("priority: 2", name="high", rest=later))
    events = [event("a", "0s"), event("x", "1h")]
    expected = Run(plan).learn([]).read(*events).finish()
    assert outcomes(expected) == ["0s deferred", "0s action", "0s action"]
    for sent in expected.sent:
        assert outcomes(Run(plan).learn([sent]).read(*events).finish()) == outcomes(expected)


def test_what_was_sent_stays_sent_where_the_policy_says_otherwise_now():
    on_topic = sent_by(rule(), event("a", "1h"))
    refusing = rule("consent: marketing")
    found = Run(compiled(refusing), known()).learn(on_topic).read(event("a", "1h"), event("a", "2h")).finish()
    assert outcomes(found) == ["1h action", "2h consent_unknown"]
    assert found.sent == []


def test_a_full_cap_does_not_take_back_what_was_sent():
    on_topic = sent_by(rule(), event("a", "1h"), event("a", "2h"))
    found = Run(compiled(CAPPED)).learn(on_topic).read(event("a", "1h"), event("a", "2h"), event("a", "3h")).finish()
    assert outcomes(found) == ["1h action", "2h action", "3h cap"]
    assert found.sent == []


WAITING = rule(
    "", match="exit: [{event: bought}]\nsteps: [{event: a}]", rest="actions: [{channel: email, template: x, after: 1h}]"
)


def test_a_deferred_action_that_was_released_is_deferred_again_and_then_told_as_sent():
    on_topic = sent_by(WAITING, event("a", "0s"), event("x", "2h"))
    found = Run(compiled(WAITING)).learn(on_topic).read(event("a", "0s"), event("x", "2h")).finish()
    assert outcomes(found) == ["0s deferred", "0s action"]
    assert found.sent == []
    assert found.result.told[1].not_before_us == on_topic[0].not_before_us


def test_a_deferred_action_that_was_released_is_sent_though_an_exit_comes_earlier_this_time():
    on_topic = sent_by(WAITING, event("a", "0s"), event("x", "2h"))
    found = Run(compiled(WAITING)).learn(on_topic).read(event("a", "0s"), event("bought", "30m"), event("x", "2h"))
    assert outcomes(found.finish()) == ["0s deferred", "0s action"]
    assert found.sent == []


def test_an_action_sent_at_once_that_is_deferred_this_time_counts_from_then_and_is_told_at_its_release():
    on_topic = sent_by(rule(), event("a", "0s"))
    text = rule("quiet_hours: {from: 09:00, to: 12:00}, caps: [{channel: email, max: 1, per: 1d}]")
    found = Run(compiled(text)).learn(on_topic).read(event("a", "0s"), event("a", "1m"), event("x", "5h")).finish()
    assert outcomes(found) == ["0s deferred", "1m cap", "0s action"]
    assert found.sent == []


def test_of_a_match_of_two_actions_of_which_one_was_sent_the_other_is_sent():
    both = "actions: [{channel: email, template: x}, {channel: push, template: y}]"
    text = rule("cooldown: 1h", match="fires: once\nsteps: [{event: a}]", rest=both)
    sent = sent_by(text, event("a", "0s"))
    for on_topic in sent:
        found = Run(compiled(text)).learn([on_topic]).read(event("a", "0s"), event("x", "1m")).finish()
        assert {each.action_id for each in found.sent} == {each.action_id for each in sent} - {on_topic.action_id}


def test_facts_are_let_go_when_deciding_has_passed_them():
    text = rule()
    on_topic = sent_by(text, *[event("a", f"{n}m", id=str(n), customer=f"c{n}") for n in range(50)])
    run = Run(compiled(text)).learn(on_topic)
    assert sum(len(policy.facts) for policy in run.policies) == 50
    run.read(event("x", "25m"), event("x", "26m"))
    assert sum(len(policy.facts) for policy in run.policies) == 24
    assert not any(policy.facts for policy in run.read(event("x", "1h")).policies)


def test_of_a_trigger_that_is_gone_the_channel_still_counts():
    on_topic = sent_by(rule(name="gone"), event("a", "1h"))
    found = Run(compiled(CAPPED)).learn(on_topic).read(event("a", "2h")).finish()
    assert outcomes(found) == ["2h cap"]


def test_facts_and_what_waits_for_them_are_in_the_snapshot():
    plan = compiled(rule(), ARRIVING)
    on_topic = sent_by(rule(), event("a", "1h"))
    run = Run(plan).learn(on_topic, complete=False).read(event("a", "2h"))
    stored = {name: snapshot(group) for name, group in run.groups.items()}
    other = Run(plan)
    for name, group in other.groups.items():
        restore(group, stored[name])
        assert snapshot(group) == stored[name]
    assert [fact for policy in other.policies for fact in policy.facts.values()] == [Fact.of(on_topic[0])]
    assert [match.trigger for policy in other.policies for match in policy.arrived] == ["arriving", "t"]
