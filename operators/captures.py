"""What a match keeps of the events it took: their identity, their time, and the values that something refers to.

Keeping values and not events bounds the state of an open match. Every event step and every event inside ``all`` or
``any`` has a *slot*, in the order written; a run's captures hold by slot what ``operators.repetition`` describes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from config.language import AllStep, AnyStep, EventMember, EventStep, Member, Step, Trigger
from config.language.uses import uses
from config.references import AGGREGATES, EventPath, Reference
from operators import repetition
from operators.body import keepable
from operators.conditions import Captures, Read
from operators.paths import Getter, getter, item_getter
from operators.records import ID, INDEX, OFFSET, ORIGIN, TIME, Event
from operators.repetition import MAX_KEPT, Captured, Growth, count_of, earliest, first_of, last_of, prev_of

VALUES = 5
"""Where a capture's values begin."""

_ITEM = "item"
_FIELD = "field"
_COUNTS = ("count", "distinct")
"""Of nothing taken these are 0; everything else is missing."""


class CaptureLayout:
    """Which values each slot of a trigger keeps, and readers of them."""

    def __init__(self, trigger: Trigger) -> None:
        steps = trigger.match.steps
        self.by_step = [tuple(taking_members(step)) for step in steps]
        """By step, the events it can take."""
        self.steps: list[EventStep | EventMember] = [each for members in self.by_step for each in members]
        self.slots = {step.name: slot for slot, step in enumerate(self.steps) if step.name is not None}
        self.paths: list[list[tuple[str, EventPath]]] = [[] for _ in self.steps]
        self.aggregates: list[list[tuple[str, int]]] = [[] for _ in self.steps]
        """By slot, what is asked of all its events: (aggregate, place of its value)."""
        self._before = _slots_before(self.by_step, steps)
        self.opening = _opening_slots(self.by_step, steps)
        """Slots that the first event of a match can be in."""
        for use in uses(trigger):
            if use.reference is not None and use.reference.name in self.slots:
                self.resolve(use.reference, own=use.own)
        for slot, step in enumerate(self.steps):
            if isinstance(step, EventStep) and step.having is not None:
                self.aggregate(slot, step.having.aggregate, step.having.path)
        recipient = trigger.policy.recipient
        if not isinstance(recipient, Reference):
            self.read_first(recipient)

    def getters(self) -> tuple[tuple[Getter, ...], ...]:
        """By slot, the readers of what its capture keeps."""
        return tuple(
            tuple(item_getter(path) if kind == _ITEM else getter(path) for kind, path in paths) for paths in self.paths
        )

    def growth(self, slot: int) -> Growth:
        """How the repetition in this slot is kept, once everything that is asked of it is known."""
        times = getattr(self.steps[slot], "times", None)
        bounded = times is None or (times.max is not None and times.max <= MAX_KEPT)
        return Growth(keeps_all=bounded, aggregates=self.aggregates[slot])

    def resolve(self, reference: Reference, own: str | None = None) -> Read:
        """A reader of a reference; None while its step has taken nothing.

        ``own`` names the repetition in whose ``where`` it stands: there ``prev`` is the latest event taken so far.
        """
        slot, selector = self.slots[reference.name], reference.selector
        if selector == "count":
            return _reader(slot, count_of, nothing=0)
        if selector in AGGREGATES:
            return self.aggregate(slot, selector, reference.path)
        kind = _ITEM if selector == "item" else _FIELD
        place = self._keep(slot, kind, reference.path)
        if selector == "prev":
            return self._read_prev(slot, reference.path, place, own=reference.name == own)
        if not _repeats(self.steps[slot]):
            return _single(slot, place)
        which = first_of if selector == "first" else last_of
        return _reader(slot, lambda captured: which(captured)[place])

    def aggregate(self, slot: int, name: str, path: EventPath) -> Read:
        """A reader of an aggregate over the events of a slot."""
        asked = (name, self._keep(slot, _FIELD, path))
        if asked not in self.aggregates[slot]:
            self.aggregates[slot].append(asked)
        place, growth = asked[1], self.growth(slot)
        return _reader(
            slot, lambda captured: growth.aggregate(name, place, captured), nothing=0 if name in _COUNTS else None
        )

    def read_first(self, path: EventPath) -> Read:
        """A reader of a path of the first captured event."""
        places = {slot: self._keep(slot, _FIELD, path) for slot in self.opening}
        if len(places) == 1:
            ((slot, place),) = places.items()
            if not _repeats(self.steps[slot]):
                return _single(slot, place)
            return _reader(slot, lambda captured: first_of(captured)[place])

        def read(captures: Captures) -> Any:
            first = earliest(captures)
            for slot, place in places.items():
                if slot < len(captures) and captures[slot] is not None and first_of(captures[slot]) is first:
                    return first[place]
            return None

        return read

    def _read_prev(self, slot: int, path: EventPath, place: int, *, own: bool) -> Read:
        """The repetition before; before the first, the latest event of the step before."""
        before = {each: self._keep(each, _FIELD, path) for each in self._before[slot]}
        which = last_of if own else prev_of

        def read(captures: Captures) -> Any:
            if slot < len(captures) and captures[slot] is not None:
                found = which(captures[slot])
                if found is not None:
                    return found[place]
            taken = [each for each in before if each < len(captures) and captures[each] is not None]
            latest = max(taken, key=lambda each: repetition.place_of(last_of(captures[each])), default=None)
            return None if latest is None else last_of(captures[latest])[before[latest]]

        return read

    def _keep(self, slot: int, kind: str, path: EventPath) -> int:
        if kind == _FIELD and path == ("event_time",):
            return VALUES - 1
        kept = self.paths[slot]
        if (kind, path) not in kept:
            kept.append((kind, path))
        return VALUES + kept.index((kind, path))


def capture(event: Event, layout: tuple[Getter, ...]) -> tuple[Any, ...]:
    """What is kept of one event."""
    identity = (event[ID], event[ORIGIN], event[OFFSET], event[INDEX], event[TIME])
    if not layout:
        return identity
    return (*identity, *[keepable(read(event)) for read in layout])


def taking_members(step: Step | Member) -> Iterator[EventStep | EventMember]:
    """The events that a step can take, in the order written."""
    if isinstance(step, EventStep | EventMember):
        yield step
    elif isinstance(step, AllStep | AnyStep):
        for member in step.members:
            yield from taking_members(member)


def _repeats(step: EventStep | EventMember) -> bool:
    return isinstance(step, EventStep) and (step.times is not None or step.optional)


def _single(slot: int, place: int) -> Read:
    def read(captures: Captures) -> Any:
        if slot >= len(captures) or captures[slot] is None:
            return None
        return captures[slot][place]

    return read


def _reader(slot: int, of: Callable[[Any], Any], nothing: Any = None) -> Read:
    def read(captures: Captures) -> Any:
        captured: Captured = captures[slot] if slot < len(captures) else None
        return nothing if captured is None else of(captured)

    return read


def _slots_before(by_step: list[tuple[Any, ...]], steps: tuple[Step, ...]) -> list[tuple[int, ...]]:
    """By slot, those of the event step before it, and of those before that while a step can be left out."""
    found: list[tuple[int, ...]] = []
    before: tuple[int, ...] = ()
    for step, members in zip(steps, by_step, strict=True):
        mine = tuple(range(len(found), len(found) + len(members)))
        found += [before] * len(members)
        if mine:
            before = (*before, *mine) if isinstance(step, EventStep) and step.optional else mine
    return found


def _opening_slots(by_step: list[tuple[Any, ...]], steps: tuple[Step, ...]) -> tuple[int, ...]:
    slots: list[int] = []
    for step, members in zip(steps, by_step, strict=True):
        slots += range(len(slots), len(slots) + len(members))
        if members and not (isinstance(step, EventStep) and step.optional):
            break
    return tuple(slots)
