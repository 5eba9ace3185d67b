"""A compiled trigger: what the automaton runs. Immutable, shared by all key groups of a process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, TypeAlias

from config.errors import Location
from operators.conditions import Captures, Read
from operators.groups import Group
from operators.matcher import CompiledMatcher
from operators.moments import Moment
from operators.needs import Needs
from operators.paths import Getter
from operators.policy.compiled import CompiledPolicy
from operators.repetition import Growth

Key: TypeAlias = str | tuple[str, ...]
"""What a rule correlates by; a composite key is a tuple."""

Owner: TypeAlias = Key | tuple[Key, str]
"""What the state of open matches stands under: the key, or (key, per) where ``Program.keeps_apart``."""

Spec: TypeAlias = tuple[tuple[str, ...], ...]
"""Where a type of event keeps a match's key: one path a part."""


class Kind(Enum):
    """What a run waits for at a stage."""

    EVENT = "event"
    LOOP = "loop"
    """Events of one step: ``times``, or none where it is ``optional``."""
    GROUP = "group"
    ABSENT = "absent"
    IDLE = "idle"
    WAIT = "wait"
    END = "end"
    """Nothing: everything that must come has come, and a last repetition may still take more."""


TAKING = (Kind.EVENT, Kind.LOOP, Kind.GROUP)
"""Kinds of stages that take events."""


@dataclass(frozen=True, slots=True)
class Loop:
    """How often a stage takes events."""

    min: int
    max: int | None
    span_us: int | None
    """``times.within``: the last less than this after the first."""
    growth: Growth
    strict: bool = False
    """No other event of the key between its own."""
    greedy: bool = False
    optional: bool = False
    until: CompiledMatcher | None = None
    having: Callable[[Captures], bool | None] | None = None
    reads_own: bool = False
    """Whether its ``where`` looks at the events taken so far."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a pattern. An untimed absence is no stage but a guard of those around it."""

    kind: Kind
    label: str
    """The step's name, else its place: what evidence and identity call it."""
    matcher: CompiledMatcher | None
    """None for WAIT, END and GROUP, and for IDLE of any type."""
    span_us: int | None
    """Those that take events: less than this after the previous event step. None: any time."""
    lasts_us: int | None
    """Those that wait for a time: how long, None where that is not known beforehand."""
    guards: tuple[CompiledMatcher, ...]
    """Absences from the previous event step on, until the next."""
    before: int
    """The stage of the previous event step, -1 where there is none."""
    whole_us: int | None
    """``within`` of the match, which binds where this stage or one after it must have an event; else None."""
    heeds: frozenset[str] | None
    """Types of events that can do anything to a run waiting here; None: every type."""
    plain: bool
    """Whether a run that waits here and nowhere else needs nothing beyond its own fields."""
    slot: int = 0
    """Of what it captures, the first."""
    strict: bool = False
    """Only the very next event of the key after the previous event step will do."""
    each: bool = False
    """Every later fitting event makes a match of its own."""
    loop: Loop | None = None
    group: Group | None = None
    moment: Moment | None = None
    """WAIT: what says when it is over, where that is no fixed span."""

    @property
    def passable(self) -> bool:
        """Whether a run may go on without any event of this stage."""
        return self.loop is not None and self.loop.optional


@dataclass(frozen=True, slots=True)
class Opening:
    """A stage whose events can begin a match, and what of them waits until it is complete."""

    place: int
    span_us: int | None
    """Its events lie less than this apart."""
    size: int | None
    """LOOP: the newest so many are looked at; None: all within the span."""


@dataclass(frozen=True, slots=True)
class Leading:
    """No such event in the ``span_us`` before the first event of a match."""

    matcher: CompiledMatcher
    span_us: int


@dataclass(frozen=True, slots=True)
class Skip:
    """What a completed match does to others (``after_match``, but for ``keep``)."""

    kind: Literal["skip_past_last", "skip_to_next", "skip_to_first", "skip_to_last"]
    slot: int = 0
    """Of the name it skips to."""


@dataclass(frozen=True, slots=True)
class CompiledAction:
    """One action of a trigger with a function that fills its data."""

    name: str
    channel: str
    template: str
    data: Callable[[Captures], dict[str, Any]]
    tag: str | None = None
    after_us: int | None = None
    """How long after its match it is due; None: at once."""
    fills: tuple[tuple[Location, Read], ...] = ()
    """Where ``data`` has what the recipient's profile holds, and how that is read of it."""
    on_expire: bool = False
    """Whether it is sent where the match timed out, and not where it completed."""


def united(types: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """The types of all; None: every type."""
    found: set[str] = set()
    for each in types:
        if each is None:
            return None
        found |= each
    return frozenset(found)


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
    """The last may be an END, which is not counted in ``end``."""
    end: int
    """How many stages there are to be done."""
    guards: Mapping[tuple[int, int], tuple[CompiledMatcher, ...]]
    """Untimed absences that hold while a run waits at a stage, by (the last event stage that is done, it)."""
    openings: tuple[Opening, ...]
    opens_plainly: bool
    """Whether one event that fits the first stage begins a match, with nothing else to look at."""
    first_types: frozenset[str] | None
    """Types that can be the first event of a match; None: every type."""
    opening_types: frozenset[str] | None
    """Types that can do anything to what has not begun; None: every type."""
    windows_heed_all: bool
    """Whether an event that does not fit the first step can still empty its window."""
    leading: tuple[Leading, ...]
    within_us: int | None
    exits: tuple[CompiledMatcher, ...]
    watch_us: int | None
    """How long after a match fired an event can end what of it waits; None: nothing waits, or nothing ends it."""
    unless: tuple[tuple[str, tuple[CompiledMatcher, ...]], ...]
    """By action, what ends it while it waits."""
    on_repeat: OnRepeat
    skip: Skip | None
    """None: keep."""
    several: bool
    """Whether one ``per`` value can have several matches open."""
    fires_on_arrival: bool
    layouts: tuple[tuple[Getter, ...], ...]
    """By slot: what a capture keeps of its event beside its identity and time."""
    labels: tuple[str, ...]
    """By slot: what evidence and identity call its step."""
    groups: tuple[tuple[int, int], ...]
    """The slots of each ``all`` and ``any``, from and to; their events stand in the order in which they came."""
    matchers: tuple[CompiledMatcher, ...]
    """Every one there is."""
    listens: frozenset[str] | None
    """Types that can do anything here; None: every type."""
    specs: Mapping[str, tuple[Spec | None, ...]]
    """By type, the ways it finds its keys, None for the match's own; a type not in here: ``default_specs``."""
    default_specs: tuple[Spec | None, ...]
    bodies: frozenset[str] | None
    """Types whose properties or context are read; None: every type's."""
    recipient: Read
    priority: int
    actions: tuple[CompiledAction, ...]
    policy: CompiledPolicy
    decides_at_home: bool
    """Whether its key groups are also its recipients'."""
    wants_expired: bool = field(default=False)
    needs: Needs = field(default_factory=Needs)

    @property
    def keeps_apart(self) -> bool:
        """Whether matches of one key are kept apart by ``per`` value.

        Nothing that one of them does concerns another, but many may wait under one key: the viewers of a product. Not
        where something is kept for the key as a whole, nor by customer, where there are few and identity asks for all.
        """
        by_customer = self.key[0] == ("customer_id",)
        return self.per is not None and not (by_customer or self.leading or self.windows_heed_all)

    @property
    def heeded(self) -> frozenset[str] | None:
        """Types that can do anything to what has begun; None: every type."""
        later = [stage.heeds for stage in (self.stages[1:] if self.opens_plainly else self.stages)]
        return united([*later, *(matcher.types for matcher in self._undoing)])

    @property
    def heeded_by_one(self) -> frozenset[str]:
        """Those of ``heeded`` that can do something only to matches whose ``per`` is the event's customer."""
        heeded = self.heeded
        if heeded is None or not self.opens_plainly or any(stage.kind is Kind.IDLE for stage in self.stages):
            return frozenset()
        first = self.stages[0].matcher
        asking = [matcher for matcher in self.matchers if matcher is not first]
        by_all = united([matcher.types for matcher in asking if not matcher.of_one])
        return frozenset() if by_all is None else heeded - by_all

    @property
    def _undoing(self) -> tuple[CompiledMatcher, ...]:
        return (*self.exits, *(matcher for _, matchers in self.unless for matcher in matchers))

    @property
    def tells_expired(self) -> bool:
        """Whether somebody is to hear of partial matches that timed out."""
        return self.wants_expired or any(action.on_expire for action in self.actions)

    def specs_of(self, event_type: str) -> tuple[Spec | None, ...]:
        """The ways events of this type find their keys here."""
        return self.specs.get(event_type, self.default_specs)
