"""What is kept of the events of one step, and how a repetition grows.

A captured step is one of these plain values, told apart by what stands first in it:

    (event_id, …)                       the capture of the one event it took
    ((event_id, …), (event_id, …))      of a repetition, the captures of all its events, oldest first
    (count, digest, first, prev, last, aggregates)
                                        of a repetition without a bound: its state must not grow with it
    None                                it was left out, or is not reached

``digest`` is a running hash of the event ids: with the count, the first and the last it is the evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, Final, TypeAlias

from operators import aggregates

Capture: TypeAlias = tuple[Any, ...]
"""``(event_id, origin, offset, index, event_time_us, *values)``."""

Captured: TypeAlias = tuple[Any, ...] | None

MAX_KEPT: Final = 100
"""Events of one repetition that are kept each by itself."""

COUNT, DIGEST, FIRST, PREV, LAST, AGGREGATES = range(6)
CAPTURE_ID, CAPTURE_TIME = 0, 4


def is_summary(captured: Capture) -> bool:
    """Whether of this repetition the ends and the sums are all that is kept."""
    return type(captured[0]) is int


def count_of(captured: Captured) -> int:
    """How many events the step has taken."""
    if captured is None:
        return 0
    kind = type(captured[0])
    if kind is str:
        return 1
    count: int = captured[COUNT] if kind is int else len(captured)
    return count


def first_of(captured: Capture) -> Capture:
    """The capture of the step's first event."""
    kind = type(captured[0])
    first: Capture = captured if kind is str else captured[FIRST] if kind is int else captured[0]
    return first


def last_of(captured: Capture) -> Capture:
    """The capture of the step's latest event."""
    kind = type(captured[0])
    last: Capture = captured if kind is str else captured[LAST] if kind is int else captured[-1]
    return last


def prev_of(captured: Capture) -> Capture | None:
    """The capture of the event before the latest one, None where there is none."""
    kind = type(captured[0])
    if kind is int:
        prev: Capture | None = captured[PREV]
        return prev
    return captured[-2] if kind is tuple and len(captured) > 1 else None


def kept_of(captured: Capture) -> tuple[Capture, ...]:
    """The captures there still are of the step's events: all of them, or of a summary the first and the last."""
    kind = type(captured[0])
    if kind is str:
        return (captured,)
    if kind is int:
        return (captured[FIRST],) if captured[COUNT] == 1 else (captured[FIRST], captured[LAST])
    return captured


def kept_events(captures: Iterable[Captured]) -> Iterator[Capture]:
    """Every capture of an event in these steps."""
    for captured in captures:
        if captured is not None:
            yield from kept_of(captured)


def place_of(capture: Capture) -> tuple[Any, ...]:
    """Where the event of a capture stands in the order of processing."""
    return (capture[CAPTURE_TIME], *capture[1:CAPTURE_TIME])


def earliest(captures: Iterable[Captured]) -> Capture:
    """The capture of the first event in order of processing."""
    return min((first_of(captured) for captured in captures if captured is not None), key=place_of)


def taken_by(captures: Iterable[Captured], event_id: str) -> bool:
    """Whether the event with this id is one of those still kept."""
    return any(capture[CAPTURE_ID] == event_id for capture in kept_events(captures))


class Growth:
    """How the repetition of one step is kept: each event, or sums of them."""

    __slots__ = ("aggregates", "keeps_all")

    def __init__(self, *, keeps_all: bool, aggregates: Sequence[tuple[str, int]]) -> None:
        self.keeps_all = keeps_all
        self.aggregates = tuple(aggregates)
        """What is asked of all events: (aggregate, place of its value in a capture)."""

    def add(self, captured: Captured, taken: Capture) -> Capture:
        """The repetition with one more event."""
        if self.keeps_all:
            return (taken,) if captured is None else (*captured, taken)
        if captured is None:
            captured = (0, b"", taken, None, None, tuple(aggregates.START[name] for name, _ in self.aggregates))
        count, digest, first, _, last, states = captured
        event_id = taken[CAPTURE_ID].encode("utf-8", "surrogatepass")
        return (
            count + 1,
            blake2b(digest + event_id, digest_size=16).digest(),
            first,
            last,
            taken,
            tuple(
                aggregates.add(name, state, taken[place])
                for (name, place), state in zip(self.aggregates, states, strict=True)
            ),
        )

    def of(self, taken: Sequence[Capture]) -> Capture:
        """The repetition of these events: a first step's, which are known all at once."""
        if len(taken) <= MAX_KEPT:
            return tuple(taken)
        summing = Growth(keeps_all=False, aggregates=self.aggregates)
        captured: Captured = None
        for each in taken:
            captured = summing.add(captured, each)
        assert captured is not None
        return captured

    def aggregate(self, name: str, place: int, captured: Captured) -> Any:
        """The aggregate over all events of the repetition, None where it is missing."""
        if captured is None:
            return None
        if is_summary(captured):
            return aggregates.result(name, captured[AGGREGATES][self.aggregates.index((name, place))])
        return aggregates.over(name, (each[place] for each in kept_of(captured)))
