"""`optional`: a step that may be left out. What follows is open at once."""

import pytest

from tests.harness import event, run, trigger

MIDDLE = trigger(
    "steps: [{event: a}, {event: b, as: b, optional: true}, {event: c}]",
    rest="actions: [{channel: email, template: x, data: {b: $b.properties.x}}]",
)


def ids(found):
    return [" ".join(each) for each in found.evidence]


def test_it_is_taken_where_it_comes_and_missing_where_not():
    taken = run(MIDDLE, [event("a", "0s"), event("b", "1m", x=7), event("c", "2m")])
    assert (ids(taken), taken.data) == (["a@0s b@1m c@2m"], [{"b": 7}])
    left_out = run(MIDDLE, [event("a", "0s"), event("c", "2m")])
    assert (ids(left_out), left_out.data) == (["a@0s c@2m"], [{"b": None}])


def test_of_two_steps_that_an_event_fits_the_first_written_takes_it():
    text = trigger("steps: [{event: a}, {event: b, optional: true}, {event: b}]")
    assert ids(run(text, [event("a", "0s"), event("b", "1m"), event("b", "2m")])) == ["a@0s b@1m b@2m"]


def test_a_repetition_is_taken_whole_or_not_at_all():
    text = trigger("steps: [{event: a}, {event: b, times: 2, optional: true}, {event: c}]")
    assert ids(run(text, [event("a", "0s"), event("b", "1m"), event("c", "2m")])) == ["a@0s c@2m"]
    assert ids(run(text, [event("a", "0s"), event("b", "1m"), event("b", "2m"), event("c", "3m")])) == [
        "a@0s b@1m b@2m c@3m"
    ]


@pytest.mark.parametrize(("when", "count"), [("10m-1ms", 3), ("10m", 2), ("10m+1ms", 2)])
def test_its_within_closes_it_and_expires_nothing(when, count):
    text = trigger("steps: [{event: a}, {event: b, optional: true, within: 10m}, {event: c}]")
    found = run(text, [event("a", "0s"), event("b", when), event("c", "20m")])
    assert (len(found.evidence[0]), found.expired) == (count, [])


def test_a_last_one_does_not_wait_and_with_keep_fires_again_when_it_comes():
    text = "{}\nsteps: [{{event: a}}, {{event: b, optional: true}}]"
    events = [event("a", "0s"), event("b", "1m"), event("b", "2m")]
    assert ids(run(trigger(text.format("")), events)) == ["a@0s"]
    kept = run(trigger(text.format("after_match: keep")), events)
    assert (ids(kept), kept.pending) == (["a@0s", "a@0s b@1m"], 0)


def test_a_match_may_begin_with_an_optional_first_step_or_the_one_after_it():
    text = trigger("steps: [{event: a, optional: true}, {event: b}, {event: c}]")
    assert ids(run(text, [event("a", "0s"), event("b", "1m"), event("c", "2m")])) == ["a@0s b@1m c@2m"]
    found = run(text, [event("b", "1m"), event("c", "2m")])
    assert (ids(found), found.decisions[0].recipient) == (["b@1m c@2m"], "c1")


def test_an_untimed_absence_before_one_that_is_left_out_holds_until_the_event_after_it():
    text = trigger("steps: [{event: a}, {absent: x}, {event: b, optional: true}, {event: c}]")
    assert run(text, [event("a", "0s"), event("x", "1m"), event("c", "2m")]).fired == []
    assert run(text, [event("a", "0s"), event("b", "1m"), event("x", "2m"), event("c", "3m")]).fired == ["3m"]


def test_an_untimed_absence_before_one_that_is_left_out_holds_through_a_wait():
    text = trigger("steps: [{event: a}, {absent: x}, {event: b, optional: true}, {wait: 10m}, {event: c}]")
    assert run(text, [event("a", "0s"), event("x", "15m"), event("c", "20m")]).fired == []
    assert run(text, [event("a", "0s"), event("b", "1m"), event("x", "15m"), event("c", "20m")]).fired == ["20m"]


def test_a_timed_step_after_it_starts_again_when_it_is_taken():
    text = trigger("steps: [{event: a}, {event: b, optional: true}, {wait: 10m}]")
    assert run(text, [event("a", "0s"), event("b", "9m")], at_end="flush").fired == ["19m"]
    assert run(text, [event("a", "0s"), event("b", "10m")], at_end="flush").fired == ["10m"]
