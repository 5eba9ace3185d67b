"""One key group: everything that happens to the customers (and other keys) that hash into it.

Pure: batches in, decisions and late events out. In order: duplicates are recognised, late events set apart, the rest
reordered by event time behind the watermark, and shown to the automata; then timers due by the watermark fire.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, TypeAlias

from operators.anonymous.customer_states import keep_by_customer
from operators.anonymous.handing_over import Handovers
from operators.anonymous.values import FromIdentity
from operators.arrivals import Arrivals
from operators.automaton import Automaton, Exited, Found
from operators.body import parsed
from operators.clock import GroupClock
from operators.decide import match_of
from operators.line import Line, place_of
from operators.marks import GroupMark, RelayedClock
from operators.matching import FOREIGN_LENGTH, Matching
from operators.plan import Interest, Plan
from operators.policy.facts import SentBefore
from operators.policy.relay import MARK_EVERY_US
from operators.policy.step import PolicyStep
from operators.policy.values import Ended, Match, Undecided
from operators.policy.values import Handover as PolicyHandover
from operators.profile_reader import ProfileReader
from operators.profiles import Profiles
from operators.reasons import Fate
from operators.records import (
    BEGINNING_OF_TIME,
    CONTEXT,
    CUSTOMER,
    END_OF_TIME,
    ID,
    INDEX,
    OFFSET,
    ORDER,
    ORIGIN,
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

EVENT_LENGTH = CONTEXT + 1
"""Of a home event in line; a handover is shorter, a foreign one shorter still."""
Told: TypeAlias = Decision | LateEvent | Undecided
"""What a key group has to tell; undecided matches where another step decides."""


class KeyGroup:
    """The state of one key group. ``operators.state`` writes and reads it."""

    def __init__(
        self,
        plan: Plan,
        *,
        dedupe_horizon_us: int,
        profiles: ProfileReader | None = None,
        key_groups: int = 1,
        identity_groups: int = 0,
        knows_sent: bool = True,
        rests_in_buckets: bool = False,
    ) -> None:
        """``key_groups``: how many there are, of which this is one.

        ``identity_groups``: of the identity step before it, without whose word time does not go on; 0: no such.
        ``knows_sent`` as of ``PolicyStep``. ``rests_in_buckets``: whether what is open is stored in buckets of its own
        (``operators.match_buckets``).
        """
        self.plan = plan
        self.key_groups = key_groups
        self.number: int | None = None
        """Which of them this is, once something of it is known."""
        self.clock = GroupClock()
        self.first_us: dict[Origin, int] = {}
        """By partition, the event time of its first message: what came before it nobody has watched."""
        self.tally = Tally()
        self.seen = SeenIds(dedupe_horizon_us)
        self.seen_foreign = SeenIds(dedupe_horizon_us)
        self.waiting = Line()
        """Home events that the watermark has not passed."""
        self.waiting_foreign = Line()
        """``(order, origin, offset, index, entry)`` of foreign ones."""
        self.waiting_arrivals = Line()
        """Of the identity step, events on which a single-step trigger may fire: in order, not on arrival."""
        self.waiting_handovers = Line()
        self.reached_us = BEGINNING_OF_TIME
        """How far everything has come, by both ways, and is processed."""
        self.ended = False
        """Whether the bounded input has ended, and everything of it has come."""
        self.profiles = Profiles(plan.profiles, dedupe_horizon_us=dedupe_horizon_us)
        """Its customers' profiles. Stored apart, by ``operators.profiles.stored``."""
        self._read_profile = profiles or self.profile_at
        self._arrived: list[Found] = []
        """Matches that fired on arrival."""
        self.matching = Matching(plan, self.tally, self._read_profile)
        on_arrival = profiles or self.profile_on_arrival
        self.policy = (
            PolicyStep(plan.programs, self.tally, self._read_profile, on_arrival, knows_sent=knows_sent)
            if plan.decides_at_home
            else None
        )
        """None where matches are decided in a step of its own."""
        self.handover: dict[str, Any] | None = None
        """What the policy step of this group kept before matches were decided elsewhere, to be sent there."""
        self._marked_us = BEGINNING_OF_TIME
        self._direct_final = False
        self._arrivals = Arrivals(plan, self.automata, self.tally)
        self._identity = RelayedClock(identity_groups) if identity_groups else None
        self._handovers = Handovers(plan, self.automata, self.tally, self._read_profile)
        if identity_groups:
            keep_by_customer(self.automata)
        if rests_in_buckets:
            for automaton in self.automata:
                automaton.states.rest_in_buckets()

    @property
    def automata(self) -> list[Automaton]:
        """One a trigger."""
        return self.matching.automata

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

    def receive(self, batch: GroupBatch | FromIdentity | SentBefore) -> list[Told]:
        """What one chunk has for this group; gives what there is to tell of it, in the order of deciding."""
        out: list[Told] = []
        if self.policy is not None:
            # Where matches are decided in a step of its own, that step reads profiles later and settles them.
            self.profiles.advance(min(self.reached_us, self.policy.before_us))
        if isinstance(batch, SentBefore):
            if self.policy is not None:
                self.policy.learn(batch.facts, complete=batch.complete)
        elif isinstance(batch, FromIdentity):
            self._take_identified(batch)
        else:
            self._take(batch, out)
        watermark_us, self.ended = self.clock.watermark_us, self._direct_final
        if self._identity is not None:
            watermark_us = min(watermark_us, self._identity.before_us)
            self.ended &= self._identity.final
        if self.ended:
            self._advance(END_OF_TIME, watermark_us)
        elif watermark_us > self.reached_us:
            self._advance(watermark_us, watermark_us)
        if isinstance(batch, GroupBatch) and watermark_us == self.reached_us and self._has_nothing_new():
            return out
        self.reached_us = watermark_us
        out += self.go_on()
        return out

    @property
    def is_behind(self) -> bool:
        """Whether there is something left to do though nothing has come: to be asked to ``go_on``."""
        return any(automaton.showings for automaton in self.matching.apart)

    def _has_nothing_new(self) -> bool:
        """Whether nothing was found, and nothing is left to do or to hand over."""
        return not (self.matching.found or self._arrived or self.ended or self.handover or self.is_behind)

    def go_on(self) -> Iterable[Told]:
        """Does a slice of what is left to do; gives what there is to tell then."""
        # The end of a bounded input stands at its watermark: nothing more will come that could stand there too.
        before_us = min(self.reached_us + self.ended, self.matching.go_on(to_the_end=self.ended))
        return self._decide(before_us, self.ended)

    def _take(self, batch: GroupBatch, out: list[Told]) -> None:
        if batch.events:
            self._take_home(batch, out)
        if batch.foreign:
            self._take_foreign(batch)
        if batch.first_us is not None and batch.origin not in self.first_us:
            self.first_us[batch.origin] = batch.first_us
            self.watch()
        self.clock.hear(batch.origin, batch.watermark_us, batch.origins)
        self._direct_final |= batch.final

    def _take_identified(self, batch: FromIdentity) -> None:
        """Puts in line what the identity step has counted and settled."""
        for event in batch.events:
            interest = self.plan.interest(event[TYPE])
            self._profile(event, interest)
            if interest.arrivals:
                self.waiting_arrivals.append(event)
            if interest.home:
                self.waiting.append(event)
        if batch.foreign:
            self._take_foreign(batch, arrived=False)
        self.waiting_handovers.extend(batch.handovers)
        if batch.mark is not None and self._identity is not None:
            self._identity.hear(batch.mark)

    def watch(self) -> None:
        """Tells the automata since when everything was watched."""
        since_us = max(self.first_us.values(), default=BEGINNING_OF_TIME)
        for automaton in self.automata:
            automaton.watched_since_us = since_us

    def _decide(self, before_us: int, final: bool) -> Iterable[Told]:
        """What was found, decided as far as nothing before ``before_us`` can be found any more, or sent on."""
        found: list[Match | Ended] = []
        if self._arrived:
            arrived = [match_of(each, each.released_us, arrived=True) for each in self._arrived]
            self._arrived.clear()
            arrived.sort(key=_turn)
            found += arrived
        for each in self.matching.found:
            if isinstance(each, Exited):
                found.append(Ended(each.match_id, each.action, each.event_time_us))
            else:
                found.append(match_of(each, each.released_us))
        self.matching.found.clear()
        if self.policy is not None:
            return self.policy.receive(found, before_us)
        out: list[Told] = [*found]
        if self.handover is not None:
            out.insert(0, PolicyHandover(self.handover))
            self.handover = None
        if before_us - self._marked_us >= MARK_EVERY_US or (final and before_us > self._marked_us):
            self._marked_us = before_us
            out.append(GroupMark(before_us, final))
        return out

    def _take_home(self, batch: GroupBatch, out: list[Told]) -> None:
        """Counts, de-duplicates, fires on arrival, and puts what is to be matched in line."""
        if batch.copies is not None:
            late = [LateEvent.of(event) for event in batch.heard if event[TIME] < event[ORDER]] if batch.late else []
            out += late
            self._count(batch.events, batch.copies, len(late))
        elif not batch.late and self.seen.all_new(batch.ids, batch.event_times_us):
            self._count(batch.events, 0, 0)
        else:
            self._take_one_by_one(batch, out)
            return
        for event in batch.heard:
            self._hear(event)

    def _take_one_by_one(self, batch: GroupBatch, out: list[Told]) -> None:
        """As ``_take_home``, where some may be late or have come before."""
        duplicates = late = 0
        heard = dict(zip(batch.heard_at, batch.heard, strict=True))
        columns = zip(batch.ids, batch.event_times_us, batch.watermarks_us, strict=True)
        for place, (event_id, time_us, watermark_us) in enumerate(columns):
            if self.seen.is_duplicate(event_id, time_us, watermark_us):
                duplicates += 1
                continue
            event = heard.get(place)
            if event is None:
                continue
            if time_us < watermark_us:
                late += 1
                out.append(LateEvent.of(event))
            self._hear(event)
        self._count(len(batch.ids), duplicates, late)

    def _count(self, events: int, duplicates: int, late: int) -> None:
        matched = events - duplicates - late
        for fate, count in ((Fate.MATCHED, matched), (Fate.DUPLICATE, duplicates), (Fate.LATE, late)):
            if count:
                self.tally.add(fate.value, amount=count)

    def _hear(self, event: Event) -> None:
        interest = self.plan.interest(event[TYPE])
        self._profile(event, interest)
        if interest.arrivals and (fired := self._arrivals.fire(event, interest, self.profiles.on_arrival)):
            self._arrived += fired
            self.seen.keep(event[ID], event[TIME])
        if interest.home:
            self.waiting.append(event)

    def _profile(self, event: Event, interest: Interest) -> None:
        if interest.changes_profile and event[CUSTOMER] is not None:
            self.profiles.receive(parsed(event) if interest.profile_body else event)

    def _take_foreign(self, batch: GroupBatch | FromIdentity, *, arrived: bool = True) -> None:
        for event, watermark_us, concerns in batch.foreign:
            event_id, time_us = event[ID], event[TIME]
            if self.seen_foreign.is_duplicate(event_id, time_us, watermark_us):
                continue
            fired: list[Found] = []
            rest = []
            for concern in concerns:
                program, spec, key, item = concern
                compiled = self.plan.programs[program]
                if compiled.fires_on_arrival:
                    fired += self._arrivals.fire_one(program, spec, key, (*parsed(event), item))
                if not compiled.fires_on_arrival or compiled.watch_us is not None:
                    rest.append(concern)
            if fired:
                (self._arrived if arrived else self.matching.found).extend(fired)
                self.seen_foreign.keep(event_id, time_us)
            if rest:
                self.waiting_foreign.append(
                    (event[ORDER], event[ORIGIN], event[OFFSET], event[INDEX], (event, tuple(rest)))
                )

    def _advance(self, before_us: int, watermark_us: int) -> None:
        """Shows what lies before ``before_us`` in order, then fires timers due by ``watermark_us``."""
        matching = self.matching
        for event in self.waiting_arrivals.released(before_us) if self.waiting_arrivals else ():
            matching.found += self._arrivals.fire(event, self.plan.interest(event[TYPE]), self._read_profile)
        home = self.waiting.released(before_us) if self.waiting else []
        matching.score(home)
        foreign = self.waiting_foreign.released(before_us) if self.waiting_foreign else []
        handovers = self.waiting_handovers.released(before_us) if self.waiting_handovers else []
        if foreign or handovers:
            # A trigger may take some of its events at home and others from abroad: one order for all. A handover
            # stands where its identify does, and comes before it.
            for _, entries in groupby(sorted([*handovers, *home, *foreign], key=place_of), place_of):
                came = list(entries)
                while came and FOREIGN_LENGTH < len(came[0]) < EVENT_LENGTH:
                    self._handovers.take(came.pop(0))
                if len(came) == 1 and len(came[0]) >= EVENT_LENGTH:
                    matching.show(came[0])
                elif came:
                    matching.show_once(came)
        else:
            for event in home:
                matching.show(event)
        matching.reach(watermark_us)
        self.seen.forget(watermark_us)
        self.seen_foreign.forget(watermark_us)


def _turn(match: Match) -> tuple[Any, ...]:
    """Where matches that are decided at once stand among each other."""
    return (match.order_us, match.trigger, (match.key,) if isinstance(match.key, str) else match.key)
