"""Timers come back in order of due time, whatever order they were set in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.timers import Timers

TIMERS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2), st.sampled_from("abc")))


def filled(timers):
    made = Timers()
    for each in timers:
        made.add(*each)
    return made


@given(TIMERS, st.integers(-1, 21))
def test_what_is_due_comes_in_order_and_the_rest_stays(timers, by_us):
    made = filled(timers)
    due = [each for each in timers if each[0] <= by_us]
    assert sorted(made.due_by(by_us)) == sorted(due)
    taken = list(made.take_due(by_us))
    assert [each[0] for each in taken] == sorted(each[0] for each in due)
    assert sorted(taken) == sorted(due)
    assert list(made.due_by(by_us)) == []
    assert sorted(made.take_due(21)) == sorted(each for each in timers if each[0] > by_us)


@given(TIMERS, TIMERS)
def test_timers_set_while_others_are_taken_are_taken_too(before, meanwhile):
    made = filled(before)
    taken = []
    waiting = list(meanwhile)
    for timer in made.take_due(20):
        taken.append(timer)
        if waiting:
            made.add(*waiting.pop())
    assert sorted(taken) == sorted(before + meanwhile[len(waiting) :])


@pytest.mark.parametrize(("by_us", "taken"), [(9, []), (10, ["a"]), (11, ["a", "b"])])
def test_a_timer_is_due_when_its_time_is_reached(by_us, taken):
    made = filled([(11, 0, "b"), (10, 0, "a")])
    assert [key for _, _, key in made.take_due(by_us)] == taken
