"""How far a step has come, told to the groups of the step behind it, which may be on other workers.

Every worker has one collector behind the groups of the first step that run there. Whatever it sends to a group on one
worker arrives in the order it was sent, so a mark that follows what was found before it says that all of it is there.
A mark is of all the groups the collector has heard so far, as bits, with the lowest of their times; a receiving
group's time is the lowest mark, once the groups it has heard of are all there are. Nothing here is in a snapshot: the
groups say where they stand when they are first woken.
"""

from __future__ import annotations

import msgspec

from operators.records import BEGINNING_OF_TIME


class GroupMark(msgspec.Struct, frozen=True):
    """A group has sent everything that stands before ``before_us``. ``final``: it sends no more."""

    before_us: int
    final: bool


class RelayedMark(msgspec.Struct, frozen=True):
    """The same of a set of groups, as the bits of ``groups``."""

    groups: int
    before_us: int
    final: bool


class MarkCollector:
    """One worker's. ``every_us``: how far time must move to be worth telling, for each time wakes every group."""

    def __init__(self, every_us: int = 1) -> None:
        self._every_us = every_us
        self._marks: dict[int, GroupMark] = {}
        self._told = RelayedMark(0, BEGINNING_OF_TIME, False)

    def hear(self, group: int, mark: GroupMark) -> None:
        """A group's mark; a group's marks never fall."""
        self._marks[group] = mark

    def take(self) -> RelayedMark | None:
        """What is to be told now; None if it was told already, or is too little."""
        if not self._marks:
            return None
        marks = self._marks.values()
        mark = RelayedMark(
            groups=sum(1 << group for group in self._marks),
            before_us=min(each.before_us for each in marks),
            final=all(each.final for each in marks),
        )
        told = self._told
        if (mark.groups, mark.final) == (told.groups, told.final) and mark.before_us - told.before_us < self._every_us:
            return None
        self._told = mark
        return mark


class RelayedClock:
    """How far a receiving group knows that everything has come. ``before_us`` never falls."""

    def __init__(self, groups: int) -> None:
        self._all = (1 << groups) - 1
        self._marks: dict[int, RelayedMark] = {}
        self.before_us = BEGINNING_OF_TIME
        self.final = False

    def hear(self, mark: RelayedMark) -> None:
        """A collector's mark: in place of what it said of fewer groups."""
        self._marks = {groups: known for groups, known in self._marks.items() if groups & ~mark.groups}
        self._marks[mark.groups] = mark
        heard = 0
        for groups in self._marks:
            heard |= groups
        if heard == self._all:
            self.before_us = max(self.before_us, min(each.before_us for each in self._marks.values()))
            self.final = all(each.final for each in self._marks.values())
