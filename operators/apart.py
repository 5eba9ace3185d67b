"""The automaton of a trigger under one key of which many wait: the viewers of a product.

``per`` tells the matches of one key apart, and nothing that one of them does concerns another. So each ``per`` value is
an owner of its own: what begins, restarts or times out for one costs the same however many others wait, and an event
is shown to the others only if its type can do anything to them.
"""

from __future__ import annotations

from typing import Any

from operators.automaton import Automaton
from operators.matcher import Ways
from operators.paths import key_text
from operators.program import Key, Owner
from operators.records import CUSTOMER, TYPE, Event
from operators.runs import Found, KeyState
from operators.states import StatesByFirst


class ApartAutomaton(Automaton):
    """Owners are (key, per). For programs that ``keeps_apart``."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._heeded = self.program.heeded
        self._heeded_by_one = self.program.heeded_by_one
        self._by_key: StatesByFirst[KeyState] = StatesByFirst()
        self.states = self._by_key

    def on_event(self, event: Event, owner: Owner, ways: Ways, *, begins: bool = True) -> None:
        """The event to all of its key whom it may concern, last to the one whose match it may begin."""
        key, program, event_type = owner, self.program, event[TYPE]
        assert program.per is not None
        begins &= program.first_types is None or event_type in program.first_types
        per = key_text(program.per(event)) if begins else None
        if self._heeded is None or event_type in self._heeded:
            for each in self._concerned(key, event):
                if each[1] != per:
                    super().on_event(event, each, ways, begins=False)
        if per is not None:
            super().on_event(event, (key, per), ways)  # type: ignore[arg-type]

    def _concerned(self, key: Any, event: Event) -> list[Any]:
        """Whose open matches the event may do something to."""
        if event[TYPE] in self._heeded_by_one and event[CUSTOMER] is not None:
            one = (key, event[CUSTOMER])
            return [one] if one in self.states else []
        return self._by_key.keys_of(key)

    def _key(self, owner: Owner) -> Key:
        return owner[0]

    def _owner(self, found: Found) -> Owner:
        return (found.key, found.per)
