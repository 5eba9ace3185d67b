"""One key group: everything that happens to the customers (and other keys) that hash into it.

Pure: batches in, decisions and late events out. In order: duplicates are recognised, late events set apart, the rest
reordered by event time behind the watermark, and shown to the automata; then timers due by the watermark fire.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Any, TypeAlias

from operators.automaton import Automaton, Exited, Found
from operators.body import parse_body
from operators.captures import capture
from operators.clock import GroupClock
from operators.decide import match_of
from operators.paths import key_text
from operators.plan import Listener, Plan, keys_of
from operators.policy.compiled import ProfileReader, nobody_known
from operators.policy.relay import MARK_EVERY_US
from operators.policy.step import PolicyStep
from operators.policy.values import Ended, GroupMark, Handover, Match, Undecided
from operators.program import Key
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
)
from operators.seen import SeenIds
from operators.tally import Tally

FOREIGN_LENGTH = INDEX + 2
"""Of an entry in ``KeyGroup.waiting_foreign``; a home event is longer."""
Told: TypeAlias = Decision | LateEvent | Undecided
"""What a key group has to tell; undecided matches where another step decides."""


class KeyGroup:
    """The state of one key group. ``operators.state`` writes and reads it."""

    def __init__(self, plan: Plan, *, dedupe_horizon_us: int, profiles: ProfileReader = nobody_known) -> None:
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
        self._arrived: list[tuple[Found, int]] = []
        """Matches that fired on arrival, each with its place in the order of deciding."""
        self._found: list[Found | Exited] = []
        self.automata = [
            Automaton(program, self._schedule, self._found.append, self.tally) for program in plan.programs
        ]
        self.policy = PolicyStep(plan.programs, self.tally, profiles) if plan.decides_at_home else None
        """None where matches are decided in a step of its own."""
        self.handover: dict[str, Any] | None = None
        """What the policy step of this group kept before matches were decided elsewhere, to be sent there."""
        self._marked_us = BEGINNING_OF_TIME

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

    def receive(self, batch: GroupBatch) -> list[Told]:
        """What one chunk has for this group; gives what there is to tell of it, in the order of deciding."""
        out: list[Told] = []
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
        # The end of a bounded input stands at its watermark: nothing more will come that could stand there too.
        out += self._decide(watermark_us + batch.final, batch.final)
        return out

    def _decide(self, before_us: int, final: bool) -> Iterable[Told]:
        """What was found, decided as far as nothing before ``before_us`` can be found any more, or sent on."""
        found: list[Match | Ended] = []
        if self._arrived:
            arrived = [match_of(each, order_us, arrived=True) for each, order_us in self._arrived]
            self._arrived.clear()
            arrived.sort(key=_turn)
            found += arrived
        for each in self._found:
            if isinstance(each, Exited):
                found.append(Ended(each.match_id, each.action, each.event_time_us))
            else:
                found.append(match_of(each, each.event_time_us))
        self._found.clear()
        if self.policy is not None:
            return self.policy.receive(found, before_us)
        out: list[Told] = [*found]
        if self.handover is not None:
            out.insert(0, Handover(self.handover))
            self.handover = None
        if before_us - self._marked_us >= MARK_EVERY_US or (final and before_us > self._marked_us):
            self._marked_us = before_us
            out.append(GroupMark(before_us, final))
        return out

    def _take_entries(self, batch: GroupBatch, out: list[Told]) -> None:
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
        if not matcher.fits(event, (), spec):
            return False
        per = None
        if program.per is not None:
            per = key_text(program.per(event))
            if per is None:
                return False
        self.tally.add("matches", program.name)
        captured = (capture(event, program.layouts[0]),)
        self._arrived.append((Found(program, key, per, captured, event[TIME], expired=False), event[ORDER]))
        return True

    def _advance(self, before_us: int, watermark_us: int) -> None:
        """Processes what lies before ``before_us`` in order, then fires timers due by ``watermark_us``."""
        home = _released(self.waiting, before_us) if self.waiting else []
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

    def _process(self, event: Event) -> None:
        interest = self.plan.interest(event[TYPE])
        if interest.body:
            event = _parsed(event)
        for program, spec, keys in interest.home:
            automaton = self.automata[program]
            if keys is None:
                if event[CUSTOMER] is not None:
                    automaton.on_event(event, event[CUSTOMER], spec)
                continue
            for key, item in keys(event):
                automaton.on_event(event if item is None else (*event, item), key, spec)

    def _process_foreign(self, event: Event, concerns: tuple[tuple[Any, ...], ...]) -> None:
        event = _parsed(event)
        for program, spec, key, item in concerns:
            self.automata[program].on_event(event if item is None else (*event, item), key, spec)

    def _schedule(self, due_us: int, program: int, key: Key) -> None:
        if due_us < END_OF_TIME:
            heappush(self.timers, (due_us, program, key))


def _turn(match: Match) -> tuple[Any, ...]:
    """Where matches that are decided at once stand among each other."""
    return (match.order_us, match.trigger, (match.key,) if isinstance(match.key, str) else match.key)


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
