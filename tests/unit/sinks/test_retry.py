"""Back-off: what is tried again, how long, and what is said at the end."""

import random

import pytest

from sinks.errors import RetriesExhausted, TerminalSinkError, TransientSinkError
from sinks.retry import Retry


class HandClock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept_s: list[float] = []

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds


def retry(clock: HandClock, **changed: float) -> Retry:
    return Retry(rng=random.Random(7), monotonic=clock.monotonic, sleep=clock.sleep, **changed)


def fails(times: int, error: Exception) -> tuple[list[int], object]:
    calls: list[int] = []

    def attempt() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return "done"

    return calls, attempt


def test_a_transient_failure_is_tried_again() -> None:
    clock = HandClock()
    calls, attempt = fails(3, TransientSinkError("busy"))
    assert retry(clock).call("insert", attempt) == "done"
    assert len(calls) == 4


def test_waits_lie_below_a_bound_that_doubles_up_to_the_longest() -> None:
    clock = HandClock()
    _, attempt = fails(8, TransientSinkError("busy"))
    retry(clock, first_s=1.0, longest_s=5.0, deadline_s=1000.0).call("insert", attempt)
    bounds_s = [1.0, 2.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0]
    assert all(0.0 <= slept <= bound for slept, bound in zip(clock.slept_s, bounds_s, strict=True))
    assert len(set(clock.slept_s)) == len(clock.slept_s)


def test_the_same_seed_waits_the_same() -> None:
    slept = []
    for _ in range(2):
        clock = HandClock()
        _, attempt = fails(5, TransientSinkError("busy"))
        retry(clock).call("insert", attempt)
        slept.append(clock.slept_s)
    assert slept[0] == slept[1]


def test_at_the_deadline_it_says_what_how_often_and_how_long() -> None:
    clock = HandClock()
    calls, attempt = fails(10**6, TransientSinkError("server is busy."))
    with pytest.raises(RetriesExhausted) as caught:
        retry(clock, first_s=1.0, deadline_s=20.0).call("insert 5 rows into events", attempt)
    text = str(caught.value)
    assert "insert 5 rows into events" in text
    assert f"{len(calls)} attempts in {clock.now_s - 100.0:.1f} s" in text
    assert "server is busy." in text
    assert clock.now_s - 100.0 <= 20.0
    assert isinstance(caught.value.__cause__, TransientSinkError)


@pytest.mark.parametrize("error", [TerminalSinkError("no"), ValueError("what?"), OSError("unknown")])
def test_everything_else_passes_at_once(error: Exception) -> None:
    clock = HandClock()
    calls, attempt = fails(1, error)
    with pytest.raises(type(error)):
        retry(clock).call("insert", attempt)
    assert len(calls) == 1
    assert clock.slept_s == []
