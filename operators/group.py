"""One key group: everything that happens to the customers (and other keys) that hash into it.

Pure: batches in, decisions and late events out. In order: duplicates are recognised, late events set apart, the rest
reordered by event time behind the watermark, and shown to the automata; then timers due by the watermark fire.
"""

from __future__ import annotations

from bisect import bisect_left
from heapq import heappop, heappush
from itertools import groupby
from typing import Any

from operators.automaton import Automaton, Found
from operators.body import parse_body
from operators.clock import GroupClock
from operators.decide import Decider
from operators.local_time import Profiles, no_profiles
from operators.matcher import OWN_WAY
from operators.paths import key_text
from operators.plan import Listener, Plan, keys_of
from operators.program import Key, Spec
from operators.reasons import Fate
from operators.records import (
    BEGINNING_OF_TIME,
    CUSTOMER,
    END_OF_TIME,
    ID,
    INDEX,
    OFFSET,
    ORDER,
    ORIGIN,
    PROPERTIES,
    TIME,
    TYPE,
    Decision,
    Event,
    GroupBatch,
    LateEvent,
    Origin,
)
from operators.seen import SeenIds
from operators.tally import Tally

FOREIGN_LENGTH = INDEX + 2
"""Of an entry in ``KeyGroup.waiting_foreign``; a home event is longer."""


class KeyGroup:
    """The state of one key group. ``operators.state`` writes and reads it."""

    def __init__(self, plan: Plan, *, dedupe_horizon_us: int, profiles: Profiles = no_profiles) -> None:
        self.plan = plan
        self.clock = GroupClock()
        self.first_us: dict[Origin, int] = {}
        """By partition, the event time of its first message: what came before it nobody has watched."""
        self.tally = Tally()
        self.seen = SeenIds(dedupe_horizon_us)
        self.seen_foreign = SeenIds(dedupe_horizon_us)
        self.waiting: list[Event] = []
        """Home events that the watermark has not passed."""
        self.waiting_foreign: list[tuple[Any, ...]] = []
        """``(order, origin, offset, index, entry)`` of foreign ones."""
        self.timers: list[tuple[int, int, Key]] = []
        """Heap of (due, program index, key); an entry is valid while it is its key's ``due_us``."""
        self._found: list[Found] = []
        self.automata = [
            Automaton(program, self._schedule, self._found.append, self.tally, profiles) for program in plan.programs
        ]
        self._decider = Decider(self.tally)

    @property
    def open_matches(self) -> int:
        """How many partial matches are open."""
        return sum(automaton.open_matches for automaton in self.automata)

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
        if batch.entries:
            self._take_entries(batch, out)
        if batch.foreign:
            self._take_foreign(batch)
        if batch.first_us is not None and batch.origin not in self.first_us:
            self.first_us[batch.origin] = batch.first_us
            self.watch()
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

    def watch(self) -> None:
        """Tells the automata since when everything was watched."""
        since_us = max(self.first_us.values(), default=BEGINNING_OF_TIME)
        for automaton in self.automata:
            automaton.watched_since_us = since_us

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
            if interest.arrivals and self._arrive(event, interest.arrivals):
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

    def _arrive(self, event: Event, listeners: tuple[Listener, ...]) -> bool:
        """Fires the single-step triggers that this event fits; tells whether any did."""
        event = _parsed(event)
        fired = False
        for listener in listeners:
            for key, item in keys_of(listener, event):
                fired |= self._fire(listener.program, listener.spec, key, event if item is None else (*event, item))
        return fired

    def _fire(self, program_index: int, spec: Any, key: Key, event: Event) -> bool:
        program = self.plan.programs[program_index]
        matcher = program.stages[0].matcher
        assert matcher is not None
        ways = (spec,)
        if not matcher.fits(event, (), ways):
            return False
        per = None
        if program.per is not None:
            per = key_text(program.per(event))
            if per is None:
                return False
        self.tally.add("matches", program.name)
        captured = (matcher.capture(event, program.layouts[0], ways),)
        self._found.append(Found(program, key, per, captured, event[TIME], expired=False))
        return True

    def _advance(self, before_us: int, watermark_us: int) -> None:
        """Processes what lies before ``before_us`` in order, then fires timers due by ``watermark_us``."""
        home = _released(self.waiting, before_us) if self.waiting else []
        if self.waiting_foreign and (foreign := _released(self.waiting_foreign, before_us)):
            # A trigger may take some of its events at home and others from abroad: one order for both.
            for _, entries in groupby(sorted([*home, *foreign], key=_place), _place):
                came = list(entries)
                if len(came) == 1 and len(came[0]) > FOREIGN_LENGTH:
                    self._process(came[0])
                else:
                    self._process_all(came)
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

    def _process(self, event: Event) -> None:
        interest = self.plan.interest(event[TYPE])
        if interest.forked:
            self._process_all([event])
            return
        if interest.body:
            event = _parsed(event)
        for program, _, keys, ways in interest.home:
            automaton = self.automata[program]
            if keys is None:
                if event[CUSTOMER] is not None:
                    automaton.on_event(event, event[CUSTOMER], ways)
                continue
            for key, item in keys(event):
                automaton.on_event(event if item is None else (*event, item), key, ways)

    def _process_all(self, entries: list[tuple[Any, ...]]) -> None:
        """One event as it came, at home, from abroad or both: shown once to each trigger and key, whatever the ways."""
        concerns: dict[tuple[int, Key], dict[Spec | None, Any]] = {}
        event: Event = ()
        for entry in entries:
            if len(entry) == FOREIGN_LENGTH:
                event, foreign = entry[-1]
                event = _parsed(event)
                for program, spec, key, item in foreign:
                    concerns.setdefault((program, key), {})[spec] = item
                continue
            event = _parsed(entry)
            for listener in self.plan.interest(event[TYPE]).home:
                for key, item in keys_of(listener, event):
                    concerns.setdefault((listener.program, key), {})[listener.spec] = item
        for (program, key), ways in concerns.items():
            if len(ways) == 1:
                ((spec, item),) = ways.items()
                came_by = OWN_WAY if spec is None else (spec,)
                self.automata[program].on_event(event if item is None else (*event, item), key, came_by)
            else:
                self.automata[program].on_event(event, key, ways)

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
