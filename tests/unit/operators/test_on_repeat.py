"""`on_repeat`, for two carts (A1 at 0, A2 at 10 min), nothing bought, 30 minutes."""

import pytest

from tests.harness import event, run, trigger


def abandoned(on_repeat):
    return trigger(f"""
on_repeat: {on_repeat}
steps:
  - {{event: cart_add, as: cart}}
  - {{absent: purchase, within: 30m}}
""")


TWO_CARTS = [event("cart_add", "0s", id="A1"), event("cart_add", "10m", id="A2")]
TABLE = [
    ("restart", ["40m"], [["A2"]]),
    ("ignore", ["30m"], [["A1"]]),
    ("overlap", ["30m", "40m"], [["A1"], ["A2"]]),
]


@pytest.mark.parametrize(("on_repeat", "fired", "evidence"), TABLE)
def test_two_carts_and_nothing_bought(on_repeat, fired, evidence):
    found = run(abandoned(on_repeat), TWO_CARTS, at_end="flush")
    assert (found.fired, found.evidence) == (fired, evidence)


def test_restart_is_the_default():
    text = trigger("steps: [{event: cart_add}, {absent: purchase, within: 30m}]")
    assert run(text, TWO_CARTS, at_end="flush").fired == ["40m"]


@pytest.mark.parametrize(
    ("second", "fired"),
    [("30m-1ms", ["3599999ms"]), ("30m", ["30m", "1h"]), ("30m+1ms", ["30m", "3600001ms"])],
)
def test_a_second_cart_restarts_the_match_before_its_deadline_and_not_at_it(second, fired):
    events = [event("cart_add", "0s"), event("cart_add", second)]
    assert run(abandoned("restart"), events, at_end="flush").fired == fired


@pytest.mark.parametrize(
    ("second", "fired"), [("30m-1ms", ["30m"]), ("30m", ["30m", "1h"]), ("30m+1ms", ["30m", "3600001ms"])]
)
def test_a_second_cart_is_ignored_before_the_deadline_and_not_at_it(second, fired):
    events = [event("cart_add", "0s"), event("cart_add", second)]
    assert run(abandoned("ignore"), events, at_end="flush").fired == fired


@pytest.mark.parametrize("on_repeat", ["restart", "ignore", "overlap"])
def test_a_purchase_cancels_whatever_is_open(on_repeat):
    found = run(abandoned(on_repeat), [*TWO_CARTS, event("purchase", "20m")], at_end="flush")
    assert found.fired == []


def test_an_event_that_advances_an_open_match_begins_none():
    text = trigger("steps: [{event: a}, {event: a, within: 10m}]")
    found = run(text, [event("a", "0s"), event("a", "1m"), event("a", "2m"), event("a", "3m")])
    assert found.evidence == [["a@0s", "a@1m"], ["a@2m", "a@3m"]]


def test_under_overlap_an_event_that_advances_a_match_also_begins_one():
    text = trigger("on_repeat: overlap\nsteps: [{event: a}, {event: a, within: 10m}]")
    found = run(text, [event("a", "0s"), event("a", "1m"), event("a", "2m")])
    assert found.evidence == [["a@0s", "a@1m"], ["a@1m", "a@2m"]]


def test_under_overlap_matches_that_end_together_are_told_oldest_first():
    text = trigger("on_repeat: overlap\nsteps: [{event: a}, {event: b}]")
    found = run(text, [event("a", "0s"), event("a", "1m"), event("b", "2m")])
    assert [each.evidence[0].event_id for each in found.told] == ["a@0s", "a@1m"]
    assert found.fired == ["2m", "2m"]


def test_a_restart_is_counted_and_is_no_expiry():
    found = run(abandoned("restart"), TWO_CARTS, at_end="flush")
    assert found.tally.of("restarted", "t") == 1
    assert found.expired == []
