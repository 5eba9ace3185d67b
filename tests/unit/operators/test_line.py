"""A line gives what is due in order, however much waits and in whatever order it came."""

import random

import pytest

from operators.line import LONG, Line
from operators.records import END_OF_TIME

Entry = tuple[int, tuple[str, int], int, int, str]


def entry(order_us: int, offset: int) -> Entry:
    return (order_us, ("events", 0), offset, 0, "more")


@pytest.mark.parametrize("waiting", [10, LONG, 20 * LONG])
@pytest.mark.parametrize("together", [1, 7, 300])
def test_what_is_released_is_what_orders_before_in_order_and_the_rest_waits(waiting: int, together: int) -> None:
    """`waiting` wait at a time, `together` come and go with each release."""
    draw, line, held, offset = random.Random(waiting * together), Line(), list[Entry](), 0
    for turn in range(300 + 4 * waiting // together if together < 300 else 60):
        for _ in range(together):
            offset += 1
            # Many of one time; also some that order before what has been released.
            held.append(entry(turn * together + draw.randrange(-3, waiting), offset))
            line.append(held[-1])
        before = turn * together - draw.randrange(3)
        held.sort()
        due = [each for each in held if each[0] < before]
        assert line.released(before) == due
        held = held[len(due) :]
        assert len(line) == len(held)
        assert bool(line) == bool(held)
    assert sorted(line) == held
    assert line.released(END_OF_TIME) == held
    assert [*line] == []


def test_a_long_line_is_not_looked_at_whole_by_each_release() -> None:
    """By counting what is compared: entries whose order is a number that counts."""

    class Counting(int):
        compared = 0

        def __lt__(self, other: int) -> bool:
            Counting.compared += 1
            return int(self) < int(other)

    line = Line(entry(Counting(each), each) for each in range(10 * LONG))
    line.released(1)
    Counting.compared = 0
    for turn in range(2, 40):
        line.append(entry(Counting(10 * LONG + turn), turn))
        line.released(turn)
    assert 0 < Counting.compared < 38 * 2 * LONG


def test_what_waits_apart_at_the_same_time_comes_in_order_of_offset() -> None:
    line = Line(entry(5, offset) for offset in range(3 * LONG))
    assert line.released(5) == []
    line.append(entry(4, 0))
    line.append(entry(5, 3 * LONG))
    assert line.released(5) == [entry(4, 0)]
    assert [each[2] for each in line.released(6)] == [*range(3 * LONG + 1)]
