"""What one event does to one run that stands at a front: in this order, an absence that it may fit cancels it, a
repetition is over by it, a stage takes it, an exit that it may fit ends it, and what asked for the very next event is
disappointed.
"""

from __future__ import annotations

from typing import NamedTuple

from operators import groups
from operators.advance import Advance
from operators.body import is_system
from operators.matcher import CompiledMatcher, Ways
from operators.program import TAKING, Kind, Owner, Stage
from operators.records import ORDER, TIME, TYPE, Event
from operators.repetition import CAPTURE_TIME, count_of, earliest
from operators.runs import FIRED, End, Front, Run


class Offered(NamedTuple):
    """What an event did to a run."""

    end: End | str | None = None
    """As ``Advance.enter`` gives it."""
    took: bool = False
    copy: Run | None = None
    """``each``: the event was taken by this one, to which ``end`` belongs, and the run itself waits on."""


class Offer:
    """Shows events to the runs of one trigger."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._program = advance.program
        self._stages = advance.program.stages
        self._end = advance.program.end

    def on_time(self, run: Run, owner: Owner, event: Event, ways: Ways) -> Offered:
        """An event in order."""
        front = run.front
        assert front is not None
        if self._is_cancelled(run, front, event, ways):
            return Offered(End.CANCELLED)
        end = self._until(run, front, event, ways)
        if end is not None:
            return Offered(end)
        place = self._taker(run, front, event, ways)
        if place is not None:
            if self._stages[place].each and not self._advance.begun(run, place):
                copy = run.copy()
                return Offered(self._take(copy, owner, place, event, ways), took=True, copy=copy)
            return Offered(self._take(run, owner, place, event, ways), took=True)
        if any(matcher.blocks(event, run.captures, ways) for matcher in self._program.exits):
            return Offered(End.EXITED)
        hear(run, self._stages[run.stage], event, self._advance)
        return Offered(self._miss(run, front, event[TIME]))

    def late(self, run: Run, event: Event, ways: Ways) -> bool:
        """An event that came late: whether it spoils something whose time it lies in."""
        front, stage, time_us = run.front, self._stages[run.stage], event[TIME]
        guarded_from_us = run.last_us
        if front is None:
            guards = stage.guards
        else:
            guards = self._guards(run, front, time_us)
            if front.floor != front.low and self._advance.begun(run, front.low):
                guarded_from_us = front.base_us
        if time_us >= guarded_from_us and _any_blocks(guards, run, event, ways):
            return True
        if time_us >= run.entered_us and self._spoils(run, stage, event, ways):
            return True
        return time_us >= run.begin_us and _any_blocks(self._program.exits, run, event, ways)

    def _is_cancelled(self, run: Run, front: Front, event: Event, ways: Ways) -> bool:
        guards = self._guards(run, front, event[TIME])
        return _any_blocks(guards, run, event, ways) or self._spoils(run, self._stages[run.stage], event, ways)

    def _guards(self, run: Run, front: Front, time_us: int) -> tuple[CompiledMatcher, ...]:
        """The absences that an event at this time could break: up to the first event of the step after them."""
        stage = self._stages[run.stage]
        if stage.kind in TAKING and self._advance.begun(run, run.stage):
            slots = 1 if stage.group is None else len(stage.group.leaves)
            if time_us >= earliest(run.captures[stage.slot : stage.slot + slots])[CAPTURE_TIME]:
                return ()
        return self._program.guards.get((front.floor, run.stage), ())

    def _spoils(self, run: Run, stage: Stage, event: Event, ways: Ways) -> bool:
        """Whether the event ends a timed absence that is open."""
        if stage.kind is Kind.ABSENT:
            assert stage.matcher is not None
            return stage.matcher.blocks(event, run.captures, ways)
        if stage.group is None or not stage.group.absent:
            return False
        front = run.front
        assert front is not None
        filled = self._advance.filled(run, run.stage)
        final = event[ORDER] >= self._advance.closes_us(run, front, run.stage)
        if groups.spoil(stage.group, filled, front.absences, event, run.captures, ways, final=final):
            return True
        run.deadline_us = self._advance.due_us(run, front)
        return False

    def _until(self, run: Run, front: Front, event: Event, ways: Ways) -> End | None:
        """Ends the repetitions whose ``until`` this certainly is."""
        before = front.ended
        for place in range(front.low, min(run.stage + 1, self._end)):
            loop = self._stages[place].loop
            if loop is None or loop.until is None or front.ended >> place & 1:
                continue
            if loop.until.fits(event, run.captures, ways):
                if place == run.stage:
                    return End.BROKEN
                front.ended |= 1 << place
        return None if front.ended == before else self._after_ending(run, front)

    def _after_ending(self, run: Run, front: Front) -> End | None:
        """A repetition takes no more: at the end of the pattern that may be what was waited for."""
        if run.stage < self._end:
            return None
        if front.fired:
            if not self._advance.open_places(run, front):
                return End.CLOSED
        elif not self._advance.is_open(run, front, self._end - 1):
            return End.MATCHED
        run.deadline_us = self._advance.due_us(run, front)
        return None

    def _taker(self, run: Run, front: Front, event: Event, ways: Ways) -> int | None:
        """The stage that takes the event: the first written, but for a repetition that has enough and is not greedy,
        which takes what nothing after it does."""
        fallback = None
        for place in range(front.low, min(run.stage + 1, self._end)):
            stage = self._stages[place]
            if stage.kind not in TAKING or not self._advance.is_open(run, front, place):
                continue
            if not self._fits(run, front, place, event, ways):
                continue
            loop = stage.loop
            if loop is None or loop.greedy or place == run.stage:
                return place
            if place > front.low or not self._advance.begun(run, place) or not self._advance.satisfied(run, place):
                return place
            fallback = place
        return fallback

    def _fits(self, run: Run, front: Front, place: int, event: Event, ways: Ways) -> bool:
        stage = self._stages[place]
        if stage.kind is not Kind.EVENT and event[TIME] >= self._advance.closes_us(run, front, place):
            return False
        if stage.group is not None:
            filled = self._advance.filled(run, place)
            return groups.leaf_for(stage.group, filled, front.absences, event, run.captures, ways) is not None
        assert stage.matcher is not None
        return stage.matcher.fits(event, run.captures, ways)

    def _take(self, run: Run, owner: Owner, place: int, event: Event, ways: Ways) -> End | str | None:
        """The stage at ``place`` takes the event."""
        front, stage, advance = run.front, self._stages[place], self._advance
        assert front is not None
        if not advance.begun(run, place):
            advance.leave(run, place)
            front.low, front.base_us, front.ended = place, run.last_us, 0
        front.missed = False
        run.last_us = time_us = event[TIME]
        if stage.group is not None:
            return self._fill(run, owner, event, ways)
        assert stage.matcher is not None
        taken = stage.matcher.capture(event, self._program.layouts[stage.slot], ways)
        if stage.loop is None:
            run.captures = (*run.captures, taken)
            return advance.enter(run, owner, place + 1, place, time_us)
        return self._repeat(run, owner, place, taken, time_us)

    def _repeat(self, run: Run, owner: Owner, place: int, taken: tuple[object, ...], time_us: int) -> End | str | None:
        """One more event of a repetition."""
        front, stage, advance = run.front, self._stages[place], self._advance
        loop = stage.loop
        assert front is not None
        assert loop is not None
        captures, slot = run.captures, stage.slot
        captured = loop.growth.add(captures[slot] if slot < len(captures) else None, taken)
        run.captures = (*captures[:slot], captured)
        satisfied, full = advance.satisfied(run, place), loop.max is not None and count_of(captured) >= loop.max
        if satisfied:
            front.floor = place
        elif full and not loop.optional:
            return End.BROKEN
        if full and satisfied:
            return advance.enter(run, owner, place + 1, place, time_us)
        if full:
            front.ended |= 1 << place
        return advance.stand(run, owner, front, place + 1 if satisfied else place, time_us)

    def _fill(self, run: Run, owner: Owner, event: Event, ways: Ways) -> End | str | None:
        """A member of the group takes the event."""
        front, stage, advance = run.front, self._stages[run.stage], self._advance
        assert front is not None
        assert stage.group is not None
        filled = advance.filled(run, run.stage)
        leaf = groups.leaf_for(stage.group, filled, front.absences, event, run.captures, ways)
        assert leaf is not None
        layout = self._program.layouts[stage.slot + leaf.place]
        filled[leaf.place] = leaf.matcher.capture(event, layout, ways)
        run.captures = (*run.captures[: stage.slot], *filled)
        if groups.said(stage.group.root, filled, front.absences):
            return advance.finish_group(run, owner, filled, event[TIME])
        run.deadline_us = advance.due_us(run, front)
        return None

    def _miss(self, run: Run, front: Front, time_us: int) -> End | None:
        """The event was taken by nothing: what asked for the very next one cannot have it any more."""
        low = front.low
        loop = self._stages[low].loop
        if loop is not None and loop.strict and self._advance.begun(run, low):
            if low == run.stage:
                return End.BROKEN
            front.ended |= 1 << low
        front.missed = True
        if self._advance.is_stuck(run, front, time_us):
            return End.BROKEN
        if run.stage < self._end and self._stages[run.stage].kind in TAKING:
            run.deadline_us = self._advance.due_us(run, front)
        return self._after_ending(run, front)


def hear(run: Run, stage: Stage, event: Event, advance: Advance) -> None:
    """The event ends the silence that an IDLE stage waits for: it begins again."""
    if stage.kind is not Kind.IDLE or event[TIME] < run.entered_us:
        return
    if stage.matcher is not None and event[TYPE] not in (stage.matcher.types or ()):
        return
    if not is_system(event):
        run.entered_us = event[TIME]
        run.deadline_us = advance.bounded(run, stage, event[TIME] + (stage.lasts_us or 0))


def _any_blocks(matchers: tuple[CompiledMatcher, ...], run: Run, event: Event, ways: Ways) -> bool:
    return any(matcher.blocks(event, run.captures, ways) for matcher in matchers)


__all__ = ["FIRED", "Offer", "Offered", "hear"]
