"""One key group: everything that happens to the customers (and other keys) that hash into it.

Pure: batches in, decisions and late events out. In order: duplicates are recognised, late events set apart, the rest
reordered by event time behind the watermark, and shown to the automata; then timers due by the watermark fire.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from typing import Any

from operators.automaton import Automaton, Found
from operators.body import parse_body
from operators.captures import capture
from operators.clock import GroupClock
from operators.decide import Decider
from operators.paths import key_text
from operators.plan import Interest, Plan, keys_of
from operators.profiles import Profiles
from operators.program import Key
from operators.reasons import Fate
from operators.records import (
    CUSTOMER,
    END_OF_TIME,
    ID,
    INDEX,
    ITEM,
    OFFSET,
    ORDER,
    ORIGIN,
    PROFILE,
    PROPERTIES,
    TIME,
    TYPE,
    Decision,
    Event,
    GroupBatch,
    LateEvent,
)
from operators.seen import SeenIds
from operators.tally import Tally

FOREIGN_LENGTH = INDEX + 2
"""Of an entry in ``KeyGroup.waiting_foreign``; a home event is longer."""


class KeyGroup:
    """The state of one key group. ``operators.state`` writes and reads it."""

    def __init__(self, plan: Plan, *, dedupe_horizon_us: int) -> None:
        self.plan = plan
        self.clock = GroupClock()
        self.tally = Tally()
        self.seen = SeenIds(dedupe_horizon_us)
        self.seen_foreign = SeenIds(dedupe_horizon_us)
        self.waiting: list[Event] = []
        """Home events that the watermark has not passed."""
        self.waiting_foreign: list[tuple[Any, ...]] = []
        """``(order, origin, offset, index, entry)`` of foreign ones."""
        self.timers: list[tuple[int, int, Key]] = []
        """Heap of (due, program index, key); an entry is valid while it is its key's ``due_us``."""
        self.profiles = Profiles(plan.profiles, dedupe_horizon_us=dedupe_horizon_us)
        """Its customers' profiles. Stored apart, by ``operators.profiles.stored``."""
        self._found: list[Found] = []
        self.automata = [
            Automaton(program, self._schedule, self._found.append, self.tally) for program in plan.programs
        ]
        self._decider = Decider(self.tally)

    @property
    def open_matches(self) -> int:
        """How many partial matches are open."""
        return sum(automaton.open_matches for automaton in self.automata)

    def profile_at(self, customer_id: str, time_us: int) -> Mapping[str, Any] | None:
        """The profile of one of this group's customers as of a time that the watermark had not passed before the
        batch at hand; None where no profile is kept. Not to be changed."""
        return self.profiles.at(customer_id, time_us)

    def timers_due_by(self, time_us: int) -> int:
        """How many timers stand at or before this time; a walk over those alone, for whoever scrapes."""
        timers = self.timers
        pending, count = [0], 0
        while pending:
            place = pending.pop()
            if place < len(timers) and timers[place][0] <= time_us:
                due_us, program, key = timers[place]
                state = self.automata[program].states.get(key)
                count += state is not None and state.due_us == due_us
                pending += (2 * place + 1, 2 * place + 2)
        return count

    def receive(self, batch: GroupBatch) -> list[Decision | LateEvent]:
        """What one chunk has for this group; gives what there is to tell of it, in the order of deciding."""
        out: list[Decision | LateEvent] = []
        self.profiles.advance(self.clock.watermark_us)
        if batch.entries:
            self._take_entries(batch, out)
        if batch.foreign:
            self._take_foreign(batch)
        before_us = self.clock.watermark_us
        watermark_us = self.clock.hear(batch.origin, batch.watermark_us, batch.origins)
        if batch.final:
            self._advance(END_OF_TIME, watermark_us)
        elif watermark_us > before_us:
            self._advance(watermark_us, watermark_us)
        if self._found:
            out += self._decider.decide(self._found)
            self._found.clear()
        return out

    def _take_entries(self, batch: GroupBatch, out: list[Decision | LateEvent]) -> None:
        """Counts, de-duplicates, fires on arrival, and puts what is to be matched in line."""
        seen, waiting = self.seen, self.waiting
        until_us = seen.until_us
        duplicates = late = 0
        for event_id, time_us, watermark_us, event in batch.entries:
            # As SeenIds.is_duplicate says, without a call for every event.
            if event_id in until_us and watermark_us <= until_us[event_id]:
                duplicates += 1
                continue
            if time_us < watermark_us:
                late += 1
                out.append(_late_event(event_id, time_us, watermark_us, event))
            else:
                until_us[event_id] = time_us
            if event is None:
                continue
            interest = self.plan.interest(event[TYPE])
            if interest.changes_profile and event[CUSTOMER] is not None:
                self.profiles.receive(_parsed(event) if interest.profile_body else event)
            if interest.arrivals and self._arrive(event, interest):
                seen.keep(event_id, time_us)
            if interest.home:
                waiting.append(event)
        counts = self.tally
        matched = len(batch.entries) - duplicates - late
        for fate, count in ((Fate.MATCHED, matched), (Fate.DUPLICATE, duplicates), (Fate.LATE, late)):
            if count:
                counts.add(fate.value, amount=count)

    def _take_foreign(self, batch: GroupBatch) -> None:
        for event, watermark_us, concerns in batch.foreign:
            event_id, time_us = event[ID], event[TIME]
            if self.seen_foreign.is_duplicate(event_id, time_us, watermark_us):
                continue
            fired = False
            rest = []
            for concern in concerns:
                program, spec, key, item = concern
                if self.plan.programs[program].fires_on_arrival:
                    fired |= self._fire(program, spec, key, (*_parsed(event), item))
                else:
                    rest.append(concern)
            if fired:
                self.seen_foreign.keep(event_id, time_us)
            if rest:
                self.waiting_foreign.append(
                    (event[ORDER], event[ORIGIN], event[OFFSET], event[INDEX], (event, tuple(rest)))
                )

    def _arrive(self, event: Event, interest: Interest) -> bool:
        """Fires the single-step triggers that this event fits; tells whether any did.

        Their conditions see the profile as everything received so far makes it.
        """
        event = _parsed(event)
        if interest.reads_profile:
            event = _carrying(event, self.profiles.on_arrival)
            if interest.scores:
                event = (*event, *self.plan.scores.answers([event], [interest.scores]))
        fired = False
        for listener in interest.arrivals:
            for key, item in keys_of(listener, event):
                fired |= self._fire(listener.program, listener.spec, key, _by(event, item))
        return fired

    def _fire(self, program_index: int, spec: Any, key: Key, event: Event) -> bool:
        program = self.plan.programs[program_index]
        matcher = program.stages[0].matcher
        assert matcher is not None
        if not matcher.fits(event, (), spec):
            return False
        per = None
        if program.per is not None:
            per = key_text(program.per(event))
            if per is None:
                return False
        self.tally.add("matches", program.name)
        captured = (capture(event, program.layouts[0]),)
        self._found.append(Found(program, key, per, captured, event[TIME], expired=False))
        return True

    def _advance(self, before_us: int, watermark_us: int) -> None:
        """Processes what lies before ``before_us`` in order, then fires timers due by ``watermark_us``."""
        home = _released(self.waiting, before_us) if self.waiting else []
        if self.plan.scores:
            self._score(home)
        if self.waiting_foreign and (foreign := _released(self.waiting_foreign, before_us)):
            # A trigger may take some of its events at home and others from abroad: one order for both.
            for entry in sorted([*home, *foreign], key=_place):
                if len(entry) == FOREIGN_LENGTH:
                    self._process_foreign(*entry[-1])
                else:
                    self._process(entry)
        else:
            for event in home:
                self._process(event)
        timers = self.timers
        while timers and timers[0][0] <= watermark_us:
            due_us, program, key = heappop(timers)
            automaton = self.automata[program]
            state = automaton.states.get(key)
            if state is not None and state.due_us == due_us:
                automaton.on_timer(key, watermark_us)
        self.seen.forget(watermark_us)
        self.seen_foreign.forget(watermark_us)

    def _score(self, events: list[Event]) -> None:
        """Lets those of the events of which scores are asked carry them, all inferred at once."""
        places = [place for place, event in enumerate(events) if self.plan.interest(event[TYPE]).scores]
        carrying = [_carrying(_parsed(events[place]), self.profiles.at) for place in places]
        asked = [self.plan.interest(event[TYPE]).scores for event in carrying]
        for place, event, scores in zip(places, carrying, self.plan.scores.answers(carrying, asked), strict=True):
            events[place] = (*event, scores)

    def _process(self, event: Event) -> None:
        interest = self.plan.interest(event[TYPE])
        if interest.body:
            event = _parsed(event)
        if interest.reads_profile and len(event) <= ITEM:
            event = _carrying(event, self.profiles.at)
        for program, spec, keys in interest.home:
            automaton = self.automata[program]
            if keys is None:
                if event[CUSTOMER] is not None:
                    automaton.on_event(event, event[CUSTOMER], spec)
                continue
            for key, item in keys(event):
                automaton.on_event(_by(event, item), key, spec)

    def _process_foreign(self, event: Event, concerns: tuple[tuple[Any, ...], ...]) -> None:
        event = _parsed(event)
        for program, spec, key, item in concerns:
            self.automata[program].on_event(event if item is None else (*event, item), key, spec)

    def _schedule(self, due_us: int, program: int, key: Key) -> None:
        if due_us < END_OF_TIME:
            heappush(self.timers, (due_us, program, key))


def _place(entry: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where something in line stands in the order of processing."""
    return entry[: INDEX + 1]


def _released(waiting: list[Any], before_us: int) -> list[Any]:
    """Takes what orders before ``before_us`` out of the line, in order."""
    waiting.sort()
    place = len(waiting) if before_us >= END_OF_TIME else bisect_left(waiting, (before_us,))
    released = waiting[:place]
    del waiting[:place]
    return released


def _carrying(event: Event, profile: Callable[[str, int], Any]) -> Event:
    """The event with its customer's profile as of the moment it is processed."""
    customer_id = event[CUSTOMER]
    return (*event, None, None if customer_id is None else profile(customer_id, event[ORDER]))


def _by(event: Event, item: Any) -> Event:
    """The event with the list element by which it came to a key."""
    return event if item is None else (*event[:ITEM], item, *event[PROFILE:])


def _parsed(event: Event) -> Event:
    return event if isinstance(event[PROPERTIES], dict) else parse_body(event)


def _late_event(event_id: str, time_us: int, watermark_us: int, event: Event | None) -> LateEvent:
    assert event is not None, "the router sends late events whole"
    return LateEvent(
        event_id=event_id,
        type=event[TYPE],
        customer_id=event[CUSTOMER],
        event_time_us=time_us,
        late_by_us=watermark_us - time_us,
        origin=event[ORIGIN],
        offset=event[OFFSET],
        index=event[INDEX],
    )
