"""Marks that a trigger has fired: what ``cooldown`` (by recipient) and ``fires: once`` (by key) look at.

A mark is set when an action of a match is sent or held out. That of a deferred action is provisional: where nothing
of the match is sent in the end, it goes again.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

FOR_EVER = 0

Place: TypeAlias = tuple[Any, ...]
"""(trigger, recipient), or (trigger, key, per)."""


class Mark(NamedTuple):
    """``firm``: something of the match was sent or held out. ``span_us``: how long it holds, 0 for ever."""

    time_us: int
    span_us: int
    match_id: str
    firm: bool


class Marks:
    """The latest mark of each place."""

    def __init__(self) -> None:
        self.by_place: dict[Place, Mark] = {}

    def holds(self, place: Place, match_id: str, time_us: int, span_us: int) -> bool:
        """Whether another match has marked the place less than ``span_us`` before."""
        mark = self.by_place.get(place)
        if mark is None or mark.match_id == match_id:
            return False
        return span_us == FOR_EVER or time_us < mark.time_us + span_us

    def set(self, place: Place, mark: Mark) -> None:
        """This match was sent, held out, or (not ``firm``) deferred."""
        known = self.by_place.get(place)
        if known is not None and known.match_id == mark.match_id:
            mark = mark._replace(firm=known.firm or mark.firm)
        self.by_place[place] = mark

    def raise_to(self, place: Place, mark: Mark) -> None:
        """As ``set``, of a match whose turn may be over: a later match's mark stays what it is."""
        known = self.by_place.get(place)
        if known is None or known.match_id == mark.match_id or known.time_us <= mark.time_us:
            self.set(place, mark)

    def confirm(self, place: Place, match_id: str) -> None:
        """Something of this match that was deferred is sent; a later match's mark stays what it is."""
        mark = self.by_place.get(place)
        if mark is not None and mark.match_id == match_id:
            self.by_place[place] = mark._replace(firm=True)

    def withdraw(self, place: Place, match_id: str) -> None:
        """Nothing of this match waits any more: a mark that only stood for what waited goes."""
        mark = self.by_place.get(place)
        if mark is not None and mark.match_id == match_id and not mark.firm:
            del self.by_place[place]

    def forget(self, watermark_us: int) -> None:
        """Lets go of marks that can hold nothing back any more; what is for ever stays."""
        self.by_place = {
            place: mark
            for place, mark in self.by_place.items()
            if mark.span_us == FOR_EVER or mark.time_us + mark.span_us > watermark_us or not mark.firm
        }
