"""Single-step triggers fire when their event arrives, late or not, once an event id."""

import pytest

from operators.clock import PartitionClock
from operators.decode import Decoder
from tests.harness import Graph, Log, compiled, event, run, trigger

WELCOME = trigger("steps: [{event: signup, as: s, where: {properties.plan: {ne: free}}}]")


def test_it_waits_for_no_watermark():
    log = Log(("events", 0), PartitionClock(3_600_000_000), [event("signup", "0s", plan="pro")])
    graph = Graph(compiled(WELCOME), 4, 0, None)
    graph.feed(log, (log.origin, ("events", 1)), Decoder(), 10)
    assert [each.trigger for each in graph.result.told] == ["t"]


def test_it_fires_for_a_late_event():
    found = run(WELCOME, [event("x", "1h"), event("signup", "0s", plan="pro")])
    assert (found.fired, len(found.late)) == (["0s"], 1)


def test_it_asks_its_condition_and_unknown_does_not_fit():
    events = [event("signup", "0s", plan="free"), event("signup", "1s"), event("signup", "2s", plan="pro")]
    assert run(WELCOME, events).fired == ["2s"]


def test_a_copy_does_not_fire_again():
    found = run(WELCOME, [event("signup", "0s", plan="pro")] * 3)
    assert (found.fired, found.tally.of("duplicate")) == (["0s"], 2)


def test_a_late_copy_of_a_late_event_that_fired_does_not_fire_again():
    found = run(WELCOME, [event("x", "1h"), *[event("signup", "0s", plan="pro")] * 2])
    assert (found.fired, found.tally.of("duplicate")) == (["0s"], 1)


@pytest.mark.parametrize(("reached", "fired"), [("7d-1ms", 1), ("7d", 1), ("7d+1ms", 2)])
def test_the_id_of_what_fired_is_kept_for_the_dedupe_horizon_of_event_time(reached, fired):
    signup = event("signup", "0s", plan="pro")
    found = run(WELCOME, [signup, event("x", reached), signup], dedupe_horizon="7d")
    assert len(found.fired) == fired


def test_two_actions_of_one_match_have_two_ids_and_one_match_id():
    text = trigger(
        "steps: [{event: signup}]",
        rest="actions: [{channel: email, template: a}, {channel: push, template: b}]",
    )
    first, second = run(text, [event("signup", "0s")]).decisions
    assert first.match_id == second.match_id
    assert first.action_id != second.action_id


def test_an_event_without_the_key_is_not_for_this_trigger():
    text = trigger("key: session_id\nsteps: [{event: signup}]")
    assert run(text, [event("signup", "0s"), event("signup", "1s", session_id="s1")]).fired == ["s1 1s"]


def test_it_fires_once_for_each_key_in_a_list():
    text = trigger(
        "key: [customer_id, properties.products.id]\nsteps: [{event: purchase, as: p}]",
        rest="actions: [{channel: email, template: x, data: {price: $p.item.price}}]",
    )
    bought = event(
        "purchase", "0s", products=[{"id": "a", "price": 1}, {"id": "b", "price": 2}, {"id": "a", "price": 3}]
    )
    found = run(text, [bought])
    assert found.fired == ["c1/a 0s", "c1/b 0s"]
    assert found.data == [{"price": 1}, {"price": 2}]


def test_a_foreign_copy_does_not_fire_again():
    text = trigger("key: properties.product_id\nsteps: [{event: restocked}]")
    found = run(text, [event("restocked", "0s", product_id="p1")] * 3)
    assert found.fired == ["p1 0s"]
