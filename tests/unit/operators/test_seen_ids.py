"""Ids are remembered as long as a copy could be a duplicate, and let go by generations after that."""

import pytest

from operators.seen import SeenIds

MANY = 3_000


def filled():
    seen = SeenIds(horizon_us=1_000_000)
    for number in range(MANY):
        seen.is_duplicate(f"e{number}", number, 0)
    return seen


@pytest.mark.parametrize(("watermark_us", "duplicate"), [(9, True), (10, True), (11, False)])
def test_a_copy_is_a_duplicate_until_the_watermark_has_passed_the_first_ones_time(watermark_us, duplicate):
    seen = SeenIds(0)
    assert not seen.is_duplicate("e", 10, 0)
    assert seen.is_duplicate("e", 10, watermark_us) is duplicate


def test_a_late_event_is_not_remembered():
    seen = SeenIds(0)
    assert not seen.is_duplicate("e", 10, 11)
    assert not seen.is_duplicate("e", 10, 11)


@pytest.mark.parametrize(("watermark_us", "duplicate"), [(109, True), (110, True), (111, False)])
def test_what_fired_on_arrival_is_kept_for_the_horizon_late_or_not(watermark_us, duplicate):
    seen = SeenIds(100)
    seen.keep("e", 10)
    assert seen.is_duplicate("e", 10, watermark_us) is duplicate


def remembered(seen):
    recent, kept = seen.state()
    return {**recent, **kept}


def test_a_generation_goes_when_the_watermark_has_passed_all_of_it():
    seen = filled()
    seen.forget(0)
    assert seen.all_new(["young"], [2 * MANY])
    seen.forget(MANY - 1)
    assert len(remembered(seen)) == MANY + 1
    seen.forget(MANY)
    assert remembered(seen) == {"young": 2 * MANY}


def test_what_is_kept_for_the_horizon_is_swept_when_it_has_doubled():
    seen = SeenIds(100)
    for number in range(MANY):
        seen.keep(f"e{number}", number)
    seen.forget(2_100)
    assert sorted(remembered(seen).values()) == list(range(2_100, MANY + 100))


@pytest.mark.parametrize("known", ["young", "old", "kept"])
def test_ids_are_all_new_only_if_none_is_known_in_any_way(known):
    seen = SeenIds(1_000)
    if known == "kept":
        seen.keep("e", 10)
    else:
        assert seen.all_new(["e"], [10])
    if known == "old":
        seen.forget(5)
    before = remembered(seen)
    assert not seen.all_new(["a", "e", "b"], [11, 12, 13])
    assert remembered(seen) == before
    assert seen.all_new(["a", "b"], [11, 13])


def test_ids_that_come_twice_are_not_all_new_and_leave_nothing_behind():
    seen = SeenIds(0)
    assert not seen.all_new(["a", "b", "a"], [1, 2, 3])
    assert remembered(seen) == {}
    assert not seen.is_duplicate("a", 1, 0)
    assert seen.is_duplicate("a", 3, 0)


def test_a_resumed_one_says_what_the_first_would_have_said():
    seen = SeenIds(1_000)
    assert seen.all_new(["old"], [10])
    seen.forget(5)
    assert seen.all_new(["young"], [20])
    seen.keep("kept", 0)
    resumed = SeenIds(1_000)
    resumed.resume(seen.state())
    for each, until_us in (("old", 10), ("young", 20), ("kept", 1_000)):
        assert resumed.is_duplicate(each, 0, until_us)
        assert not resumed.is_duplicate(each, 0, until_us + 1)


def test_forgetting_never_changes_a_verdict():
    swept, kept = filled(), filled()
    swept.forget(2_000)
    swept.forget(MANY)
    for number in range(0, MANY, 7):
        for watermark_us in (MANY, MANY + 500, 4_000):
            copy = (f"e{number}", number, watermark_us)
            assert swept.is_duplicate(*copy) == kept.is_duplicate(*copy)
