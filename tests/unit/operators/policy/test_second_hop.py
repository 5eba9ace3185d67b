"""Deciding in another group than the match's: the same decisions, exact time, marks in an order that holds."""

import random

import pytest

from operators.clock import PartitionClock
from operators.decode import Decoder
from operators.keys import group_names
from operators.marks import GroupMark, RelayedClock
from operators.policy.relay import Relay
from operators.policy.values import MarkTo, Match
from operators.records import BEGINNING_OF_TIME
from operators.state import StateFormatError, restore, snapshot
from tests.deciding import known, outcomes, rule
from tests.harness import Graph, Log, compiled, event, run, trigger

VIEWED = trigger(
    "key: properties.p\nper: customer_id\nsteps: [{event: view, as: v}, {event: price, within: 30d}]",
    name="viewed",
    rest="policy: {recipient: $v.customer_id, caps: [{channel: email, max: 2, per: 1h}], consent: marketing}",
)
HOME = rule("caps: [{channel: email, max: 2, per: 1h}], cooldown: 5m", name="home")
NAMES = group_names(4)


def traffic(seed=3):
    chance = random.Random(seed)
    events = []
    for n in range(200):
        kind = chance.choice(["view", "price", "a"])
        events.append(
            event(kind, f"{n * 7}s", id=str(n), customer=f"c{chance.randrange(5)}", p=f"p{chance.randrange(3)}")
        )
    return events


PROFILES = known(**{f"c{n}": {"consent": {"marketing": n != 2}} for n in range(5)})


@pytest.mark.parametrize(
    ("text", "home"),
    [
        (HOME, True),
        (rule(match="key: [customer_id, properties.p]\nsteps: [{event: a}]"), True),
        (rule("recipient: $a.customer_id"), True),
        (rule("recipient: $b.customer_id", match="steps: [{event: a}, {event: b, as: b}]"), True),
        (rule("recipient: properties.friend"), False),
        (rule("recipient: $a.properties.friend"), False),
        (rule(match="key: session_id\nsteps: [{event: a}]"), False),
        (rule(match="key: [properties.p, customer_id]\nsteps: [{event: a}]"), False),
        (rule(match="steps: [{event: a, key: properties.buyer}, {event: b}]"), False),
        (rule(match="steps: [{event: a}, {event: b, key: {b: properties.buyer}}]"), False),
        (rule(match="steps: [{event: a}, {absent: b, key: properties.buyer, within: 1h}]"), True),
        (VIEWED, False),
    ],
)
def test_a_second_hop_is_for_recipients_that_the_key_does_not_begin_with(text, home):
    assert compiled(text).decides_at_home is home


def test_the_hop_changes_no_decision():
    at_home = run([HOME], traffic(), profiles=PROFILES)
    hopping = run([HOME, rule("recipient: properties.q", name="never", match="steps: [{event: z}]")], traffic(),
                  profiles=PROFILES)  # fmt: skip
    assert hopping.lines() == at_home.lines()
    assert {each.reason for each in at_home.decisions} == {None, "cooldown", "cap"}


@pytest.mark.parametrize("chunk_size", [1, 3, 50])
@pytest.mark.parametrize("key_groups", [1, 2, 7])
@pytest.mark.parametrize("every", [None, 1, 4])
def test_chunks_groups_and_restarts_change_nothing(chunk_size, key_groups, every):
    whole = run([VIEWED, HOME], traffic(), profiles=PROFILES)
    assert {each.reason for each in whole.decisions} == {None, "cap", "consent", "cooldown"}
    cut = run([VIEWED, HOME], traffic(), profiles=PROFILES, chunk_size=chunk_size, key_groups=key_groups,
              snapshot_every=every)  # fmt: skip
    assert cut.lines() == whole.lines()


def test_at_the_end_everything_is_decided_that_time_has_reached():
    events = [event("view", "0s", p="p1"), event("price", "1m", p="p1", customer="shop")]
    found = run(VIEWED, events, profiles=known(c1={"consent": {"marketing": True}}))
    assert [(each.recipient, each.outcome) for each in found.decisions] == [("c1", "action")]


def test_without_a_recipient_it_is_decided_where_it_was_found():
    found = run(rule("recipient: properties.friend"), [event("a", "0s")])
    assert outcomes(found) == ["0s recipient_unresolved"]


def match(recipient="c1", at_us=5):
    return Match("t", 1, "m", "p1", None, recipient, at_us, at_us, (), {}, {})


def test_a_relay_sends_a_match_to_its_recipients_group_before_the_mark_that_follows_it():
    relay = Relay(4)
    out = relay.pass_on([(NAMES[0], match()), (NAMES[0], GroupMark(10, False))])
    assert isinstance(out[0][1], Match)
    assert [(name, each.groups, each.before_us) for name, each in out[1:]] == [(name, 1, 10) for name in NAMES]


def test_a_relay_tells_the_lowest_of_the_groups_it_has_heard_and_seldom():
    relay = Relay(4)
    relay.pass_on([(NAMES[0], GroupMark(1_000_000, False)), (NAMES[1], GroupMark(500_000, False))])
    assert relay.pass_on([(NAMES[0], GroupMark(2_000_000, False))]) == []
    assert relay.pass_on([(NAMES[1], GroupMark(599_999, False))]) == []
    told = relay.pass_on([(NAMES[1], GroupMark(600_000, False))])
    assert [each for _, each in told] == [MarkTo(0b11, 600_000, False, to) for to in range(4)]
    assert relay.pass_on([(NAMES[1], GroupMark(600_001, True))]) == []
    assert relay.pass_on([(NAMES[0], GroupMark(2_000_001, True))])[0][1] == MarkTo(0b11, 600_001, True, 0)


def test_a_deciding_group_waits_until_it_has_heard_of_every_group():
    clock = RelayedClock(4)
    clock.hear(MarkTo(0b0011, 50, False, 0))
    assert clock.before_us == BEGINNING_OF_TIME
    clock.hear(MarkTo(0b0100, 90, True, 0))
    assert clock.before_us == BEGINNING_OF_TIME
    clock.hear(MarkTo(0b1100, 70, True, 0))  # the same relay, which has heard of one more
    assert (clock.before_us, clock.final) == (50, False)
    clock.hear(MarkTo(0b0011, 80, True, 0))
    assert (clock.before_us, clock.final) == (70, True)


def test_its_time_never_falls():
    clock = RelayedClock(1)
    clock.hear(MarkTo(1, 50, False, 0))
    clock.hear(MarkTo(1, 40, False, 0))
    assert clock.before_us == 50


def test_state_of_a_flow_that_decided_in_one_hop_goes_to_the_step_that_decides_now():
    log = Log(("events", 0), PartitionClock(0), [event("a", "0s"), event("a", "2m"), event("x", "3m")])
    home = Graph(compiled(rule("cooldown: 1h", name="home")), 2, 0, None)
    home.feed(log, (log.origin,), Decoder(), 10)
    stored = {name: snapshot(group) for name, group in home.groups.items()}
    hopping = Graph(compiled(rule("cooldown: 1h", name="home"), VIEWED), 2, 0, None)
    for name, group in hopping.groups.items():
        restore(group, stored[name])
    again = Graph(hopping.plan, 2, 0, None)
    for name, group in hopping.groups.items():  # not yet handed over when the next snapshot is made
        restore(again.groups[name], snapshot(group))
    hopping = again
    log.items = [event("a", "30m"), event("a", "2h"), event("x", "9h")]
    hopping.feed(log, (log.origin,), Decoder(), 10)
    hopping.end((log.origin,), "hold")
    assert outcomes(hopping.result) == ["30m cooldown", "2h action"]


def test_state_of_another_format_is_refused():
    group = next(iter(Graph(compiled(VIEWED), 1, 0, None).deciding.values()))
    with pytest.raises(StateFormatError, match="customer-triggers/decide-group/2"):
        group.restore(("customer-triggers/decide-group/2", b"", ()))
