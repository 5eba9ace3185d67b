"""Buckets of open matches: what each has, what is left for the group's own snapshot, and whose they are not."""

from itertools import count

import msgspec
import pytest

from operators.clock import PartitionClock
from operators.cold_keys import MOST_AT_ONCE, WORTH_A_BUCKET, Apart, share_changed, taking_turns
from operators.decode import Decoder
from operators.detect import Detection
from operators.group import KeyGroup
from operators.keys import BUCKETS
from operators.match_buckets import no_matches, place_of_matches, restore_matches, store_matches
from operators.owner_state import plain_states
from operators.profiles import Profiles
from operators.resting import Buckets, bucket_of_owner
from operators.state import StateFormatError, restore, snapshot
from tests.fixtures import write_key_group_state as fixture
from tests.harness import Graph, Log, compiled, event, trigger

LEFT = trigger("steps: [{event: a}, {absent: b, within: 30m}]")
CHANGED = trigger("steps: [{event: a}, {absent: b, within: 31m}]")
OTHER = trigger("steps: [{event: a}, {absent: c, within: 30m}]", name="other")
CUSTOMERS = [f"c{i}" for i in range(40)]


def reading(*texts):
    """A graph of one group that rests in buckets, its log, and a function that lets it read."""
    graph = Graph(compiled(*texts), 1, 1_000_000, None, restarts=True)
    log = Log(("events", 0), PartitionClock(0))

    def read(*events):
        log.items += events
        graph.feed(log, (log.origin,), Decoder(), 1_000)

    (group,) = graph.groups.values()
    group.number = 0
    return group, read


def fresh(*texts):
    return KeyGroup(compiled(*texts), dedupe_horizon_us=1_000_000, rests_in_buckets=True)


def resumed(stored, buckets, *texts):
    """A group that comes back from its snapshot and from its buckets."""
    group = fresh(*texts)
    restore(group, stored)
    for each in buckets:
        restore_matches(group, each)
    return group


def open_in(group, name="t"):
    """By owner, what a trigger has open, as bytes."""
    (states,) = (automaton.states for automaton in group.automata if automaton.program.name == name)
    states.rest()
    return {owner: states.resting.get(owner) for owner in states}


def carts(*customers, at="0s"):
    return [event("a", at, customer=customer, id=f"{customer}-{at}") for customer in customers]


def test_the_bucket_of_an_owner_is_part_of_the_format():
    owners = ["c1", "c2", "Ä\udc80", ("c1", "p1"), ("p1", None), (("c1", "p1"), "x")]
    assert [bucket_of_owner(each) for each in owners] == [7, 14, 13, 6, 8, 12]


def test_changed_is_who_came_or_left_since_his_bucket_was_stored():
    buckets = Buckets()
    for owner in CUSTOMERS:
        buckets[owner] = owner.encode()
    assert sorted(buckets.changed()[0]) == sorted(CUSTOMERS)
    for bucket in range(BUCKETS):
        owners, states = buckets.stored(bucket)
        assert [each.encode() for each in owners] == states
        assert {bucket_of_owner(each) for each in owners} <= {bucket}
    assert buckets.changed() == [[], []]
    buckets.pop("c1", None)
    buckets.pop("nobody", None)
    buckets["c2"] = b"again"
    assert sorted(zip(*buckets.changed(), strict=True)) == [("c1", None), ("c2", b"again")]
    buckets.stored(bucket_of_owner("c1"))
    assert buckets.changed() == [["c2"], [b"again"]]
    assert len(buckets) == len(CUSTOMERS) - 1


@pytest.mark.parametrize("first", ["bucket", "group"])
def test_what_comes_back_is_what_was_open_whichever_was_stored_first_and_when(first):
    group, read = reading(LEFT)
    read(*carts(*CUSTOMERS), event("x", "1m"))
    buckets = {bucket: store_matches(group, bucket) for bucket in range(12)}  # four have never been stored
    read(event("b", "2m", customer="c1"), *carts("c2", "new", at="3m"), event("x", "4m"))
    again = bucket_of_owner("c2")
    if first == "bucket":
        buckets[again] = store_matches(group, again)
        stored = snapshot(group)
    else:
        stored = snapshot(group)
        buckets[again] = store_matches(group, again)
    back = resumed(stored, buckets.values(), LEFT)
    assert open_in(back) == open_in(group)
    assert back.open_matches == group.open_matches == len(CUSTOMERS)
    assert plain_states(back.automata[0])[0].count("c1") == 1, "its bucket was stored before it left"
    assert snapshot(back)[0] == stored[0]
    twice = resumed(snapshot(back), buckets.values(), LEFT)
    assert open_in(twice) == open_in(group)


def test_a_snapshot_has_only_what_changed():
    group, read = reading(LEFT)
    read(*carts(*CUSTOMERS), event("x", "1m"))
    whole = snapshot(group)
    for bucket in range(BUCKETS):
        store_matches(group, bucket)
    read(*carts("c3", at="2m"), event("x", "3m"))
    found = msgspec.msgpack.decode(snapshot(group)[1])["triggers"]["t"]
    assert found[2][0] == ["c3"]
    assert len(snapshot(group)[1]) < len(whole[1]) / 5


def test_a_changed_trigger_starts_fresh_and_another_keeps_what_it_has():
    group, read = reading(LEFT, OTHER)
    read(*carts(*CUSTOMERS), event("x", "1m"))
    buckets = [store_matches(group, bucket) for bucket in range(BUCKETS)]
    back = resumed(snapshot(group), buckets, CHANGED, OTHER)
    assert open_in(back) == {}
    assert open_in(back, "other") == open_in(group, "other")
    assert back.tally.of("state_reset", "t") == 1


def test_what_a_trigger_had_open_before_it_was_taken_out_does_not_come_back_with_it():
    """Though its buckets have not been stored since."""
    group, read = reading(LEFT, OTHER)
    read(*carts(*CUSTOMERS), event("x", "1m"))
    buckets = [store_matches(group, bucket) for bucket in range(BUCKETS)]
    without = resumed(snapshot(group), buckets, OTHER)
    back = resumed(snapshot(without), buckets, LEFT, OTHER)
    assert open_in(back) == {}
    assert len(open_in(back, "other")) == len(CUSTOMERS)


def test_a_trigger_of_which_nothing_is_open_any_more_leaves_nothing_in_its_buckets():
    group, read = reading(LEFT)
    read(*carts(*CUSTOMERS), event("x", "1m"))
    buckets = [store_matches(group, bucket) for bucket in range(BUCKETS)]
    read(event("x", "2h"))
    assert group.open_matches == 0
    back = resumed(snapshot(group), buckets, LEFT)
    assert (back.open_matches, open_in(back)) == (0, {})


def test_the_stored_state_of_this_format_loads_and_goes_on():
    stored, buckets = fixture.stored(2)
    group = KeyGroup(compiled(*fixture.TRIGGERS), dedupe_horizon_us=fixture.HORIZON_US, rests_in_buckets=True)
    restore(group, stored)
    for each in buckets:
        restore_matches(group, each)
    whole = fixture.graph()[0].groups
    (expected,) = whole.values()
    for automaton in expected.automata:
        assert open_in(group, automaton.program.name) == open_in(expected, automaton.program.name)
    assert group.open_matches == expected.open_matches
    assert [place_of_matches(each) for each in buckets] == [(0, bucket) for bucket in range(BUCKETS)]


def test_a_bucket_of_another_format_is_refused():
    with pytest.raises(StateFormatError, match="open-match state of format 'x'; this version reads"):
        place_of_matches(("x", b"", ()))


def test_a_group_that_has_not_joined_gives_its_buckets_as_they_came_back():
    group, read = reading(LEFT)
    read(*carts(*CUSTOMERS), event("x", "1m"))
    kept = snapshot(group)
    stored = store_matches(group, 3)
    apart = Apart(0, Profiles(group.plan.profiles, dedupe_horizon_us=0))
    apart.bring_back(3, stored)
    assert apart.store_matches(3) == stored
    assert apart.store_matches(4) == no_matches(0, 4)
    back = fresh(LEFT)
    restore(back, kept)
    apart.join(back)
    assert open_in(back) == open_in(group)
    assert open_in(resumed(snapshot(back), [apart.store_matches(3)], LEFT)) == open_in(group)


def test_a_group_that_is_stored_again_before_anything_came_loses_nothing():
    """As at the end of an input, where Bytewax wakes every key. What has not changed is in the buckets alone."""
    group, read = reading(LEFT)
    read(*carts(*CUSTOMERS), event("x", "1m"))
    buckets = [store_matches(group, bucket) for bucket in range(BUCKETS)]
    detection = Detection(group.plan, 1, 1_000_000)
    keys = [detection.build(each) for each in (snapshot(group), *buckets)]
    stored, *again = [key.snapshot() for key in keys]
    assert again == buckets
    assert open_in(resumed(stored, again, LEFT)) == open_in(group)


def test_buckets_take_turns_one_at_each_change_of_the_turn():
    answers = iter([5, 5, 6, 6, 9, 10])
    touch = taking_turns(3, lambda: next(answers), lambda: 0.0)
    touched = [[(each.group, each.bucket) for _, each in touch(None)] for _ in range(5)]
    assert touched == [[], [(0, 0), (1, 0), (2, 0)], [], [(0, 1), (1, 1), (2, 1)], [(0, 2), (1, 2), (2, 2)]]


@pytest.mark.parametrize(("changed", "buckets"), [(0.0, 1), (0.05, 1), (0.125, 2), (0.25, 4), (1.0, MOST_AT_ONCE)])
def test_the_more_has_changed_the_more_buckets_have_a_turn(changed, buckets):
    touch = taking_turns(1, count().__next__, lambda: changed)
    touched = [[each.bucket for _, each in touch(None)] for _ in range(16 // buckets)]
    assert [bucket for each in touched for bucket in each] == list(range(16)), "each in its turn"


def test_what_has_changed_is_a_part_of_what_is_open_where_there_is_much():
    group, read = reading(LEFT)
    assert share_changed([group]) == 0.0
    customers = [f"c{i}" for i in range(WORTH_A_BUCKET * BUCKETS + 88)]
    read(*carts(*customers[:100]), event("x", "1m"))
    snapshot(group)
    assert share_changed([group]) == 0.0, "too little to be worth it"
    read(*carts(*customers[100:], at="2m"), event("x", "3m"))
    snapshot(group)
    assert share_changed([group]) == 1.0
    for bucket in range(BUCKETS):
        store_matches(group, bucket)
    read(*carts(*customers[:150], at="4m"), event("x", "5m"))
    snapshot(group)
    assert share_changed([group]) == 150 / 600
