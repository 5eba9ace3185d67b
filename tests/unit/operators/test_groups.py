"""`all` and `any` as a later step: members in any order, nested, absences among them."""

import pytest

from tests.harness import event, run, trigger


def group(text, *, before="{event: x}", after=""):
    return trigger(f"steps:\n  - {before}\n  - {text}{after}")


def ids(found):
    return [" ".join(each) for each in found.evidence]


BOTH = group("{all: [{event: a, as: a}, {event: b, as: b}], within: 10m}")


@pytest.mark.parametrize("order", ["a b", "b a", "a a b"])
def test_all_is_done_when_each_member_has_its_event_in_whatever_order(order):
    events = [event("x", "0s"), *[event(each, f"{i}m", id=f"{each}{i}") for i, each in enumerate(order.split(), 1)]]
    found = run(BOTH, events)
    assert found.fired == [f"{len(events) - 1}m"]
    assert len(found.evidence[0]) == 3


@pytest.mark.parametrize(("last", "fired"), [("10m-1ms", ["599999ms"]), ("10m", []), ("10m+1ms", [])])
def test_the_span_of_a_group_counts_from_the_event_before_it(last, fired):
    found = run(BOTH, [event("x", "0s"), event("b", "1m"), event("a", last)], at_end="flush")
    assert (found.fired, found.expired) == (fired, [] if fired else ["10m"])


def test_one_event_fills_one_member():
    text = group("{all: [{event: a, where: {properties.x: {gt: 1}}}, {event: a}]}")
    events = [event("x", "0s"), event("a", "1m", x=5), event("a", "2m", x=0)]
    assert ids(run(text, events)) == ["x@0s a@1m a@2m"]


def test_any_is_done_with_its_first_member():
    text = trigger(
        "steps: [{event: x}, {any: [{event: a, as: a}, {all: [{event: b, as: b}, {event: c}]}]}]",
        rest="actions: [{channel: email, template: x, data: {a: $a.properties.n, b: $b.properties.n}}]",
    )
    one = run(text, [event("x", "0s"), event("b", "1m", n=1), event("a", "2m", n=2)])
    assert (one.fired, one.data) == (["2m"], [{"a": 2, "b": 1}])
    both = run(text, [event("x", "0s"), event("c", "1m"), event("b", "2m", n=1)])
    assert (ids(both), both.data) == (["x@0s c@1m b@2m"], [{"a": None, "b": 1}])


ABSENT = group("{all: [{event: a}, {absent: b, within: 10m}]}")


@pytest.mark.parametrize(("second", "fired"), [("10m-1ms", []), ("10m", ["10m"]), ("10m+1ms", ["10m"])])
def test_an_absence_in_all_is_done_at_its_deadline_and_ends_the_match_before(second, fired):
    found = run(ABSENT, [event("x", "0s"), event("a", "1m"), event("b", second), event("y", "1h")])
    assert (found.fired, found.tally.of("cancelled", "t")) == (fired, 1 - len(fired))


def test_all_waits_for_its_event_after_the_absence_is_done():
    assert run(ABSENT, [event("x", "0s"), event("b", "12m"), event("a", "15m")]).fired == ["15m"]


EITHER = group("{any: [{event: a}, {absent: b, within: 10m}]}")


def test_an_absence_in_any_is_one_way_to_be_done():
    assert run(EITHER, [event("x", "0s"), event("y", "10m")]).fired == ["10m"]
    assert run(EITHER, [event("x", "0s"), event("a", "2m")]).fired == ["2m"]


def test_a_spoilt_absence_leaves_the_other_members_of_any():
    found = run(EITHER, [event("x", "0s"), event("b", "1m"), event("a", "20m")])
    assert found.fired == ["20m"]
    none_left = run(group("{any: [{absent: a, within: 5m}, {absent: b, within: 10m}]}"),
                    [event("x", "0s"), event("b", "1m"), event("a", "2m")], at_end="flush")  # fmt: skip
    assert (none_left.fired, none_left.tally.of("cancelled", "t")) == ([], 1)


@pytest.mark.parametrize(("when", "ended"), [("5m-1ms", 0), ("5m", 1), ("5m+1ms", 1)])
def test_a_late_event_spoils_an_absence_in_a_group_from_its_beginning_on(when, ended):
    events = [event("x", "5m"), event("a", "6m"), event("y", "10m"), event("b", when)]
    found = run(ABSENT, events, at_end="flush")
    assert found.tally.of("late_cancelled", "t") == ended
    assert len(found.fired) == 1 - ended


def test_evidence_stands_in_the_order_in_which_it_came():
    assert ids(run(BOTH, [event("x", "0s"), event("b", "1m"), event("a", "2m")])) == ["x@0s b@1m a@2m"]


def test_what_follows_a_group_counts_from_its_latest_event():
    text = group("{all: [{event: a}, {event: b}]}", after="\n  - {event: c, within: 5m}")
    events = [event("x", "0s"), event("b", "1m"), event("a", "9m")]
    assert run(text, [*events, event("c", "14m-1ms")]).fired == ["839999ms"]
    assert run(text, [*events, event("c", "14m")]).expired == ["14m"]


def test_after_a_loop_the_absences_of_a_group_start_again_with_each_event():
    text = group("{any: [{absent: c, within: 10m}, {event: d}]}", before="{event: x}\n  - {event: a, times: {min: 1}}")
    assert run(text, [event("x", "0s"), event("a", "1m"), event("a", "8m")], at_end="flush").fired == ["18m"]


FIRST = "{}steps: [{{all: [{{event: a}}, {{event: b}}], within: 10m}}{}]"


@pytest.mark.parametrize(("last", "fired"), [("10m-1ms", ["599999ms"]), ("10m", []), ("10m+1ms", [])])
def test_as_a_first_step_all_of_it_lies_less_than_its_span_apart(last, fired):
    assert run(trigger(FIRST.format("", "")), [event("a", "0s"), event("b", last)]).fired == fired


@pytest.mark.parametrize(("on_repeat", "first"), [("restart", "a@2m"), ("ignore", "a@1m"), ("overlap", "a@2m")])
def test_as_a_first_step_it_takes_the_newest_of_each_or_with_ignore_the_oldest(on_repeat, first):
    text = trigger(FIRST.format(f"on_repeat: {on_repeat}\n", ""))
    assert ids(run(text, [event("a", "1m"), event("a", "2m"), event("b", "3m")])) == [f"{first} b@3m"]


def test_with_ignore_what_the_oldest_leaves_behind_is_the_next_oldest():
    text = trigger(FIRST.format("on_repeat: ignore\n", ""))
    events = [event("a", "0s"), event("a", "5m"), event("a", "8m"), event("b", "12m")]
    assert ids(run(text, events, chunk_size=1, snapshot_every=1)) == ["a@5m b@12m"]


def test_a_first_group_that_an_absence_ended_has_used_its_events_up():
    text = trigger(FIRST.format("", ", {absent: c, within: 1h}"))
    events = [event("a", "0s"), event("b", "1m"), event("c", "2m"), event("b", "3m")]
    assert run(text, events, at_end="flush").fired == []
    assert run(text, [*events, event("a", "4m")], at_end="flush").fired == ["64m"]


def test_any_as_a_first_step_begins_with_the_first_that_fits():
    text = trigger("steps: [{any: [{event: a, as: a}, {event: b, as: b}]}, {event: c}]")
    found = run(text, [event("b", "0s"), event("c", "1m"), event("a", "2m"), event("c", "3m")])
    assert ids(found) == ["b@0s c@1m", "a@2m c@3m"]
    assert [each.recipient for each in found.decisions] == ["c1", "c1"]
