"""Copies told apart where all events of a log still pass one place, for all key groups at once.

What a key group says of its own events by their ids (``operators.seen``) depends on the log alone, so whoever reads
the whole of it can say the same: a file's reader does. Then no id of an event that nothing listens to goes any further.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from operators.records import BEGINNING_OF_TIME, MAX_EPOCH_MS, Chunk
from operators.seen import SeenIds

Homes: TypeAlias = npt.NDArray[np.integer[Any]]

MOST_HOMES: Final = 2**63 // (MAX_EPOCH_MS * 1_000)
"""With so many a time and a home fit into one number."""


class Copies:
    """Tells the copies of one partition apart. It keeps nothing for a resume, and no id longer than a key group.

    ``homes``: how many there are; a copy is one of an event of the same home. Not where a trigger fires on arrival:
    its key group alone knows whose id is to be kept for longer.
    """

    def __init__(self, homes: int) -> None:
        if homes > MOST_HOMES:
            raise ValueError(f"{homes} homes; allowed: up to {MOST_HOMES}")
        self._homes = homes
        self._young: dict[str, int] = {}
        """By id that may still be copied, the time and the home of its first event as one number."""
        self._young_until_us = BEGINNING_OF_TIME
        self._old: dict[str, int] = {}
        self._old_until_us = BEGINNING_OF_TIME
        self._again = SeenIds(0)
        """The same of ids that came more than once, by home and id."""

    def of(self, chunk: Chunk, ids: list[str], homes: Homes) -> list[int]:
        """The places of the copies in a chunk, by the ids and homes of its events; the others are remembered."""
        doubtful = self._doubtful(chunk, ids)
        copies = [place for place in doubtful if self._is_copy(chunk, ids, homes, place)]
        # A copy of what time has passed is late anyway.
        times_us = np.array(chunk.event_times_us, np.int64)
        is_lasting = times_us >= chunk.watermark_us
        is_lasting[copies] = False
        lasting = np.flatnonzero(is_lasting)
        if len(lasting):
            self._young_until_us = max(self._young_until_us, int(times_us[lasting].max()))
            found = (times_us[lasting] * self._homes + homes[lasting]).tolist()
            self._remember([ids[place] for place in lasting.tolist()], found, known=len(doubtful) > len(copies))
        self._forget(chunk.watermark_us)
        return copies

    def _doubtful(self, chunk: Chunk, ids: list[str]) -> list[int]:
        """The places of events whose ids are known, or come again in this chunk, or are late."""
        doubtful = {*chunk.late}
        fresh = dict.fromkeys(ids).keys()
        again = set().union(*(known.keys() & fresh for known in (self._young, self._old)))
        if len(fresh) < len(ids):
            again.update(each for each, count in Counter(ids).items() if count > 1)
        if again:
            doubtful.update(place for place, each in enumerate(ids) if each in again)
        return sorted(doubtful)

    def _remember(self, ids: list[str], found: list[int], *, known: bool) -> None:
        """``known``: some may be known already, and stay as they are known."""
        if known:
            for each, number in zip(ids, found, strict=True):
                self._young.setdefault(each, number)
        else:
            self._young.update(zip(ids, found, strict=True))

    def _is_copy(self, chunk: Chunk, ids: list[str], homes: Homes, place: int) -> bool:
        """As ``SeenIds.is_duplicate`` of the group."""
        event_id, home, watermark_us = ids[place], int(homes[place]), chunk.watermarks_us[place]
        for known in (self._young, self._old):
            if event_id in known:
                first_us, first_home = divmod(known[event_id], self._homes)
                if first_home == home and watermark_us <= first_us:
                    return True
        return self._again.is_duplicate(f"{home}/{event_id}", chunk.event_times_us[place], watermark_us)

    def _forget(self, watermark_us: int) -> None:
        """As ``SeenIds.forget``."""
        if self._old_until_us < watermark_us and self._young:
            self._old, self._old_until_us = self._young, self._young_until_us
            self._young, self._young_until_us = {}, BEGINNING_OF_TIME
        self._again.forget(watermark_us)
