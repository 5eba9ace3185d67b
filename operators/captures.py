"""What a match keeps of the events it took: their identity, their time, and the values that something refers to.

A capture is ``(event_id, origin, offset, index, event_time_us, *values)``; of a step with ``times`` it is the tuple of
its events' captures. Keeping values and not events bounds the state of an open match.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from config.language import Condition, EventStep, Trigger, comparisons
from config.references import EventPath, Reference, Scaled
from operators.body import keepable
from operators.conditions import Captures, Read
from operators.paths import Getter, getter, item_getter
from operators.records import ID, INDEX, OFFSET, ORIGIN, TIME, Event

VALUES = 5
"""Where a capture's values begin."""

_ITEM = "item"
_FIELD = "field"


class CaptureLayout:
    """Which values each event step of a trigger keeps, and readers of them."""

    def __init__(self, trigger: Trigger) -> None:
        self.steps = [step for step in trigger.match.steps if isinstance(step, EventStep)]
        self._slots = {step.name: slot for slot, step in enumerate(self.steps) if step.name is not None}
        self.paths: list[list[tuple[str, EventPath]]] = [[] for _ in self.steps]
        for reference in _references(trigger):
            if reference.name in self._slots:
                self._place(self._slots[reference.name], reference)
        recipient = trigger.policy.recipient
        if not isinstance(recipient, Reference):
            self._keep(0, _FIELD, recipient)

    def getters(self) -> tuple[tuple[Getter, ...], ...]:
        """By event step, the readers of what its capture keeps."""
        return tuple(
            tuple(item_getter(path) if kind == _ITEM else getter(path) for kind, path in paths) for paths in self.paths
        )

    def resolve(self, reference: Reference) -> Read:
        """A reader of a reference; None while its step has not been captured."""
        slot = self._slots[reference.name]
        repeated = self.steps[slot].times is not None
        if reference.selector == "count":
            return lambda captures: (len(captures[slot]) if repeated else 1) if slot < len(captures) else None
        place = self._place(slot, reference)
        which = 0 if reference.selector == "first" else -1

        def read(captures: Captures) -> Any:
            if slot >= len(captures):
                return None
            capture = captures[slot][which] if repeated else captures[slot]
            return capture[place]

        return read

    def read_first(self, path: EventPath) -> Read:
        """A reader of a path of the first captured event."""
        place = self._keep(0, _FIELD, path)
        repeated = self.steps[0].times is not None

        def read(captures: Captures) -> Any:
            return (captures[0][0] if repeated else captures[0])[place]

        return read

    def _place(self, slot: int, reference: Reference) -> int:
        if reference.selector == "count":
            return VALUES
        return self._keep(slot, _ITEM if reference.selector == "item" else _FIELD, reference.path)

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


def _references(trigger: Trigger) -> Iterator[Reference]:
    """Every reference to a captured event, wherever in the trigger."""
    for step in trigger.match.steps:
        yield from _of_condition(getattr(step, "where", None))
    for matcher in trigger.match.exit:
        yield from _of_condition(matcher.where)
    if isinstance(trigger.policy.recipient, Reference):
        yield trigger.policy.recipient
    for action in trigger.actions:
        yield from _of_value(action.data)


def _of_condition(condition: Condition | None) -> Iterator[Reference]:
    for comparison in comparisons(condition):
        yield from _of_value(comparison.value)


def _of_value(value: Any) -> Iterator[Reference]:
    if isinstance(value, Scaled):
        value = value.reference
    if isinstance(value, Reference):
        if not value.is_customer:
            yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _of_value(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from _of_value(each)
