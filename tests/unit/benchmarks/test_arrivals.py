"""What arrivals say: quantiles, the longest gap of each window, and that every action came once."""

import pytest

from benchmarks.answers import WrongAnswerError
from benchmarks.arrivals import assert_all, longest_gaps_ms, quantile


def test_a_quantile_is_one_of_the_values():
    values = [float(number) for number in range(1, 101)]
    assert [quantile(values, share) for share in (0.5, 0.99, 0.999, 1.0)] == [50, 99, 100, 100]
    assert quantile([7.0], 0.5) == 7


def test_there_is_no_quantile_of_nothing():
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_a_gap_belongs_to_the_window_it_ends_in():
    times_s = [9.9, 10.1, 10.5, 12.5, 12.75, 14.5]
    assert longest_gaps_ms(times_s, begin_s=10, end_s=14, window_s=2) == pytest.approx([400, 2_000])


def test_a_window_in_which_nothing_arrives_has_its_gap_in_the_next():
    assert longest_gaps_ms([0.5, 4.5], begin_s=0, end_s=6, window_s=2) == pytest.approx([0, 0, 4_000])


@pytest.mark.parametrize("found", [[1, 2], [1, 2, 3, 4], [1, 2, 3, 3]])
def test_an_action_that_is_missing_too_many_or_there_twice_is_a_wrong_answer(found):
    with pytest.raises(WrongAnswerError):
        assert_all(found, [1, 2, 3], who="somebody")


def test_every_action_once_is_right():
    assert_all([3, 1, 2], [1, 2, 3], who="somebody")
