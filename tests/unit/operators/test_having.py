"""`having`: an aggregate over a repetition: sliding on the first step, over what a loop has on a later one."""

import pytest

from operators import aggregates
from tests.harness import event, run, trigger


def spend(when, total, **rest):
    return event("purchase", when, id=when, total=total, **rest)


def high(*, match="", having="{sum: properties.total, gte: 500}", times="{min: 1, within: 30d}"):
    return trigger(f"{match}\nsteps: [{{event: purchase, as: p, times: {times}, having: {having}}}]")


def ids(found):
    return [" ".join(each) for each in found.evidence]


@pytest.mark.parametrize(("last", "fired"), [("30d-1ms", 1), ("30d", 0), ("30d+1ms", 0)])
def test_it_sums_the_events_of_the_span_before_each_of_them(last, fired):
    found = run(high(), [spend("0s", 300), spend(last, 200)])
    assert len(found.fired) == fired


def test_the_events_of_a_match_are_used_up_and_with_keep_are_not():
    events = [spend("0s", 300), spend("1d", 250), spend("2d", 10), spend("3d", 490)]
    assert ids(run(high(), events)) == ["0s 1d", "2d 3d"]
    assert ids(run(high(match="after_match: keep"), events)) == ["0s 1d", "0s 1d 2d", "0s 1d 2d 3d"]


def test_only_what_certainly_holds_fires():
    assert run(high(having="{avg: properties.total, lt: 5}"), [event("purchase", "0s")]).fired == []
    assert run(high(having="{count: properties.total, lt: 1}"), [event("purchase", "0s")]).fired == ["0s"]


def test_min_and_max_bound_how_many_the_window_may_hold():
    text = high(times="{min: 2, max: 2, within: 1h}", having="{sum: properties.total, gte: 10}")
    assert run(text, [spend("0s", 50)]).fired == []
    assert ids(run(text, [spend("0s", 1), spend("1m", 1), spend("2m", 50)])) == []
    assert ids(run(text, [spend("0s", 1), spend("1m", 50)])) == ["0s 1m"]


def test_of_more_than_a_hundred_events_the_first_and_the_last_are_evidence():
    text = high(having="{count: properties.total, gte: 101}")
    found = run(text, [spend(f"{i}s", 1) for i in range(101)])
    assert ids(found) == ["0s 100s"]
    exactly = high(having="{count: properties.total, gte: 100}")
    assert len(run(exactly, [spend(f"{i}s", 1) for i in range(100)]).evidence[0]) == 100


def test_on_a_later_step_the_next_step_is_open_while_it_holds():
    text = trigger("steps: [{event: a}, {event: b, times: {min: 1}, having: {sum: properties.x, gte: 5}}, {event: c}]")
    events = [event("a", "0s"), event("b", "1m", x=3), event("c", "2m"), event("b", "3m", x=2), event("c", "4m")]
    assert ids(run(text, events)) == ["a@0s b@1m b@3m c@4m"]
    closing = trigger(
        "steps: [{event: a}, {event: b, times: {min: 1}, having: {sum: properties.x, lte: 5}}, {event: c}]"
    )
    over = [event("a", "0s"), event("b", "1m", x=3), event("b", "2m", x=9), event("c", "3m")]
    assert run(closing, over).fired == []


def test_a_full_loop_for_which_it_does_not_hold_breaks_the_match():
    text = trigger("steps: [{event: a}, {event: b, times: {min: 1, max: 2}, having: {sum: properties.x, gte: 5}}]")
    found = run(text, [event("a", "0s"), event("b", "1m", x=1), event("b", "2m", x=1)])
    assert (found.fired, found.tally.of("broken", "t")) == ([], 1)


def test_it_may_compare_with_an_earlier_event():
    text = trigger(
        "steps: [{event: a, as: a}, {event: b, times: {min: 1}, having: {max: properties.x, gt: $a.properties.x * 2}}]"
    )
    events = [event("a", "0s", x=5), event("b", "1m", x=10), event("b", "2m", x=11)]
    assert run(text, events).fired == ["2m"]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("count", [1, None, "a"], 2), ("count", [], 0), ("sum", [1, 2.5, None], 3.5), ("sum", [], None),
        ("sum", ["1", True], None), ("avg", [1, 2, None], 1.5), ("avg", [], None), ("min", [3, 1.5, 2], 1.5),
        ("max", ["a", "c", "b"], "c"), ("max", ["z", 4, 2], 4), ("min", [], None), ("distinct", [], 0),
        ("distinct", [1, 1.0, True, "1", None, [1], {"a": 1}, {"a": 1}], 5),
        ("sum", [2**62, 2**62], float(2**63)),
    ],
)  # fmt: skip
def test_aggregates_leave_out_what_is_missing_and_go_on_from_any_state(name, values, expected):
    assert aggregates.over(name, values) == expected
    state = aggregates.START[name]
    for value in values:
        state = aggregates.add(name, state, value)
    assert aggregates.result(name, state) == expected
