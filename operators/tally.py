"""Counters of one key group or one source partition: plain numbers that a scrape, or a summary, adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


class Tally:
    """Counts by (what, label). Written by one thread, read by any."""

    __slots__ = ("counts",)

    def __init__(self, counts: dict[tuple[str, str], int] | None = None) -> None:
        self.counts: Counter[tuple[str, str]] = Counter(counts or {})

    def add(self, what: str, label: str = "", amount: int = 1) -> None:
        """``amount`` more of it."""
        self.counts[what, label] += amount

    def of(self, what: str, label: str = "") -> int:
        """How many of it."""
        return self.counts[what, label]

    def total(self, what: str) -> int:
        """How many of it, whatever the label."""
        return sum(count for (each, _), count in self.counts.items() if each == what)

    def labels(self, what: str) -> dict[str, int]:
        """How many of it, by label."""
        return {label: count for (each, label), count in sorted(self.counts.items()) if each == what}

    def take(self, what: str) -> dict[str, int]:
        """The same, and forgets them."""
        taken = self.labels(what)
        for label in taken:
            del self.counts[what, label]
        return taken


def add_up(tallies: Iterable[Tally]) -> Tally:
    """The sum of several."""
    total = Tally()
    for tally in tallies:
        total.counts.update(dict(tally.counts))
    return total
