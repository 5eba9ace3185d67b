"""The order of reasons, and the order of deciding: the same whatever the order of arrival."""

import random

import pytest

from operators.clock import PartitionClock
from operators.decode import Decoder
from operators.reasons import SuppressReason
from tests.deciding import known, outcomes, rule
from tests.harness import Graph, Log, compiled, event, run

ORDER = [
    SuppressReason.STALE,
    SuppressReason.CONSENT,
    SuppressReason.WHERE,
    SuppressReason.HOLDOUT,
    SuppressReason.COOLDOWN,
    SuppressReason.CAP,
    SuppressReason.QUIET_HOURS,
    SuppressReason.PRIORITY,
]
WORDS = {
    SuppressReason.STALE: "max_age: 1h",
    SuppressReason.CONSENT: "consent: marketing",
    SuppressReason.WHERE: "where: {properties.n: {eq: 1}}",
    SuppressReason.HOLDOUT: "holdout: 100%",
    SuppressReason.COOLDOWN: "cooldown: 3d",
    SuppressReason.CAP: "caps: [{channel: email, max: 1, per: 3d}]",
    SuppressReason.QUIET_HOURS: "quiet_hours: {from: 12:00, to: 13:30, then: drop}",
    SuppressReason.PRIORITY: "priority: -1",
}
REFUSED = {"consent": {"marketing": False}}


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_of_all_that_hold_an_action_back_the_first_is_its_reason(first):
    """Everything from ``first`` on holds; the reason is ``first``."""
    holding = ORDER[first:]
    words = [word for reason, word in WORDS.items() if reason in holding]
    texts = [
        rule(", ".join(words)),
        # What makes the cooldown run and the cap full: the same trigger, yesterday, when nothing held it back.
        rule("priority: 5", name="better", match="steps: [{event: b}]"),
    ]

    def profiles(customer_id, time_us):
        return {"consent": {"marketing": time_us < 1_767_610_000_000_000}}

    earlier = [] if SuppressReason.HOLDOUT in holding else [event("a", "0s", id="earlier", n=1)]
    late = [event("x", "3h")] if SuppressReason.STALE in holding else []
    # 13:00 is quiet; of the late one, its partition's watermark is what the clock shows.
    events = [
        *earlier,
        *late,
        event("a", "3h" if not late else "90m", id="it"),
        event("b", "3h"),
        event("x", "9h", id="y"),
    ]
    found = run(texts, events, profiles=profiles)
    (decision,) = [each for each in found.decisions if each.trigger == "t" and each.evidence[0].event_id == "it"]
    assert decision.reason == holding[0]


def test_a_match_at_the_watermark_is_held_until_it_is_passed():
    text = rule(match="steps: [{event: a}, {absent: b, within: 30m}]")
    found = run(text, [event("a", "0s"), event("x", "30m")], at_end="hold")
    assert outcomes(found) == ["30m action"]  # at the end of a bounded input nothing more can stand there
    log = Log(("events", 0), PartitionClock(0), [event("a", "0s"), event("x", "30m")])
    graph = Graph(compiled(text), 1, 0, None)
    graph.feed(log, (log.origin,), Decoder(), 100)
    (group,) = graph.groups.values()
    assert (group.tally.of("matches", "t"), graph.result.told) == (1, [])
    log.items = [event("x", "30m+1ms")]
    graph.feed(log, (log.origin,), Decoder(), 100)
    assert [each.outcome for each in graph.result.told] == ["action"]


def test_the_order_is_time_then_priority_then_trigger_then_key_then_action():
    key = "key: [customer_id, properties.p]\nsteps: [{event: a}]"
    actions = "actions: [{channel: push, template: x}, {channel: email, template: y}]"
    texts = [
        rule("cooldown: 1ms, priority: 0", name="b", match=key, rest=actions),
        rule("cooldown: 1ms, priority: 0", name="a", match=key, rest=actions),
        rule("where: {type: {eq: nothing}}, priority: 5", name="c", match=key, rest=actions),
    ]
    events = [event("a", "1m", p="p2"), event("a", "1m", p="p1", id="other"), event("a", "0s", p="p9")]
    told = run(texts, events, max_out_of_orderness="5m").told
    assert [(each.trigger, each.key[1], each.channel) for each in told] == [
        (trigger, key, channel)
        for keys in (["p9"], ["p1", "p2"])
        for trigger in "cab"
        for key in keys
        for channel in ("push", "email")
    ]


def test_no_order_of_arrival_within_the_bound_changes_a_decision():
    texts = [
        rule("caps: [{channel: email, max: 2, per: 1h}], cooldown: 10m, priority: 3", name="one"),
        rule("caps: [{channel: email, max: 3, per: day}], arbitration: 2m", name="two", match="steps: [{event: b}]"),
        rule("consent: marketing", name="arrives", match="steps: [{event: c}]"),
        rule("priority: 1", name="sum", match="steps: [{event: a}, {event: b, within: 20m}]"),
    ]
    chance = random.Random(5)
    events = [
        event(chance.choice("abc"), f"{chance.randrange(240)}m", id=str(n), customer=chance.choice(["c1", "c2"]))
        for n in range(150)
    ]
    events = list({(each["event_time"], each["customer_id"]): each for each in events}.values())
    profiles = known(c1={"consent": {"marketing": True}}, c2=REFUSED)
    expected = run(texts, sorted(events, key=lambda each: each["event_time"]), profiles=profiles,
                   max_out_of_orderness="5h").answers()  # fmt: skip
    assert {each[8] for each in expected} >= {None, "cap", "cooldown", "priority", "consent"}
    for _ in range(10):
        chance.shuffle(events)
        asked = {"chunk_size": chance.choice([1, 7, 50]), "key_groups": chance.choice([1, 3]), "profiles": profiles}
        assert run(texts, events, max_out_of_orderness="5h", **asked).answers() == expected
