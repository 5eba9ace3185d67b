"""Attributes: RFC 7396 merge patches in order of event time, whatever order they come in."""

from itertools import permutations

import pytest

from operators.profiles.attributes import MOST_ASSIGNMENTS, assign, assignments, outcome


def merged(*patches):
    """The outcome of (event time, patch), given in order of arrival."""
    kept = []
    for time_us, patch in patches:
        for path, value in assignments(patch):
            assign(kept, time_us, path, value)
    return outcome(kept)


@pytest.mark.parametrize(
    ("patches", "expected"),
    [
        ([(1, {"tier": "silver"}), (2, {"tier": "gold"})], {"tier": "gold"}),
        ([(1, {"consent": {"email": True}}), (2, {"consent": {"sms": False}})],
         {"consent": {"email": True, "sms": False}}),
        ([(1, {"a": {"b": 1, "c": 2}}), (2, {"a": {"b": None}})], {"a": {"c": 2}}),
        ([(1, {"a": {"b": 1}}), (2, {"a": None})], {}),
        ([(1, {"a": {"b": 1}}), (2, {"a": None}), (3, {"a": {"c": 1}})], {"a": {"c": 1}}),
        ([(1, {"a": "text"}), (2, {"a": {"b": 1}})], {"a": {"b": 1}}),
        ([(1, {"a": {"b": 1}}), (2, {"a": "text"})], {"a": "text"}),
        ([(1, {"a": "text"}), (2, {"a": {"b": None}})], {"a": {}}),
        ([(1, {"a": [1, 2]}), (2, {"a": [3]})], {"a": [3]}),
        ([(1, {"a": {"b": {"c": 1}}}), (2, {"a": {"b": 2}}), (3, {"a": {"b": {"d": 3}}})], {"a": {"b": {"d": 3}}}),
        ([(1, {"a": False}), (2, {"b": 0})], {"a": False, "b": 0}),
        ([(1, {"a": 1}), (2, {"a": {}})], {"a": 1}),
    ],
)  # fmt: skip
def test_patches_merge_in_order_of_time_in_whatever_order_they_come(patches, expected):
    for order in permutations(patches):
        assert merged(*order) == expected


def test_of_equal_times_the_one_that_came_last_wins():
    assert merged((1, {"tier": "a"}), (1, {"tier": "b"})) == {"tier": "b"}
    assert merged((1, {"tier": "a"}), (1, {"tier": None})) == {}


def test_a_late_one_does_not_bring_back_what_was_removed():
    assert merged((5, {"consent": None}), (3, {"consent": {"email": True}})) == {}
    assert merged((5, {"consent": {"email": None}}), (3, {"consent": {"email": True, "sms": True}})) == {
        "consent": {"sms": True}
    }


def test_a_source_that_makes_up_names_does_not_grow_the_state():
    kept = []
    for i in range(2 * MOST_ASSIGNMENTS):
        assign(kept, i, (f"n{i}",), i)
    assert len(kept) == MOST_ASSIGNMENTS
    assert f"n{2 * MOST_ASSIGNMENTS - 1}" in outcome(kept)


def test_what_is_nested_beyond_what_can_be_written_is_left_out():
    deep = {"x": 1}
    for _ in range(500):
        deep = {"a": deep}
    assert merged((1, {"deep": deep, "flat": 1})) == {"flat": 1}
