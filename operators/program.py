"""A compiled trigger: what the automaton runs. Immutable, shared by all key groups of a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, TypeAlias

from operators.conditions import Captures, Read, Test
from operators.needs import Needs
from operators.paths import Getter
from operators.records import TYPE, Event

Key: TypeAlias = str | tuple[str, ...]
"""What a rule correlates by; a composite key is a tuple."""

Spec: TypeAlias = tuple[tuple[str, ...], ...]
"""Where a type of event keeps a match's key: one path a part."""


class Kind(Enum):
    """What a run waits for at a stage."""

    EVENT = "event"
    ABSENT = "absent"
    IDLE = "idle"
    WAIT = "wait"


class CompiledMatcher:
    """Types, key and condition of one matcher. ``unknown`` counts verdicts that were neither true nor false."""

    __slots__ = ("condition", "specs", "types", "unknown")

    def __init__(self, types: frozenset[str] | None, condition: Test | None, specs: dict[str, Spec]) -> None:
        self.types = types
        """None: any type."""
        self.condition = condition
        self.specs = specs
        """By type, where this matcher finds the key if elsewhere than the match does."""
        self.unknown = 0

    def fits(self, event: Event, captures: Captures, spec: Spec | None) -> bool:
        """Whether the event certainly fits: for a step that acts. ``spec``: the paths it came by, None the match's."""
        return self._verdict(event, captures, spec) is True

    def blocks(self, event: Event, captures: Captures, spec: Spec | None) -> bool:
        """Whether the event may fit: for an absence or an exit, where in doubt nothing is sent."""
        return self._verdict(event, captures, spec) is not False

    def _verdict(self, event: Event, captures: Captures, spec: Spec | None) -> bool | None:
        event_type = event[TYPE]
        if self.types is not None and event_type not in self.types:
            return False
        if self.specs.get(event_type) != spec:
            return False
        if self.condition is None:
            return True
        verdict = self.condition(event, captures)
        if verdict is None:
            self.unknown += 1
        return verdict


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a pattern and the untimed absences that hold while a run waits there."""

    kind: Kind
    label: str
    """The step's name, else its place: what evidence and identity call it."""
    matcher: CompiledMatcher | None
    """None for WAIT, and for IDLE of any type."""
    span_us: int | None
    """EVENT: less than this after the previous event step (None: any time). Others: how long it lasts."""
    guards: tuple[CompiledMatcher, ...]
    """Absences from the previous event step on, until the next."""
    count: int
    """EVENT: how many events make the step."""
    events_remain: bool
    """Whether this stage or one after it waits for an event; ``within`` of the match binds only then."""
    heeds: frozenset[str] | None
    """Types of events that can do anything to a run waiting here; None: every type."""
    repeated: bool = False
    """Whether its capture is a tuple of events rather than one."""


@dataclass(frozen=True, slots=True)
class CompiledAction:
    """One action of a trigger with a function that fills its data."""

    name: str
    channel: str
    template: str
    data: Callable[[Captures], dict[str, Any]]


OnRepeat: TypeAlias = Literal["restart", "ignore", "overlap"]


@dataclass(frozen=True, slots=True)
class Program:
    """One trigger, ready to run."""

    index: int
    """Its place among the triggers of the flow, in order of name."""
    name: str
    version: int
    fingerprint: str
    """A hash of what it says; state of another fingerprint is not taken over."""
    key: Spec
    per: Getter | None
    stages: tuple[Stage, ...]
    first_span_us: int | None
    """A first step with a count: its events lie less than this apart."""
    within_us: int | None
    exits: tuple[CompiledMatcher, ...]
    on_repeat: OnRepeat
    clears_window: bool
    """``skip_past_last``: a completed match uses up the events that wait in the sliding window."""
    fires_on_arrival: bool
    layouts: tuple[tuple[Getter, ...], ...]
    """By event step: what a capture keeps of its event beside its identity and time."""
    listens: frozenset[str] | None
    """Types that can do anything here; None: every type."""
    specs: dict[str, tuple[Spec | None, ...]]
    """By type, the ways it finds its keys, None for the match's own; a type not in here: only the match's own."""
    bodies: frozenset[str] | None
    """Types whose properties or context are read; None: every type's."""
    recipient: Read
    priority: int
    actions: tuple[CompiledAction, ...]
    wants_expired: bool = field(default=False)
    needs: Needs = field(default_factory=Needs)

    def specs_of(self, event_type: str) -> tuple[Spec | None, ...]:
        """The ways events of this type find their keys here."""
        return self.specs.get(event_type, (None,))
