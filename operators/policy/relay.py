"""Between the groups that detect and those that decide: matches to their recipient's group, and how far time has come.

Every worker has one relay behind the detecting groups that run there. Whatever it sends to a group on one worker
arrives in the order it was sent, so a mark that follows the matches before it says that they are all there. A mark is
of all the groups the relay has heard so far, as bits, with the lowest of their times; a deciding group's watermark is
the lowest mark, once the groups it has heard of are all there are.
"""

from __future__ import annotations

from collections.abc import Iterable

from operators.keys import group_names, group_of_name, key_group_of
from operators.policy.values import Ended, GroupMark, Handover, Match, RelayedMark, ToDecide, Undecided
from operators.records import BEGINNING_OF_TIME

MARK_EVERY_US = 100_000
"""How far time moves before it is told to the deciding groups: each time wakes every one of them."""


class Relay:
    """One worker's. Keeps nothing that a resume would need: the groups say where they stand when they start."""

    def __init__(self, key_groups: int) -> None:
        self._names = group_names(key_groups)
        self._marks: dict[int, int] = {}
        self._final: set[int] = set()
        self._told: tuple[int, int, bool] = (0, BEGINNING_OF_TIME, False)

    def pass_on(self, found: Iterable[tuple[str, Undecided]]) -> list[tuple[str, ToDecide]]:
        """What detecting groups sent, as (name of the deciding group, what it is to know), in an order that holds."""
        out: list[tuple[str, ToDecide]] = []
        for name, each in found:
            match each:
                case Match():
                    out.append((self._group_of(name, each), each))
                case Handover():
                    # A customer and a recipient of one id fall into groups of one name.
                    out.append((name, each))
                case Ended():
                    # Only the recipient's group knows whose it is.
                    out += [(every, each) for every in self._names]
                case GroupMark():
                    group = group_of_name(name)
                    self._marks[group] = max(each.before_us, self._marks.get(group, BEGINNING_OF_TIME))
                    if each.final:
                        self._final.add(group)
        mark = self._mark()
        if mark is not None:
            out += [(every, mark) for every in self._names]
        return out

    def _group_of(self, name: str, match: Match) -> str:
        if match.recipient is None:
            return name
        return self._names[key_group_of(match.recipient, len(self._names))]

    def _mark(self) -> RelayedMark | None:
        """What there is to tell the deciding groups, None if it is too little to wake them for."""
        if not self._marks:
            return None
        groups = sum(1 << group for group in self._marks)
        before_us = min(self._marks.values())
        final = len(self._final) == len(self._marks)
        told_groups, told_us, told_final = self._told
        if groups == told_groups and final == told_final and before_us - told_us < MARK_EVERY_US:
            return None
        self._told = (groups, before_us, final)
        return RelayedMark(groups, before_us, final)


class RelayedClock:
    """How far a deciding group knows that everything has been found. ``before_us`` never falls."""

    def __init__(self, key_groups: int) -> None:
        self._all = (1 << key_groups) - 1
        self._marks: dict[int, tuple[int, bool]] = {}
        self.before_us = BEGINNING_OF_TIME
        self.final = False

    def hear(self, mark: RelayedMark) -> None:
        """A relay's mark: in place of what it said of fewer groups."""
        self._marks = {groups: known for groups, known in self._marks.items() if groups & ~mark.groups}
        self._marks[mark.groups] = (mark.before_us, mark.final)
        heard = 0
        for groups in self._marks:
            heard |= groups
        if heard == self._all:
            self.before_us = max(self.before_us, min(before_us for before_us, _ in self._marks.values()))
            self.final = all(final for _, final in self._marks.values())
