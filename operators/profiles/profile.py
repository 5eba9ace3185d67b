"""One customer's profile: what is settled, and what was received and the watermark has not passed."""

from __future__ import annotations

from bisect import bisect_right, insort
from operator import itemgetter
from typing import Any, Final, TypeAlias

from operators.profiles.aggregates import MOST_ROWS, Row
from operators.profiles.attributes import Assignment, assign, outcome
from operators.profiles.kept import Kept

Place: TypeAlias = tuple[Any, ...]
"""(order_us, origin, offset, index): where an event stands in the order of processing."""

_place: Final = itemgetter(0)

Change: TypeAlias = tuple[Place, int, list[tuple[tuple[str, ...], Any]], list[tuple[int, Any]]]
"""(place, event time, [(path, value)], [(number of the trait, what it adds)])."""


class Profile:
    """``pending`` is in order of place; a place is never settled before the watermark has passed it."""

    __slots__ = ("_shown", "_shown_changes", "assigned", "heard", "pending", "settled")

    def __init__(self, traits: int) -> None:
        self.assigned: list[Assignment] = []
        self.settled: list[Any] = [None] * traits
        self.pending: list[Change] = []
        self.heard: dict[int, int] = {}
        """Event times of its events by a hash of their ids, in order of arrival: late copies are recognised by them."""
        self._shown: dict[str, Any] | None = None
        self._shown_changes = 0

    def receive(self, change: Change, id_hash: int) -> None:
        """One event's changes; they count from its place on."""
        insort(self.pending, change, key=_place)
        self.heard[id_hash] = change[1]
        self._shown = None

    def forget_before(self, time_us: int) -> None:
        """No copy of an event before ``time_us`` is asked for any more. Of very many events the oldest go."""
        heard = self.heard
        while heard:
            oldest = next(iter(heard))
            if heard[oldest] >= time_us and len(heard) < MOST_ROWS:
                break
            del heard[oldest]

    def settle(self, kept: Kept, floor_us: int) -> None:
        """Nothing will be asked any more as of a time below ``floor_us``: what is older needs no place."""
        pending = self.pending
        if pending and pending[0][0][0] < floor_us:
            count = bisect_right(pending, floor_us - 1, key=_order)
            for _, time_us, assigned, added in pending[:count]:
                for path, value in assigned:
                    assign(self.assigned, time_us, path, value)
                for number, value in added:
                    self.settled[number] = kept.traits[number].settle(self.settled[number], (time_us, value), floor_us)
            del pending[:count]
            self._shown = None

    def is_empty(self, kept: Kept, floor_us: int) -> bool:
        """Whether a customer never heard of would read the same from ``floor_us`` on; lets go of what nothing needs."""
        self.settle(kept, floor_us)
        for number, trait in enumerate(kept.traits):
            self.settled[number] = trait.recent(self.settled[number], floor_us)
        return not self.pending and not self.assigned and all(each is None for each in self.settled)

    def read(self, kept: Kept, time_us: int, visible_us: int) -> dict[str, Any]:
        """Attributes and traits by what stands up to ``visible_us``, with horizons that end at ``time_us``.

        What it gives is shared: not to be changed.
        """
        pending = self.pending
        count = bisect_right(pending, visible_us, key=_order) if pending else 0
        shown = self._shown
        if shown is None or self._shown_changes != count:
            assigned = self.assigned
            if count:
                assigned = assigned.copy()
                for _, event_time_us, found, _ in pending[:count]:
                    for path, value in found:
                        assign(assigned, event_time_us, path, value)
            shown = self._shown = outcome(assigned)
            self._shown_changes = count
        if not kept.traits:
            return shown
        worked_out = {}
        for number, trait in enumerate(kept.traits):
            rows = _rows(pending[:count], number) if count else []
            worked_out[trait.name] = trait.worked_out(self.settled[number], rows, time_us)
        return shown | worked_out


def _rows(changes: list[Change], number: int) -> list[Row]:
    return [(time_us, value) for _, time_us, _, added in changes for each, value in added if each == number]


def _order(change: Change) -> int:
    order_us: int = change[0][0]
    return order_us
