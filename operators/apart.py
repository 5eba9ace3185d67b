"""The automaton of a trigger under one key of which many wait: the viewers of a product.

``per`` tells the matches of one key apart, and nothing that one of them does concerns another. So each ``per`` value is
an owner of its own: what begins, restarts or times out for one costs the same however many others wait, and an event
is shown to the others only if its type can do anything to them.

An event that concerns many of them is shown to them a slice at a time (`Showing`), and everything else goes on between
the slices. An owner is shown it at the latest before anything else happens to him, so each sees the order that there
is; only what is found must not be decided before all of them were shown it (``showing_us``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from operators.automaton import Automaton
from operators.matcher import Ways
from operators.paths import key_text
from operators.program import Key, Owner
from operators.records import CUSTOMER, ORDER, TYPE, Event
from operators.runs import Found
from operators.states import StatesByFirst

SLICE: Final = 500
"""Owners who are shown an event in one go: about as much work as a chunk is."""
MOST_SHOWINGS: Final = 8
"""Events that wait to be shown; each holds all of its owners, and each owner is looked for in each."""


class Showing:
    """An event that some of its key's owners have still to be shown."""

    __slots__ = ("_turns", "event", "owners", "ways")

    def __init__(self, event: Event, ways: Ways, owners: Iterable[Owner]) -> None:
        self.event = event
        self.ways = ways
        self._turns = deque(owners)
        """In the order in which they came; also those who have been shown it out of turn."""
        self.owners = set(self._turns)

    def left(self) -> list[Owner]:
        """Who has still to be shown it, in turn."""
        return [owner for owner in self._turns if owner in self.owners]

    def next(self) -> Owner:
        """Whose turn it is; there is somebody."""
        while self._turns[0] not in self.owners:
            self._turns.popleft()
        return self._turns[0]


class ApartAutomaton(Automaton):
    """Owners are (key, per). For programs that ``keeps_apart``."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._heeded = self.program.heeded
        self._heeded_by_one = self.program.heeded_by_one
        self._by_key = StatesByFirst()
        self.states = self._by_key
        self.showings: list[Showing] = []
        """Oldest first."""
        self._catching_up = False

    @property
    def showing_us(self) -> int | None:
        """Where in the order the oldest event stands that some have still to be shown; None: there is none."""
        return self.showings[0].event[ORDER] if self.showings else None

    def on_event(self, event: Event, owner: Owner, ways: Ways, *, begins: bool = True) -> None:
        """The event to all of its key whom it may concern, last to the one whose match it may begin."""
        key: Any = owner
        program, event_type = self.program, event[TYPE]
        assert program.per is not None
        begins &= program.first_types is None or event_type in program.first_types
        per = key_text(program.per(event)) if begins else None
        if self._heeded is None or event_type in self._heeded:
            concerned = [each for each in self._concerned(key, event) if each[1] != per]
            if len(concerned) > SLICE:
                if len(self.showings) == MOST_SHOWINGS:
                    self.go_on(None)
                self.showings.append(Showing(event, ways, concerned))
            else:
                for each in concerned:
                    self._show(event, each, ways, begins=False)
        if per is not None:
            self._show(event, (key, per), ways, begins=True)

    def on_timer(self, owner: Owner, now_us: int) -> None:
        """As of any automaton."""
        self._catch_up(owner)
        super().on_timer(owner, now_us)

    def watch_arrival(self, found: Found, order_us: int) -> None:
        """As of any automaton."""
        self._catch_up(self._owner(found))
        super().watch_arrival(found, order_us)

    def go_on(self, slices: int | None = 1) -> None:
        """Shows another slice of what is still to be shown; None: all of it."""
        left = None if slices is None else slices * SLICE
        while self.showings and left != 0:
            # Whoever is next catches up with this one first, and with what came after it.
            self._catch_up(self.showings[0].next())
            left = None if left is None else left - 1

    def _show(self, event: Event, owner: Owner, ways: Ways, *, begins: bool) -> None:
        self._catch_up(owner)
        super().on_event(event, owner, ways, begins=begins)

    def _catch_up(self, owner: Owner) -> None:
        """Shows this owner what he has not been shown yet, in order."""
        if not self.showings or self._catching_up:
            return
        self._catching_up = True
        for showing in self.showings:
            if owner in showing.owners:
                showing.owners.remove(owner)
                super().on_event(showing.event, owner, showing.ways, begins=False)
        self._catching_up = False
        if not all(showing.owners for showing in self.showings):
            self.showings = [showing for showing in self.showings if showing.owners]

    def _concerned(self, key: Any, event: Event) -> list[Any]:
        """Whose open matches the event may do something to."""
        if event[TYPE] in self._heeded_by_one and event[CUSTOMER] is not None:
            one = (key, event[CUSTOMER])
            return [one] if one in self.states else []
        return self._by_key.owners_of(key)

    def _key(self, owner: Owner) -> Key:
        return owner[0]

    def _owner(self, found: Found) -> Owner:
        return (found.key, found.per)
