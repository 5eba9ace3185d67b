"""The runner itself: what it reads, and that a case that is wrong fails."""

import pytest

from tests.harness import at
from tests.unit.semantics.runner import case, read_line

THEN = "steps: [{event: a}, {event: b, within: 10m}]"


def test_a_line_is_events_a_minute_apart_unless_it_says_otherwise():
    read = read_line("a1 cart_add2(x=1.5,on=pay,p=null)@5m/c2 b1")
    assert [(one["event_id"], one["type"], one["customer_id"], one["event_time"]) for one in read] == [
        ("a1", "a", "c1", at("0m")),
        ("cart_add2", "cart_add", "c2", at("5m")),
        ("b1", "b", "c1", at("6m")),
    ]
    assert read[1]["properties"] == {"x": 1.5, "on": "pay", "p": None}
    assert read_line("watermark@5m") == [{"watermark": at("5m")}]


@pytest.mark.parametrize(
    "wrong",
    [
        case("another time", THEN, "a1 b1", ["2m: a1 b1"]),
        case("another event", THEN, "a1 b1", ["1m: a1 b2"]),
        case("one too few", THEN, "a1 b1", []),
        case("one too many", THEN, "a1 x1", ["1m: a1 b1"]),
        case("another customer's", THEN, "a1 b1", ["c2 1m: a1 b1"]),
        case("no expiry", THEN, "a1", [], expires=[]),
        case("another count", THEN, "a1", [], ends={"late": 1}),
        case("another number of open ones", THEN, "a1", [], pending=1),
        case("other data", THEN, "a1 b1", ["1m: a1 b1"], data="{n: 1}", carries=[{"n": 2}]),
    ],
    ids=lambda one: one.name,
)
def test_a_case_that_is_wrong_fails(wrong):
    with pytest.raises(AssertionError, match=wrong.name):
        wrong.check()


def test_a_case_is_run_in_every_order_within_the_bound_only_if_its_events_came_in_order():
    ways = [way for way, _, _ in case("in order", THEN, "a1 b1", [])._ways()]
    assert ways[-2:] == ["neighbours swapped", "backwards, resumed"]
    assert len(list(case("out of order", THEN, "b1@1m a1@0m", [])._ways())) == len(ways) - 2
