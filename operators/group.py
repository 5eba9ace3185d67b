"""One key group: everything that happens to the customers (and other keys) that hash into it.

Pure: batches in, decisions and late events out. In order: duplicates are recognised, late events set apart, the rest
reordered by event time behind the watermark, and shown to the automata; then timers due by the watermark fire.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, TypeAlias

from operators.automaton import Automaton, Exited, Found
from operators.body import by_item, parse_body
from operators.clock import GroupClock
from operators.decide import match_of
from operators.matcher import OWN_WAY
from operators.paths import key_text
from operators.plan import Interest, Plan, keys_of
from operators.policy.relay import MARK_EVERY_US
from operators.policy.step import PolicyStep
from operators.policy.values import Ended, GroupMark, Handover, Match, Undecided
from operators.profile_reader import ProfileReader
from operators.profiles import Profiles
from operators.program import Key, Spec
from operators.reasons import Fate
from operators.records import (
    BEGINNING_OF_TIME,
    CUSTOMER,
    END_OF_TIME,
    ID,
    INDEX,
    ITEM,
    OFFSET,
    ORDER,
    ORIGIN,
    PROPERTIES,
    TIME,
    TYPE,
    Decision,
    Entry,
    Event,
    GroupBatch,
    LateEvent,
    Origin,
)
from operators.seen import SeenIds
from operators.tally import Tally
from operators.timers import Timers

FOREIGN_LENGTH = INDEX + 2
"""Of an entry in ``KeyGroup.waiting_foreign``; a home event is longer."""
Told: TypeAlias = Decision | LateEvent | Undecided
"""What a key group has to tell; undecided matches where another step decides."""


class KeyGroup:
    """The state of one key group. ``operators.state`` writes and reads it."""

    def __init__(self, plan: Plan, *, dedupe_horizon_us: int, profiles: ProfileReader | None = None) -> None:
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
        self.timers = Timers()
        """One counts while it is its key's ``due_us``."""
        self.profiles = Profiles(plan.profiles, dedupe_horizon_us=dedupe_horizon_us)
        """Its customers' profiles. Stored apart, by ``operators.profiles.stored``."""
        self._read_profile = profiles or self.profile_at
        self._arrived: list[tuple[Found, int]] = []
        """Matches that fired on arrival, each with its place in the order of deciding."""
        self._found: list[Found | Exited] = []
        self.automata = [
            Automaton(program, self._schedule, self._found.append, self.tally, self._read_profile)
            for program in plan.programs
        ]
        self.policy = (
            PolicyStep(plan.programs, self.tally, self._read_profile, profiles or self.profile_on_arrival)
            if plan.decides_at_home
            else None
        )
        """None where matches are decided in a step of its own."""
        self.handover: dict[str, Any] | None = None
        """What the policy step of this group kept before matches were decided elsewhere, to be sent there."""
        self._marked_us = BEGINNING_OF_TIME

    @property
    def open_matches(self) -> int:
        """How many partial matches are open."""
        return sum(automaton.open_matches for automaton in self.automata)

    def profile_at(self, customer_id: str, time_us: int) -> Mapping[str, Any] | None:
        """The profile of one of this group's customers as of a time that the watermark had not passed before the
        batch at hand; None where no profile is kept. Not to be changed."""
        return self.profiles.at(customer_id, time_us)

    def profile_on_arrival(self, customer_id: str, time_us: int) -> Mapping[str, Any] | None:
        """The same by everything that has been received, whatever its time."""
        return self.profiles.on_arrival(customer_id, time_us)

    def timers_due_by(self, time_us: int) -> int:
        """How many timers stand at or before this time; a walk over those alone, for whoever scrapes."""
        return sum(
            (state := self.automata[program].states.get(key)) is not None and state.due_us == due_us
            for due_us, program, key in self.timers.due_by(time_us)
        )

    def receive(self, batch: GroupBatch) -> list[Told]:
        """What one chunk has for this group; gives what there is to tell of it, in the order of deciding."""
        out: list[Told] = []
        if self.policy is not None:
            # Where matches are decided in a step of its own, that step reads profiles later and settles them.
            self.profiles.advance(self.clock.watermark_us)
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
        # The end of a bounded input stands at its watermark: nothing more will come that could stand there too.
        out += self._decide(watermark_us + batch.final, batch.final)
        return out

    def watch(self) -> None:
        """Tells the automata since when everything was watched."""
        since_us = max(self.first_us.values(), default=BEGINNING_OF_TIME)
        for automaton in self.automata:
            automaton.watched_since_us = since_us

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
                found.append(match_of(each, each.released_us))
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
        entries = batch.entries
        if not batch.late:
            ids, times_us, *_ = zip(*entries, strict=False)
            if self.seen.all_new(ids, times_us):
                self.tally.add(Fate.MATCHED.value, amount=len(entries))
                for event in batch.heard:
                    self._hear(event)
                return
        self._take_one_by_one(entries, out)

    def _take_one_by_one(self, entries: list[Entry], out: list[Told]) -> None:
        """As ``_take_entries``, where some may be late or have come before."""
        duplicates = late = 0
        for event_id, time_us, watermark_us, *heard in entries:
            if self.seen.is_duplicate(event_id, time_us, watermark_us):
                duplicates += 1
                continue
            for event in heard:
                if time_us < watermark_us:
                    late += 1
                    out.append(_late_event(event))
                self._hear(event)
        matched = len(entries) - duplicates - late
        for fate, count in ((Fate.MATCHED, matched), (Fate.DUPLICATE, duplicates), (Fate.LATE, late)):
            if count:
                self.tally.add(fate.value, amount=count)

    def _hear(self, event: Event) -> None:
        interest = self.plan.interest(event[TYPE])
        if interest.changes_profile and event[CUSTOMER] is not None:
            self.profiles.receive(_parsed(event) if interest.profile_body else event)
        if interest.arrivals and self._arrive(event, interest):
            self.seen.keep(event[ID], event[TIME])
        if interest.home:
            self.waiting.append(event)

    def _take_foreign(self, batch: GroupBatch) -> None:
        for event, watermark_us, concerns in batch.foreign:
            event_id, time_us = event[ID], event[TIME]
            if self.seen_foreign.is_duplicate(event_id, time_us, watermark_us):
                continue
            fired = False
            rest = []
            for concern in concerns:
                program, spec, key, item = concern
                compiled = self.plan.programs[program]
                if compiled.fires_on_arrival:
                    fired |= self._fire(program, spec, key, (*_parsed(event), item))
                if not compiled.fires_on_arrival or compiled.watch_us is not None:
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
                fired |= self._fire(listener.program, listener.spec, key, by_item(event, item))
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
        found = Found(program, key, per, captured, event[TIME], expired=False)
        self._arrived.append((found, event[ORDER]))
        if program.watch_us is not None:
            self.automata[program_index].watch_arrival(found, event[ORDER])
        return True

    def _advance(self, before_us: int, watermark_us: int) -> None:
        """Processes what lies before ``before_us`` in order, then fires timers due by ``watermark_us``."""
        home = _released(self.waiting, before_us) if self.waiting else []
        if self.plan.scores:
            self._score(home)
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
        for due_us, program, key in self.timers.take_due(watermark_us):
            automaton = self.automata[program]
            state = automaton.states.get(key)
            if state is not None and state.due_us == due_us:
                automaton.on_timer(key, watermark_us)
        self.seen.forget(watermark_us)
        self.seen_foreign.forget(watermark_us)

    def _score(self, events: list[Event]) -> None:
        """Lets those of the events of which scores are asked carry them, all inferred at once."""
        places = [place for place, event in enumerate(events) if self.plan.interest(event[TYPE]).scores]
        carrying = [_carrying(_parsed(events[place]), self._read_profile) for place in places]
        asked = [self.plan.interest(event[TYPE]).scores for event in carrying]
        for place, event, scores in zip(places, carrying, self.plan.scores.answers(carrying, asked), strict=True):
            events[place] = (*event, scores)

    def _process(self, event: Event) -> None:
        interest = self.plan.interest(event[TYPE])
        if interest.forked:
            self._process_all([event])
            return
        if interest.body:
            event = _parsed(event)
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

    def _process_all(self, entries: list[tuple[Any, ...]]) -> None:
        """One event as it came, at home, from abroad or both: shown once to each trigger and key, whatever the ways."""
        concerns: dict[tuple[int, Key], dict[Spec | None, Any]] = {}
        event: Event = ()
        for entry in entries:
            if len(entry) == FOREIGN_LENGTH:
                abroad, foreign = entry[-1]
                event = event or _parsed(abroad)
                for program, spec, key, item in foreign:
                    concerns.setdefault((program, key), {})[spec] = item
                continue
            event = self._carrying_profile(_parsed(entry))
            for listener in self.plan.interest(event[TYPE]).home:
                for key, item in keys_of(listener, event):
                    concerns.setdefault((listener.program, key), {})[listener.spec] = item
        for (program, key), ways in concerns.items():
            if len(ways) == 1:
                ((spec, item),) = ways.items()
                came_by = OWN_WAY if spec is None else (spec,)
                self.automata[program].on_event(by_item(event, item), key, came_by)
            else:
                self.automata[program].on_event(event, key, ways)

    def _carrying_profile(self, event: Event) -> Event:
        if len(event) > ITEM or not self.plan.interest(event[TYPE]).reads_profile:
            return event
        return _carrying(event, self._read_profile)

    def _schedule(self, due_us: int, program: int, key: Key) -> None:
        if due_us < END_OF_TIME:
            self.timers.add(due_us, program, key)


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


def _carrying(event: Event, profile: ProfileReader) -> Event:
    """The event with its customer's profile as of the moment it is processed."""
    customer_id = event[CUSTOMER]
    return (*event, None, None if customer_id is None else profile(customer_id, event[ORDER]))


def _parsed(event: Event) -> Event:
    return event if isinstance(event[PROPERTIES], dict) else parse_body(event)


def _late_event(event: Event) -> LateEvent:
    return LateEvent(
        event_id=event[ID],
        type=event[TYPE],
        customer_id=event[CUSTOMER],
        event_time_us=event[TIME],
        late_by_us=event[ORDER] - event[TIME],
        origin=event[ORIGIN],
        offset=event[OFFSET],
        index=event[INDEX],
    )
