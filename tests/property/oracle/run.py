"""One open match: what it has taken, and every question that can be asked about it from that alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from config.language import (
    AbsentStep,
    AllStep,
    AnyStep,
    AtStep,
    EventMember,
    EventStep,
    IdleStep,
    Match,
    Matcher,
    Member,
    WaitStep,
)
from tests.property.oracle.conditions import Captured, Known, having_holds, verdict
from tests.property.oracle.keys import keys
from tests.property.oracle.log import Moment, Seen
from tests.property.oracle.moments import at_is_over, wait_is_over

Path: TypeAlias = tuple[int, ...]
"""A member of a group: the place in it, the place in that, and so on."""


@dataclass(frozen=True)
class Rules:
    """The match as written, with what it must know to ask about one key."""

    match: Match
    key: Any
    zone: ZoneInfo
    max_age: int | None

    def says(self, matcher: Matcher, seen: Seen, known: Known) -> bool | None:
        """Whether the event is one of these, for this key."""
        if self.key not in keys(self.match, matcher, seen.event):
            return False
        return verdict(matcher, seen.event, known)

    def keeps(self) -> bool:
        return self.match.effective_after_match.kind == "keep"


def is_untimed(step: Any) -> bool:
    """Whether it is an absence without a time, between two events."""
    return isinstance(step, AbsentStep) and step.within_us is None


@dataclass(frozen=True)
class Took:
    """One event that a match took, and for what."""

    step: int
    member: Path
    name: str | None
    seen: Seen
    item: Any

    @property
    def row(self) -> tuple[str, str]:
        return (self.name or ".".join(map(str, (self.step, *self.member))), self.seen.id)


@dataclass(frozen=True)
class Run:
    """An open match. What waits to happen stands behind ``place``, the step where something happened last."""

    rules: Rules
    number: int
    """In order of creation."""
    per: str | None
    taken: tuple[Took, ...]
    place: int
    entered: int
    """When what is behind ``place`` was entered; a group that has begun: when it was."""
    silent_since: int
    closed: frozenset[int] = frozenset()
    """Steps that take no more events although they have not all they could take."""
    past: frozenset[tuple[int, Path]] = frozenset()
    """Absences in groups that are done."""
    out: frozenset[tuple[int, Path]] = frozenset()
    """Absences in groups that have become impossible."""
    missed: bool = False
    """Whether an event of the key went by since the last one taken."""
    spanned: bool = False
    """Whether ``within`` of the match is over."""
    fired: int = 0
    """How many events it had taken when it was a match last."""

    # --- what was taken ---

    @property
    def begin(self) -> Moment:
        return self.taken[0].seen.moment

    @property
    def start(self) -> int:
        return self.taken[0].seen.time

    @property
    def last(self) -> int:
        """The time of the last event taken."""
        return max(took.seen.time for took in self.taken)

    def by(self, step: int) -> list[Seen]:
        return [took.seen for took in self.taken if took.step == step]

    def before(self, step: int) -> int:
        """The time of the last event that another step took before this one."""
        return max((took.seen.time for took in self.taken if took.step < step), default=self.start)

    def known(self, own: str | None = None) -> Known:
        """What conditions may ask about; ``own`` is the repetition that asks in its own ``where``."""
        captured = {
            name: self._captured(name) for name in {took.name for took in self.taken} | {own} if name is not None
        }
        return Known(captured, own)

    def _captured(self, name: str) -> Captured:
        mine = [took for took in self.taken if took.name == name]
        step = mine[0].step if mine else len(self.rules.match.steps)
        earlier = [took.seen.event for took in self.taken if took.step < step]
        return Captured(
            tuple(took.seen.event for took in mine),
            tuple(took.item for took in mine),
            earlier[-1] if earlier else None,
        )

    # --- repetitions ---

    def step(self, place: int) -> Any:
        return self.rules.match.steps[place]

    def is_satisfied(self, place: int) -> bool:
        """Whether the repetition at this place (a single event is one of one) needs no more."""
        step, events = self.step(place), self.by(place)
        if step.optional and not events:
            return True
        if len(events) < (1 if step.times is None else 0 if step.optional else step.times.min):
            return False
        if step.having is None:
            return True
        return having_holds(step.having, tuple(seen.event for seen in events), self.known()) is True

    def is_full(self, place: int) -> bool:
        times = self.step(place).times
        most = 1 if times is None else times.max
        return most is not None and len(self.by(place)) >= most

    def takes_more(self, place: int) -> bool:
        """Whether the event step at this place may still take an event, once its turn is or was."""
        return not (self.spanned or place in self.closed or place == self.first_place or self.is_full(place))

    @property
    def first_place(self) -> int:
        """The step that the match began with: it has all it will ever have."""
        return self.taken[0].step

    # --- what waits ---

    @property
    def is_done(self) -> bool:
        """Whether the step at ``place`` needs nothing more."""
        step = self.step(self.place)
        if self.place == self.first_place:
            return True
        if isinstance(step, EventStep):
            return self.is_satisfied(self.place)
        if isinstance(step, AllStep | AnyStep):
            return self.group_state(self.place) == "done"
        return True

    def waiting(self) -> list[int]:
        """The places of all steps that something may happen to now: of a repetition that could take more, and of
        those behind it up to the first that is needed."""
        if not self.is_done:
            return [self.place]
        step = self.step(self.place)
        found = [self.place] if isinstance(step, EventStep) and self.takes_more(self.place) else []
        for place in range(self.place + 1, len(self.rules.match.steps)):
            step = self.step(place)
            if isinstance(step, EventStep) and step.optional:
                found += [place] if self.takes_more(place) else []
            elif not is_untimed(step):
                return [*found, place]
        return found

    def guards(self) -> list[int]:
        """The absences without a time between the last event and the next one that is needed."""
        begun, needed = self.taken[-1].step, self.needed()
        if begun == self.place and not self.is_done:
            return []
        end = len(self.rules.match.steps) if needed is None else needed
        return [place for place in range(begun + 1, end) if is_untimed(self.step(place))]

    def needed(self) -> int | None:
        """The next step that cannot be left out and takes an event: None if there is none."""
        start = self.place if not self.is_done else self.place + 1
        return next((place for place in range(start, len(self.rules.match.steps)) if self._needs_event(place)), None)

    def _needs_event(self, place: int) -> bool:
        step = self.step(place)
        if isinstance(step, EventStep):
            return not step.optional
        if isinstance(step, AllStep | AnyStep):
            return self._member_needs_event(step, (), place)
        return False

    def _member_needs_event(self, member: Member, path: Path, place: int) -> bool:
        if isinstance(member, EventMember):
            return (place, path) not in {(took.step, took.member) for took in self.taken}
        if isinstance(member, AllStep | AnyStep):
            inner = [self._member_needs_event(each, (*path, i), place) for i, each in enumerate(member.members)]
            return any(inner) if isinstance(member, AllStep) else all(inner)
        return False

    def is_complete(self) -> bool:
        """Whether nothing is needed any more, and no greedy repetition at the end could still take something."""
        steps = self.rules.match.steps
        ahead = [step for step in steps[self.place + 1 :] if not is_untimed(step)]
        if not self.is_done or not all(isinstance(step, EventStep) and step.optional for step in ahead):
            return False
        last = steps[-1]
        return not (isinstance(last, EventStep) and last.greedy and self.takes_more(len(steps) - 1))

    def could_go_on(self) -> bool:
        """Whether a complete match could take one more event at its end."""
        return any(isinstance(self.step(place), EventStep) and self.may_be_next(place) for place in self.waiting())

    def is_stuck(self) -> bool:
        """Whether the neighbour that had to be next was not, and nothing that is left could come before it."""
        needed = self.needed()
        if needed is None or not self.is_done or self.may_be_next(needed):
            return False
        return not any(self._could_come_first(place) for place in range(self.place, needed))

    def _could_come_first(self, place: int) -> bool:
        step = self.step(place)
        if isinstance(step, EventStep):
            return self.takes_more(place) and self.may_be_next(place)
        if place > self.place and isinstance(step, AllStep | AnyStep) and self.may_be_next(place):
            return any(isinstance(leaf, EventMember) for _, leaf in self.open_leaves(place))
        return False

    def lacks_for_ever(self) -> bool:
        """Whether the repetition in progress can take no more and has not got what it needs."""
        step = self.step(self.place)
        return isinstance(step, EventStep) and not self.is_done and not self.takes_more(self.place)

    def may_be_next(self, place: int) -> bool:
        """Whether an event may still be this step's first: any, or where it is ``strict`` the direct neighbour."""
        return place == self.place or not self.missed or self.step(place).contiguity != "strict"

    # --- groups ---

    def group_state(self, place: int) -> str:
        """``done``, ``open`` or ``out`` (it can never be done) of the group that waits at this place."""
        return self.member_state(self.step(place), (), place)

    def member_state(self, member: Member, path: Path, place: int) -> str:
        if isinstance(member, EventMember):
            if any((took.step, took.member) == (place, path) for took in self.taken):
                return "done"
            return "out" if self.spanned or place in self.closed else "open"
        if isinstance(member, AbsentStep):
            return "done" if (place, path) in self.past else "out" if (place, path) in self.out else "open"
        states = [self.member_state(each, (*path, i), place) for i, each in enumerate(member.members)]
        decisive, other = ("out", "done") if isinstance(member, AllStep) else ("done", "out")
        return decisive if decisive in states else other if all(state == other for state in states) else "open"

    def open_leaves(self, place: int) -> Iterator[tuple[Path, EventMember | AbsentStep]]:
        """Every event and absence of the group that something may still happen to, in the order written."""
        yield from self._open_below(self.step(place), (), place)

    def _open_below(self, member: Member, path: Path, place: int) -> Iterator[tuple[Path, Any]]:
        if self.member_state(member, path, place) != "open":
            return
        if isinstance(member, AllStep | AnyStep):
            for i, each in enumerate(member.members):
                yield from self._open_below(each, (*path, i), place)
        else:
            yield path, member

    # --- deadlines ---

    def deadlines(self) -> Iterator[tuple[float, int, str, Any]]:
        """(time, rank, what, place or member): everything that is due one day if nothing happens before.

        Of one time what can no longer come is settled (rank 0) before what is done by waiting (rank 1).
        """
        for place in self.waiting():
            step = self.step(place)
            if isinstance(step, EventStep) and place != self.first_place:
                if step.within_us is not None:
                    yield self.before(place) + step.within_us, 0, "over", place
                if step.times is not None and step.times.within_us is not None and self.by(place):
                    yield self.by(place)[0].time + step.times.within_us, 0, "over", place
            elif isinstance(step, AllStep | AnyStep) and place != self.first_place:
                if step.within_us is not None and place not in self.closed:
                    yield self.before(place) + step.within_us, 0, "over", place
                for path, leaf in self.open_leaves(place):
                    if isinstance(leaf, AbsentStep):
                        yield self.entered + (leaf.within_us or 0), 1, "absent", (place, path)
            elif not isinstance(step, EventStep | AllStep | AnyStep):
                yield self._done_at(place), 1, "done", place
        if self.rules.match.within_us is not None and not self.spanned and self._could_take_any():
            yield self.start + self.rules.match.within_us, 0, "spanned", self.place

    def _done_at(self, place: int) -> float:
        """When the timed step that was entered is done. Raises ``Ended``."""
        step = self.step(place)
        if isinstance(step, AbsentStep):
            return self.entered + (step.within_us or 0)
        if isinstance(step, IdleStep):
            return self.silent_since + step.for_us
        if isinstance(step, WaitStep):
            return wait_is_over(step, self.entered, self.known())
        assert isinstance(step, AtStep), step
        return at_is_over(step, self.entered, self.known(), self.rules.zone, self.rules.max_age)

    def _could_take_any(self) -> bool:
        going_on = not self.is_done or self.place in self.waiting()
        ahead = range(self.place if going_on else self.place + 1, len(self.rules.match.steps))
        return any(isinstance(self.step(place), EventStep | AllStep | AnyStep) for place in ahead)

    # --- what becomes of it ---

    def takes(self, place: int, member: Path, name: str | None, seen: Seen, item: Any) -> Run:
        """With one more event. A group that goes on keeps the time it was entered at, and its absences."""
        is_group = isinstance(self.step(place), AllStep | AnyStep)
        after = replace(
            self,
            taken=(*self.taken, Took(place, member, name, seen, item)),
            place=place,
            missed=False,
            silent_since=seen.time,
            past=self.past if is_group else frozenset(),
            out=self.out if is_group else frozenset(),
        )
        return after if is_group and not after.is_done else replace(after, entered=seen.time)

    def passes(self, place: int, time: int) -> Run:
        """With this step done by waiting."""
        return replace(self, place=place, entered=time, silent_since=time)
