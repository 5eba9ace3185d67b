"""Which event ids have been seen: decided by the log, so that no chunking or timing changes a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from operators.records import BEGINNING_OF_TIME

_SPARE = 64
"""Ids kept for the horizon that may outlive it before a sweep is worth it."""


class SeenIds:
    """Event ids with the time until which a copy is a duplicate.

    A copy at an offset where its partition's watermark has passed the first one's time is late anyway, so an id is
    kept until then; one that fired a trigger on arrival is kept ``horizon_us`` longer. Ids are forgotten by the
    generation: when the watermark has passed all of the old one, it goes whole, and no id is looked at again.
    """

    __slots__ = ("_horizon_us", "_kept", "_old", "_old_until_us", "_sweep_at", "_young", "_young_until_us")

    def __init__(self, horizon_us: int) -> None:
        self._horizon_us = horizon_us
        self._young: dict[str, int] = {}
        self._young_until_us = BEGINNING_OF_TIME
        self._old: dict[str, int] = {}
        self._old_until_us = BEGINNING_OF_TIME
        self._kept: dict[str, int] = {}
        self._sweep_at = _SPARE

    def all_new(self, ids: Sequence[str], times_us: Sequence[int]) -> bool:
        """Remembers these ids if every one of them is unknown and comes once, and tells whether it did."""
        fresh = dict(zip(ids, times_us, strict=True))
        if len(fresh) < len(ids):
            return False
        for known in (self._young, self._old, self._kept):
            if known and not known.keys().isdisjoint(fresh):
                return False
        self._young.update(fresh)
        self._young_until_us = max(self._young_until_us, *times_us)
        return True

    def is_duplicate(self, event_id: str, time_us: int, watermark_us: int) -> bool:
        """Whether this is a copy; if not, it is remembered. ``watermark_us``: ``W_p`` at its own offset."""
        for known in (self._young, self._old, self._kept):
            if event_id in known and watermark_us <= known[event_id]:
                return True
        if time_us >= watermark_us:
            self._young[event_id] = time_us
            self._young_until_us = max(self._young_until_us, time_us)
        return False

    def keep(self, event_id: str, time_us: int) -> None:
        """It fired a trigger on arrival: its copies are duplicates for the whole horizon."""
        self._kept[event_id] = time_us + self._horizon_us

    def forget(self, watermark_us: int) -> None:
        """The group's watermark is here: ids below it can have no more copies that are not late."""
        if self._old_until_us < watermark_us and self._young:
            self._old, self._old_until_us = self._young, self._young_until_us
            self._young, self._young_until_us = {}, BEGINNING_OF_TIME
        if len(self._kept) > self._sweep_at:
            self._kept = {each: until for each, until in self._kept.items() if until >= watermark_us}
            self._sweep_at = max(_SPARE, 2 * len(self._kept))

    def state(self) -> list[dict[str, int]]:
        """What a snapshot keeps, by id the watermark up to which a copy is a duplicate: (recent, for the horizon)."""
        return [{**self._old, **self._young}, self._kept]

    def resume(self, state: Sequence[dict[str, int]]) -> None:
        """Continue from what ``state`` gave."""
        self._young, self._kept = state
        self._young_until_us = max(self._young.values(), default=BEGINNING_OF_TIME)
