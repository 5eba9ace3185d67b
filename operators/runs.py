"""What is open: partial matches, and what a key keeps beside them. Plain fields; ``operators.state`` writes them.

There are millions of these. What only some triggers need stands behind one optional field, ``Run.front`` and
``KeyState.more``.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from operators.conditions import Captures
from operators.program import Key, Program
from operators.records import END_OF_TIME
from operators.repetition import earliest, place_of


class End(Enum):
    """Why a run is over. The value is what the tally counts it as."""

    MATCHED = "matches"
    CANCELLED = "cancelled"
    EXITED = "exited"
    LATE_CANCELLED = "late_cancelled"
    RESTARTED = "restarted"
    EXPIRED = "expired"
    BROKEN = "broken"
    """What had to come next did not: ``strict``, ``until``, ``having``."""
    SKIPPED = "skipped"
    AT_UNRESOLVED = "at_unresolved"
    AT_STALE = "at_stale"
    CLOSED = "closed"
    """It has fired before, and can take no more."""


FIRED = "fired"
"""No end: the match fires and stays open, for each further event of its last step fires it again (``keep``)."""


class Front:
    """Of a run that waits at more than one stage, or for more than one event.

    It stands at the stages from ``low`` to ``Run.stage``: all but the last may be passed, being optional or having
    what they need, and still take events.
    """

    __slots__ = ("absences", "base_us", "ended", "fired", "floor", "low", "missed")

    def __init__(self, low: int, floor: int, base_us: int) -> None:
        self.low = low
        self.floor = floor
        """The latest event stage that has all it needs."""
        self.base_us = base_us
        """Where the stage at ``low`` has begun: the time of the latest event before it."""
        self.ended = 0
        """Bits of stages whose repetition is over: ``until``, or a strange event between its own."""
        self.absences: list[bool | None] = []
        """Of the group it stands at: see ``operators.groups``."""
        self.fired = False
        self.missed = False
        """An event of the key was taken by nothing: what asks for the very next one cannot be next."""

    def copy(self) -> Front:
        """Another like it."""
        other = Front(self.low, self.floor, self.base_us)
        other.ended, other.absences = self.ended, list(self.absences)
        other.fired, other.missed = self.fired, self.missed
        return other


class Run:
    """One partial match. ``captures`` has an entry per slot, as far as it has come."""

    __slots__ = ("begin_us", "captures", "deadline_us", "entered_us", "front", "last_us", "per", "stage")

    def __init__(self, begin_us: int, last_us: int, captures: Captures, per: Any) -> None:
        self.stage = 0
        self.begin_us = begin_us
        """Time of its first event."""
        self.last_us = last_us
        """Time of its latest event."""
        self.entered_us = last_us
        """When the present stage began; of an IDLE, when the key was last heard of."""
        self.deadline_us = END_OF_TIME
        self.captures = captures
        self.per = per
        self.front: Front | None = None

    def copy(self) -> Run:
        """Another like it."""
        other = Run(self.begin_us, self.last_us, self.captures, self.per)
        other.stage, other.entered_us, other.deadline_us = self.stage, self.entered_us, self.deadline_us
        other.front = None if self.front is None else self.front.copy()
        return other


class Held:
    """A completed match that waits because an earlier-begun one is open."""

    __slots__ = ("captures", "event_time_us", "last_us", "per", "place")

    def __init__(self, captures: Captures, per: Any, last_us: int, event_time_us: int) -> None:
        self.captures = captures
        self.per = per
        self.last_us = last_us
        self.event_time_us = event_time_us
        self.place = beginning(captures)


class Watch:
    """A match that fired, some of whose actions may still wait to be sent: what could end them is watched for."""

    __slots__ = ("captures", "ended", "from_us", "match_id", "per", "until_us")

    def __init__(self, match_id: str, captures: Captures, per: Any, from_us: int, until_us: int) -> None:
        self.match_id = match_id
        self.captures = captures
        self.per = per
        self.from_us = from_us
        """When it fired."""
        self.until_us = until_us
        """By then nothing of it can still wait."""
        self.ended: tuple[str, ...] = ()
        """Actions whose ``unless`` has come."""


class More:
    """What a key keeps beside open matches: what has not begun, what must not have come before, what is
    held, what may still be undone."""

    __slots__ = ("heard", "held", "unclear", "watches", "windows")

    def __init__(self) -> None:
        self.windows: dict[tuple[int, Any], list[Any]] = {}
        """By opening stage and ``per`` value, events that wait for a first step to be complete: of a LOOP in order,
        of a GROUP by leaf a tuple of those that may fill it, None where there is none."""
        self.heard: dict[int, tuple[int, int]] = {}
        """By leading absence, the latest two times at which it was broken."""
        self.unclear: set[str] = set()
        """Ids of events in a window that no match may begin with."""
        self.held: list[Held] = []
        self.watches: list[Watch] = []

    def __bool__(self) -> bool:
        return bool(self.windows or self.heard or self.held or self.watches)


class KeyState:
    """What one key has open in one trigger."""

    __slots__ = ("counted", "due_us", "more", "runs")

    def __init__(self) -> None:
        self.runs: list[Run] = []
        """Oldest first."""
        self.counted = 0
        """How many of them ``Automaton.open_matches`` includes."""
        self.due_us = END_OF_TIME
        """The due time of this key's one valid entry among the group's timers."""
        self.more: More | None = None


class Found:
    """A run that ended by itself: complete, or ``expired``."""

    __slots__ = ("captures", "event_time_us", "expired", "key", "per", "program", "released_us")

    def __init__(
        self,
        program: Program,
        key: Key,
        per: Any,
        captures: Captures,
        event_time_us: int,
        expired: bool,
        released_us: int | None = None,
    ) -> None:
        self.program = program
        self.key = key
        self.per = per
        self.captures = captures
        self.event_time_us = event_time_us
        self.expired = expired
        self.released_us = event_time_us if released_us is None else released_us
        """Event time from which on it may be decided: later than its own where it was held."""


class Exited:
    """An event after the firing of a match that ends what of it still waits to be sent.

    ``action`` names the one action that it ends (an ``unless``); None: all of them (an ``exit``).
    """

    __slots__ = ("action", "event_time_us", "key", "match_id", "per", "program")

    def __init__(
        self, program: Program, key: Key, per: Any, match_id: str, action: str | None, event_time_us: int
    ) -> None:
        self.program = program
        self.key = key
        self.per = per
        self.match_id = match_id
        self.action = action
        self.event_time_us = event_time_us


def beginning(captures: Captures) -> tuple[Any, ...]:
    """Where the first event of a match stands in the order of processing: the older of two matches has the lower."""
    return place_of(earliest(captures))
