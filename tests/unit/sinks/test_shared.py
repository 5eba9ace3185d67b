"""One resource for many holders."""

import pytest

from sinks.shared import Shared


def test_it_is_opened_once_and_closed_with_the_last_holder() -> None:
    opened: list[str] = []
    closed: list[str] = []

    def open_one() -> str:
        opened.append(f"r{len(opened)}")
        return opened[-1]

    shared = Shared(open_one, closed.append)
    assert [shared.acquire(), shared.acquire()] == ["r0", "r0"]
    shared.release()
    assert closed == []
    shared.release()
    assert closed == ["r0"]
    assert shared.acquire() == "r1"


def test_what_could_not_be_opened_is_held_by_nobody() -> None:
    tries: list[int] = []

    def open_second_time() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")
        return "r"

    closed: list[str] = []
    shared = Shared(open_second_time, closed.append)
    with pytest.raises(OSError, match="not yet"):
        shared.acquire()
    assert shared.acquire() == "r"
    shared.release()
    assert closed == ["r"]
