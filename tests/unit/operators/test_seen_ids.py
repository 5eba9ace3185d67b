"""Ids are remembered as long as a copy could be a duplicate, and let go in sweeps after that."""

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


def test_a_sweep_leaves_what_the_watermark_has_not_passed():
    seen = filled()
    seen.forget(2_000)
    assert sorted(seen.until_us.values()) == list(range(2_000, MANY))


def test_few_ids_are_not_worth_a_sweep():
    seen = SeenIds(0)
    seen.is_duplicate("e", 10, 0)
    seen.forget(1_000)
    assert seen.until_us == {"e": 10}


def test_a_sweep_never_changes_a_verdict():
    swept, kept = filled(), filled()
    swept.forget(2_000)
    for number in range(0, MANY, 7):
        for watermark_us in (2_000, 2_500, 4_000):
            copy = (f"e{number}", number, watermark_us)
            assert swept.is_duplicate(*copy) == kept.is_duplicate(*copy)
