"""When a supervisor tries again, and when it gives up; by a hand-held clock."""

from flows.run.patience import Patience


def waits(patience: Patience, *failures: tuple[float, float]) -> list[float | None]:
    """For each failure (when, how long it had run)."""
    return [patience.after_failure(now_s, ran_s=ran_s) for now_s, ran_s in failures]


def test_each_wait_is_twice_the_one_before_up_to_the_longest():
    patience = Patience(first_s=1, longest_s=5, healthy_s=60, failures=100, window_s=1_000)
    assert waits(patience, *((float(i), 0.5) for i in range(5))) == [1, 2, 4, 5, 5]


def test_what_ran_long_enough_begins_at_the_first_wait_again():
    patience = Patience(first_s=1, healthy_s=60, failures=100)
    assert waits(patience, (0, 1), (2, 1), (70, 59.999), (140, 60), (145, 1)) == [1, 2, 4, 1, 2]


def test_so_many_failures_within_the_window_are_the_end():
    patience = Patience(failures=3, window_s=100)
    assert waits(patience, (0, 1), (50, 1), (99.999, 1))[-1] is None
    assert patience.recent == 3


def test_a_failure_is_forgotten_when_the_window_has_passed():
    patience = Patience(failures=3, window_s=100)
    assert waits(patience, (0, 1), (50, 1), (100, 1))[-1] is not None
    assert patience.recent == 2


def test_the_wait_stays_the_longest_however_often_it_failed():
    patience = Patience(longest_s=60, failures=10_000, window_s=1)
    assert waits(patience, *((float(i * 2), 0.1) for i in range(2_000)))[-1] == 60
