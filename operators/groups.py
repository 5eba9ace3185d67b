"""``all`` and ``any``: members in any order, and how far a run has come with them.

Three answers, as everywhere: True (done), False (can no longer be done), None (waits). An event fills at most one
member of a run: the first that waits, in the order written, depth first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from operators.conditions import Captures
from operators.matcher import CompiledMatcher, Ways
from operators.records import END_OF_TIME, Event
from operators.repetition import Capture, place_of

Said: TypeAlias = bool | None
Absences: TypeAlias = list[Said]
"""By absent member of a run's group: over without such an event, spoilt by one, or still open."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A member that one event fills. ``place``: among the leaves of its outermost group."""

    place: int
    matcher: CompiledMatcher


@dataclass(frozen=True, slots=True)
class AbsentMember:
    """A member that is done when ``span_us`` has passed without such an event. ``place``: among those of its group."""

    place: int
    matcher: CompiledMatcher
    span_us: int


@dataclass(frozen=True, slots=True)
class Node:
    """``all`` or ``any`` of members."""

    word: Literal["all", "any"]
    members: tuple[Leaf | AbsentMember | Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A whole step. Its leaves have slots from the stage's on."""

    root: Node
    leaves: tuple[Leaf, ...]
    absent: tuple[AbsentMember, ...]
    units: tuple[tuple[Leaf, ...], ...]
    """Leaves of which one event is enough, being alone or in an ``any``; what a first step fills and refills."""


def units(node: Leaf | AbsentMember | Node) -> list[tuple[Leaf, ...]]:
    """See ``Group.units``."""
    if isinstance(node, AbsentMember):
        return []
    if isinstance(node, Leaf):
        return [(node,)]
    found = [units(member) for member in node.members]
    if node.word == "any" and all(len(each) == 1 for each in found):
        return [tuple(leaf for (unit,) in found for leaf in unit)]
    return [unit for each in found for unit in each]


Filled: TypeAlias = Sequence[Capture | None]
"""By leaf, what it took."""


def said(node: Leaf | AbsentMember | Node, filled: Filled, absences: Absences, *, final: bool = False) -> Said:
    """Whether the member is done. ``final``: no event will fill anything any more."""
    if isinstance(node, Leaf):
        return True if filled[node.place] is not None else False if final else None
    if isinstance(node, AbsentMember):
        return absences[node.place]
    verdicts = [said(member, filled, absences, final=final) for member in node.members]
    decisive = node.word == "any"
    if decisive in verdicts:
        return decisive
    return None if None in verdicts else not decisive


def waiting(node: Node, filled: Filled, absences: Absences) -> Iterator[Leaf | AbsentMember]:
    """The members that still count, in the order written, depth first."""
    for member in node.members:
        if said(member, filled, absences) is None:
            if isinstance(member, Node):
                yield from waiting(member, filled, absences)
            else:
                yield member


def leaf_for(
    group: Group, filled: Filled, absences: Absences, event: Event, captures: Captures, ways: Ways
) -> Leaf | None:
    """The member that the event fills, None if none."""
    for member in waiting(group.root, filled, absences):
        if isinstance(member, Leaf) and member.matcher.fits(event, captures, ways):
            return member
    return None


def spoil(
    group: Group, filled: Filled, absences: Absences, event: Event, captures: Captures, ways: Ways, *, final: bool
) -> bool:
    """The event ends the absences that it may fit; tells whether the group can no longer be done.

    ``final``: it takes no more events.
    """
    spoilt = [
        member
        for member in waiting(group.root, filled, absences)
        if isinstance(member, AbsentMember) and member.matcher.blocks(event, captures, ways)
    ]
    for member in spoilt:
        absences[member.place] = False
    return bool(spoilt) and said(group.root, filled, absences, final=final) is False


def pass_time(group: Group, filled: Filled, absences: Absences, *, entered_us: int, now_us: int) -> Said:
    """Absences whose time is over are done; gives the verdict on the whole."""
    for member in list(waiting(group.root, filled, absences)):
        if isinstance(member, AbsentMember) and entered_us + member.span_us <= now_us:
            absences[member.place] = True
    return said(group.root, filled, absences)


def next_absence_us(group: Group, filled: Filled, absences: Absences, *, entered_us: int) -> int:
    """When the next open absence is over."""
    return min(
        (
            entered_us + member.span_us
            for member in waiting(group.root, filled, absences)
            if isinstance(member, AbsentMember)
        ),
        default=END_OF_TIME,
    )


def picked(node: Leaf | AbsentMember | Node, filled: Filled, *, newest: bool) -> list[int] | None:
    """The leaves that a first step's group is made of, None while it is incomplete.

    Of an ``any`` it is the member that was done last (``newest``), or first.
    """
    if isinstance(node, Leaf):
        return None if filled[node.place] is None else [node.place]
    if isinstance(node, AbsentMember):
        return None
    found = [picked(member, filled, newest=newest) for member in node.members]
    done = [each for each in found if each is not None]
    if node.word == "all":
        return [place for each in done for place in each] if len(done) == len(found) else None
    if not done:
        return None
    choose = max if newest else min
    return choose(done, key=lambda each: _completed(each, filled))


def _completed(places: list[int], filled: Filled) -> tuple[object, ...]:
    """Where the last of these leaves to be filled stands in the order of processing."""
    return max(place_of(taken) for place in places if (taken := filled[place]) is not None)
