"""Triggers of a single event: they fire when it comes, late or not, before anything is put in order."""

from __future__ import annotations

from collections.abc import Sequence

from operators.automaton import Automaton
from operators.body import by_item, carrying, parsed
from operators.paths import key_text
from operators.plan import Interest, Plan, keys_of
from operators.profile_reader import ProfileReader
from operators.program import Key, Spec
from operators.records import ORDER, TIME, Event
from operators.runs import Found
from operators.tally import Tally


class Arrivals:
    """Fires them in one key group. ``automata`` watch what waits of their actions."""

    def __init__(self, plan: Plan, automata: Sequence[Automaton], tally: Tally) -> None:
        self._plan = plan
        self._automata = automata
        self._tally = tally

    def fire(self, event: Event, interest: Interest, profile: ProfileReader) -> list[Found]:
        """Fires the triggers that this event of a customer at home fits; conditions see what ``profile`` reads."""
        event = parsed(event)
        if interest.reads_profile:
            event = carrying(event, profile)
            if interest.scores:
                event = (*event, *self._plan.scores.answers([event], [interest.scores]))
        found = []
        for listener in interest.arrivals:
            for key, item in keys_of(listener, event):
                found += self.fire_one(listener.program, listener.spec, key, by_item(event, item))
        return found

    def fire_one(self, index: int, spec: Spec | None, key: Key, event: Event) -> list[Found]:
        """Fires one trigger for one key if the event, which came to it by ``spec``, fits."""
        program = self._plan.programs[index]
        matcher = program.stages[0].matcher
        assert matcher is not None
        ways = (spec,)
        if not matcher.fits(event, (), ways):
            return []
        per = None
        if program.per is not None:
            per = key_text(program.per(event))
            if per is None:
                return []
        self._tally.add("matches", program.name)
        captured = (matcher.capture(event, program.layouts[0], ways),)
        fired = Found(program, key, per, captured, event[TIME], expired=False, released_us=event[ORDER])
        if program.watch_us is not None:
            self._automata[index].watch_arrival(fired, event[ORDER])
        return [fired]
