"""The automata of one key group: events are shown to them in order, and time wakes those that wait for it."""

from __future__ import annotations

from typing import Any

from operators.apart import ApartAutomaton
from operators.automaton import Automaton, Exited, Found
from operators.body import by_item, carrying, parsed
from operators.matcher import OWN_WAY
from operators.plan import Plan, keys_of
from operators.profile_reader import ProfileReader
from operators.program import Key, Owner, Spec
from operators.records import CUSTOMER, END_OF_TIME, INDEX, ITEM, TYPE, Event
from operators.tally import Tally
from operators.timers import Timers

FOREIGN_LENGTH = INDEX + 2
"""Of an entry ``(order, origin, offset, index, (event, concerns))``: an event that came to another's key."""
AWAKE = 4_096
"""Keys of one trigger that may be touched before what they have open comes to rest, where no snapshot brings it."""

LOOKS_EVERY = 16
"""So often does time go on before it is looked which triggers have more than that: a walk over all of them."""


class Matching:
    """What is open in a key group. Whoever shows it something collects what it ``found``."""

    def __init__(self, plan: Plan, tally: Tally, read_profile: ProfileReader) -> None:
        self._plan = plan
        self._read_profile = read_profile
        self._reached = 0
        self.timers = Timers()
        """One counts while it is its owner's ``due_us``."""
        self.found: list[Found | Exited] = []
        self.automata = [
            (ApartAutomaton if program.keeps_apart else Automaton)(
                program, self._schedule, self.found.append, tally, read_profile
            )
            for program in plan.programs
        ]
        self.apart = [automaton for automaton in self.automata if isinstance(automaton, ApartAutomaton)]
        """Those of them that may be behind."""

    def timers_due_by(self, time_us: int) -> int:
        """How many timers stand at or before this time; a walk over those alone, for whoever scrapes."""
        return sum(
            self.automata[program].states.due_us(owner) == due_us
            for due_us, program, owner in self.timers.due_by(time_us)
        )

    def score(self, events: list[Event]) -> None:
        """Lets those of the events of which scores are asked carry them, all inferred at once."""
        plan = self._plan
        if not plan.scores:
            return
        places = [place for place, event in enumerate(events) if plan.interest(event[TYPE]).scores]
        asking = [carrying(parsed(events[place]), self._read_profile) for place in places]
        asked = [plan.interest(event[TYPE]).scores for event in asking]
        for place, event, scores in zip(places, asking, plan.scores.answers(asking, asked), strict=True):
            events[place] = (*event, scores)

    def show(self, event: Event) -> None:
        """An event of a customer at home."""
        interest = self._plan.interest(event[TYPE])
        if interest.forked:
            self.show_once([event])
            return
        if interest.body:
            event = parsed(event)
        if interest.reads_profile:
            event = self._carrying_profile(event)
        for program, _, keys, ways in interest.home:
            automaton = self.automata[program]
            if keys is None:
                if event[CUSTOMER] is not None:
                    automaton.on_event(event, event[CUSTOMER], ways)
                continue
            for key, item in keys(event):
                automaton.on_event(by_item(event, item), key, ways)

    def show_once(self, entries: list[tuple[Any, ...]]) -> None:
        """One event as it came, at home, from abroad or both: shown once to each trigger and key, whatever the ways."""
        concerns: dict[tuple[int, Key], dict[Spec | None, Any]] = {}
        event: Event = ()
        for entry in entries:
            if len(entry) == FOREIGN_LENGTH:
                abroad, foreign = entry[-1]
                event = event or parsed(abroad)
                for program, spec, key, item in foreign:
                    concerns.setdefault((program, key), {})[spec] = item
                continue
            event = self._carrying_profile(parsed(entry))
            for listener in self._plan.interest(event[TYPE]).home:
                for key, item in keys_of(listener, event):
                    concerns.setdefault((listener.program, key), {})[listener.spec] = item
        for (program, key), ways in concerns.items():
            if len(ways) == 1:
                ((spec, item),) = ways.items()
                came_by = OWN_WAY if spec is None else (spec,)
                self.automata[program].on_event(by_item(event, item), key, came_by)
            else:
                self.automata[program].on_event(event, key, ways)

    def reach(self, watermark_us: int) -> None:
        """Everything before has been shown: fires the timers due by then, and lets what was touched come to rest."""
        for due_us, program, owner in self.timers.take_due(watermark_us):
            automaton = self.automata[program]
            if automaton.states.due_us(owner) == due_us:
                automaton.on_timer(owner, watermark_us)
        self._reached += 1
        if self._reached % LOOKS_EVERY == 0:
            for automaton in self.automata:
                if len(automaton.states.live) > AWAKE:
                    automaton.states.rest()

    def go_on(self, *, to_the_end: bool) -> int:
        """Shows a slice of what is still to be shown; gives the place in the order before which everything has been."""
        before_us = END_OF_TIME
        for automaton in self.apart:
            automaton.go_on(None if to_the_end else 1)
            if automaton.showing_us is not None:
                before_us = min(before_us, automaton.showing_us)
        return before_us

    def let_go(self) -> None:
        """Lets go of what was found and of the timers: what was open has been taken out."""
        self.timers = Timers()
        self.found.clear()

    def _carrying_profile(self, event: Event) -> Event:
        if len(event) > ITEM or not self._plan.interest(event[TYPE]).reads_profile:
            return event
        return carrying(event, self._read_profile)

    def _schedule(self, due_us: int, program: int, owner: Owner) -> None:
        if due_us < END_OF_TIME:
            self.timers.add(due_us, program, owner)
