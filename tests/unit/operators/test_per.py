"""`per` tells open matches of one key apart, and nothing looks across."""

import pytest

from tests.harness import event, run, trigger

VIEWED_TWICE = trigger("key: properties.product\nper: customer_id\nsteps: [{event: view}, {event: view, within: 1h}]")


def view(when, customer):
    return event("view", when, customer=customer, product="p")


def test_an_event_that_goes_on_with_one_match_begins_another_of_its_own_per():
    # B's first view goes on with A's match; B's own begins with it all the same.
    found = run(VIEWED_TWICE, [view("0s", "A"), view("1m", "B"), view("2m", "B")], at_end="flush")
    assert found.fired == ["p 1m", "p 2m"]


@pytest.mark.parametrize(("first", "second", "fired"), [(1, "1", 1), (1, True, 0), ("x", "x", 1), ("x", None, 0)])
def test_a_whole_number_is_its_digits_and_what_is_no_text_begins_nothing(first, second, fired):
    text = trigger("per: properties.x\nsteps: [{event: a, times: 2, within: 1h}]")
    assert len(run(text, [event("a", "0s", x=first), event("a", "1m", x=second)]).fired) == fired


def test_a_single_step_asks_for_its_per_too():
    text = trigger("per: properties.x\nsteps: [{event: a}]")
    assert len(run(text, [event("a", "0s", x=1), event("a", "1m")]).fired) == 1
