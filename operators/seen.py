"""Which event ids have been seen: decided by the log, so that no chunking or timing changes a verdict."""

from __future__ import annotations

_SPARE = 64
"""Ids that may be kept beyond their time before a sweep is worth it."""


class SeenIds:
    """Event ids with the time until which a copy is a duplicate.

    A copy at an offset where its partition's watermark has passed the first one's time is late anyway, so an id is
    kept until then; one that fired a trigger on arrival is kept ``horizon_us`` longer. Forgetting is lazy: a sweep
    when the ids have doubled.
    """

    __slots__ = ("_horizon_us", "_sweep_at", "until_us")

    def __init__(self, horizon_us: int) -> None:
        self._horizon_us = horizon_us
        self._sweep_at = _SPARE
        self.until_us: dict[str, int] = {}

    def is_duplicate(self, event_id: str, time_us: int, watermark_us: int) -> bool:
        """Whether this is a copy; if not, it is remembered. ``watermark_us``: ``W_p`` at its own offset."""
        known_us = self.until_us.get(event_id)
        if known_us is not None and watermark_us <= known_us:
            return True
        if time_us >= watermark_us:
            self.until_us[event_id] = time_us
        return False

    def keep(self, event_id: str, time_us: int) -> None:
        """It fired a trigger on arrival: its copies are duplicates for the whole horizon."""
        self.until_us[event_id] = time_us + self._horizon_us

    def forget(self, watermark_us: int) -> None:
        """The group's watermark is here: ids below it can have no more copies that are not late."""
        if len(self.until_us) > self._sweep_at:
            self.until_us = {each: until for each, until in self.until_us.items() if until >= watermark_us}
            self._sweep_at = max(_SPARE, 2 * len(self.until_us))
