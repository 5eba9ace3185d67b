"""Between the groups that detect and those that decide: matches to their recipient's group, and how far time has come.

Every worker has one relay behind the detecting groups that run there; ``operators.marks`` says how time passes it.
"""

from __future__ import annotations

from collections.abc import Iterable

from operators.keys import group_names, group_of_name, key_group_of
from operators.marks import GroupMark, MarkCollector
from operators.policy.values import Ended, Handover, MarkTo, Match, ToDecide, Undecided

MARK_EVERY_US = 100_000
"""How far time moves before it is told to the deciding groups: each time wakes every one of them."""


class Relay:
    """One worker's. Keeps nothing that a resume would need: the groups say where they stand when they start."""

    def __init__(self, key_groups: int) -> None:
        self._names = group_names(key_groups)
        self._marks = MarkCollector(MARK_EVERY_US)

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
                    self._marks.hear(group_of_name(name), each)
        mark = self._marks.take()
        if mark is not None:
            out += [
                (every, MarkTo(mark.groups, mark.before_us, mark.final, to)) for to, every in enumerate(self._names)
            ]
        return out

    def _group_of(self, name: str, match: Match) -> str:
        if match.recipient is None:
            return name
        return self._names[key_group_of(match.recipient, len(self._names))]
