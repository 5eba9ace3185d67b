"""Partitions are read beyond the slowest only so far: bounded by a number of events, and never all of them paused."""

import random

import pytest

from operators.read_ahead import ReadAhead


def line_of(most: int, *partitions: str) -> ReadAhead:
    line = ReadAhead(most)
    for each in partitions:
        line.enter(each, -100)
    return line


def test_who_is_ahead_by_too_much_waits_and_the_slowest_reads() -> None:
    line = line_of(10, "slow", "fast")
    line.read("fast", 50, 9)
    assert (line.events(), line.may_read("fast")) == (9, True)
    line.read("fast", 60, 1)
    assert (line.events(), line.may_read("fast"), line.may_read("slow")) == (10, False, True)


def test_what_the_slowest_has_passed_waits_no_more() -> None:
    line = line_of(10, "slow", "fast")
    line.read("fast", 50, 6)
    line.read("fast", 60, 6)
    line.read("slow", 49, 5)
    assert (line.events(), line.may_read("fast")) == (12, False)
    line.read("slow", 50, 5)
    assert (line.events(), line.may_read("fast")) == (6, True)


def test_a_partition_at_its_end_holds_nobody_back_until_it_is_read_on() -> None:
    line = line_of(10, "silent", "fast")
    line.read("fast", 50, 20)
    assert not line.may_read("fast")
    line.reached_head("silent")
    assert line.may_read("fast")
    line.read("silent", 0, 1)
    line.read("fast", 60, 20)
    assert not line.may_read("fast")


def test_a_partition_that_left_holds_nobody_back() -> None:
    line = line_of(10, "slow", "fast")
    line.read("fast", 50, 20)
    line.leave("slow")
    assert line.may_read("fast")
    assert line.events() == 0


def test_dead_letters_alone_count_for_nothing() -> None:
    line = line_of(1, "slow", "fast")
    line.read("fast", 50, 0)
    assert line.events() == 0
    assert line.may_read("fast")


@pytest.mark.parametrize("seed", range(20))
def test_any_partitions_are_read_to_their_ends_within_the_bound(seed: int) -> None:
    """Whatever the order in which they are asked, their lengths and their times."""
    rng = random.Random(seed)
    most, chunk = rng.randrange(1, 200), rng.randrange(1, 30)
    times = {each: sorted(rng.randrange(1_000) for _ in range(rng.choice((0, 3, 400)))) for each in "abcde"}
    line = line_of(most, *times)
    unread = {each: list(of) for each, of in times.items()}
    turns = 0
    while any(unread.values()):
        turns += 1
        assert turns < 10_000, "nobody may read"
        each = rng.choice("abcde")
        if not line.may_read(each):
            continue
        taken, unread[each] = unread[each][:chunk], unread[each][chunk:]
        if taken:
            line.read(each, taken[-1], len(taken))
        if not unread[each]:
            line.reached_head(each)
        assert line.events() <= most + chunk * len(times)
