"""Where a run goes next, and when: stages entered, deadlines set and passed. Pure, but for the run it moves.

A run waits at a *front* of stages: ``run.stage``, and before it repetitions that have what they need and may still
take more, and optional steps that took nothing. Where the front is one plain stage the run needs no ``Front``.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from operators import groups
from operators.conditions import Captures
from operators.local_time import zone_of
from operators.profile_reader import ProfileReader
from operators.program import TAKING, Kind, Owner, Program, Stage
from operators.records import END_OF_TIME
from operators.repetition import CAPTURE_TIME, Captured, count_of, first_of
from operators.runs import FIRED, End, Front, Run

_CUSTOMER = ("customer_id",)


class Advance:
    """Moves the runs of one trigger from stage to stage."""

    def __init__(self, program: Program, profiles: ProfileReader) -> None:
        self.program = program
        self.stages = program.stages
        self._end = program.end
        self._profiles = profiles
        self._asks_customer = program.key[0] == _CUSTOMER

    def first_wait_us(self) -> int | None:
        """How long a match that one event begins waits at its second stage; None where that depends on more."""
        program = self.program
        if not program.opens_plainly or program.per is not None or self._end < 2:
            return None
        stage = self.stages[1]
        if not stage.plain or stage.before != 0 or stage.moment is not None:
            return None
        waits_us = [each for each in (stage.lasts_us or stage.span_us, stage.whole_us) if each is not None]
        return min(waits_us, default=None)

    def enter(self, run: Run, owner: Owner, place: int, floor: int, time_us: int) -> End | str | None:
        """Everything before the stage at ``place`` is done at ``time_us``; ``floor`` is the last event stage done.

        Gives how the run ended, ``FIRED``, or None where it waits on.
        """
        if place == self._end:
            return End.MATCHED
        stage = self.stages[place]
        if stage.plain and stage.before == floor:
            run.stage, run.entered_us, run.front = place, time_us, None
            return self._await(run, owner, stage, time_us)
        front = Front(place, floor, run.last_us)
        if run.front is not None:
            front.ended, front.fired, front.missed = run.front.ended, run.front.fired, run.front.missed
        return self.stand(run, owner, front, place, time_us)

    def stand(self, run: Run, owner: Owner, front: Front, first: int, time_us: int) -> End | str | None:
        """The run stands at ``front.low`` and from ``first`` on at every stage up to one that it cannot pass."""
        stages, place = self.stages, first
        while place < self._end and stages[place].passable:
            place += 1
        run.stage, run.entered_us, run.front = place, time_us, front
        if front.missed and self.is_stuck(run, front, time_us):
            return End.BROKEN
        if place == self._end:
            return self._at_end(run, front)
        stage = stages[place]
        if stage.kind not in TAKING:
            return self._await(run, owner, stage, time_us)
        if stage.group is not None and not self.begun(run, place):
            front.absences = [None] * len(stage.group.absent)
        run.deadline_us = self.due_us(run, front)
        return None

    def _at_end(self, run: Run, front: Front) -> End | str | None:
        """Nothing more is needed: the match fires, or waits until a greedy last repetition is over."""
        last = self._end - 1
        if not self.open_places(run, front):
            return End.MATCHED
        run.deadline_us = self.due_us(run, front)
        loop = self.stages[last].loop
        if loop is not None and loop.greedy and self.is_open(run, front, last):
            return None
        if self.begun(run, front.low) and not self.satisfied(run, front.low):
            return None  # an optional step half taken: what has fired without it waits for the rest
        if self.program.skip is not None:
            return End.MATCHED
        front.fired = True
        run.deadline_us = self.due_us(run, front)
        return FIRED

    def _await(self, run: Run, owner: Owner, stage: Stage, time_us: int) -> End | None:
        """Sets the deadline of a stage that is one event or a time, entered now."""
        if stage.lasts_us is not None:
            deadline_us = time_us + stage.lasts_us
        elif stage.moment is not None:
            said_us = stage.moment(run.captures, time_us, lambda: self._zone(owner, time_us))
            if said_us is None:
                return End.AT_UNRESOLVED
            max_age_us = self.program.policy.max_age_us
            if max_age_us is not None and time_us - said_us > max_age_us:
                return End.AT_STALE
            deadline_us = min(max(said_us, time_us), END_OF_TIME - 1)
        else:
            deadline_us = END_OF_TIME if stage.span_us is None else run.last_us + stage.span_us
        run.deadline_us = deadline_us if stage.whole_us is None else min(deadline_us, run.begin_us + stage.whole_us)
        return None

    def _zone(self, owner: Owner, time_us: int) -> ZoneInfo:
        customer: Any = owner if isinstance(owner, str) else owner[0]
        profile = self._profiles(customer, time_us) if self._asks_customer else None
        return zone_of((profile or {}).get("timezone")) or self.program.policy.default_zone

    # --- deadlines --------------------------------------------------------------------------------------------

    def bounded(self, run: Run, stage: Stage, deadline_us: int) -> int:
        """A deadline, or the end of the match's ``within`` where an event must still come."""
        return deadline_us if stage.whole_us is None else min(deadline_us, run.begin_us + stage.whole_us)

    def due_us(self, run: Run, front: Front) -> int:
        """When time has something to say to a run that stands at a stage that takes events, or at the end."""
        if run.stage == self._end:
            if front.fired:
                return max((self.closes_us(run, front, place) for place in self.open_places(run, front)), default=0)
            return self.closes_us(run, front, self._end - 1)
        own_us = self._own_due_us(run, front)
        if self.is_open(run, front, run.stage):
            return own_us
        # It can only be next once something before it has taken another event, while that is possible.
        before = [place for place in range(front.low, run.stage) if self.is_open(run, front, place)]
        return min(own_us, max((self.closes_us(run, front, place) for place in before), default=END_OF_TIME))

    def _own_due_us(self, run: Run, front: Front) -> int:
        """When the stage a run stands at is out of time, or an absence in it over."""
        stage = self.stages[run.stage]
        if stage.group is not None:
            return self._group_due_us(run, front, stage)
        if stage.loop is not None:
            return self.bounded(run, stage, self.closes_us(run, front, run.stage))
        return self.bounded(run, stage, END_OF_TIME if stage.span_us is None else run.last_us + stage.span_us)

    def _group_due_us(self, run: Run, front: Front, stage: Stage) -> int:
        """When an absence inside is over, or the time for what events it needs."""
        assert stage.group is not None
        filled = self.filled(run, run.stage)
        due_us = groups.next_absence_us(stage.group, filled, front.absences, entered_us=run.entered_us)
        if groups.said(stage.group.root, filled, front.absences, final=True) is False:
            due_us = min(due_us, self.closes_us(run, front, run.stage))
        return self.bounded(run, self.stages[run.stage + 1], due_us) if run.stage + 1 < self._end else due_us

    def closes_us(self, run: Run, front: Front, place: int) -> int:
        """From when on a LOOP or GROUP takes no more events."""
        stage = self.stages[place]
        begun = self.begun(run, place)
        closes_us = END_OF_TIME
        if stage.span_us is not None:
            closes_us = (front.base_us if begun else run.last_us) + stage.span_us
        if stage.loop is not None and stage.loop.span_us is not None and begun:
            first_us: int = first_of(run.captures[stage.slot])[CAPTURE_TIME]
            closes_us = min(closes_us, first_us + stage.loop.span_us)
        within_us = self.program.within_us
        return closes_us if within_us is None else min(closes_us, run.begin_us + within_us)

    # --- time -------------------------------------------------------------------------------------------------

    def pass_deadline(self, run: Run, owner: Owner) -> End | str | None:
        """The run's deadline is reached: what becomes of it."""
        now_us, stage = run.deadline_us, self.stages[run.stage]
        if stage.kind is Kind.END:
            assert run.front is not None
            return End.CLOSED if run.front.fired else End.MATCHED
        if stage.group is not None:
            return self._pass_in_group(run, owner, stage, now_us)
        if stage.kind in TAKING or self._is_out_of_time(run, stage, now_us):
            if run.front is None:
                return End.EXPIRED
            if stage.kind in TAKING and now_us < self._own_due_us(run, run.front):
                return End.BROKEN
            return End.CLOSED if run.front.fired else End.EXPIRED
        self.leave(run, run.stage)
        floor = stage.before if run.front is None else run.front.floor
        return self.enter(run, owner, run.stage + 1, floor, now_us)

    def _pass_in_group(self, run: Run, owner: Owner, stage: Stage, now_us: int) -> End | str | None:
        front = run.front
        assert front is not None
        assert stage.group is not None
        filled = self.filled(run, run.stage)
        said = groups.pass_time(stage.group, filled, front.absences, entered_us=run.entered_us, now_us=now_us)
        if said:
            return self.finish_group(run, owner, filled, now_us)
        run.deadline_us = self.due_us(run, front)
        if run.deadline_us > now_us:
            return None
        return End.BROKEN if now_us < self._own_due_us(run, front) else End.EXPIRED

    def finish_group(self, run: Run, owner: Owner, filled: list[Captured], time_us: int) -> End | str | None:
        """The group the run stands at is done."""
        place = run.stage
        self.leave(run, place)
        run.captures = (*run.captures[: self.stages[place].slot], *filled)
        assert run.front is not None
        floor = place if any(filled) else run.front.floor
        return self.enter(run, owner, place + 1, floor, time_us)

    def _is_out_of_time(self, run: Run, stage: Stage, now_us: int) -> bool:
        return stage.whole_us is not None and now_us >= run.begin_us + stage.whole_us

    # --- what it has ------------------------------------------------------------------------------------------

    def begun(self, run: Run, place: int) -> bool:
        """Whether the run has taken an event at this stage."""
        stage = self.stages[place]
        slots = 1 if stage.group is None else len(stage.group.leaves)
        return any(run.captures[stage.slot : stage.slot + slots])

    def satisfied(self, run: Run, place: int) -> bool:
        """Whether the repetition at this stage, begun, is one that the run can go on with."""
        loop = self.stages[place].loop
        assert loop is not None
        if count_of(run.captures[self.stages[place].slot]) < loop.min:
            return False
        return loop.having is None or loop.having(run.captures) is True

    def filled(self, run: Run, place: int) -> list[Captured]:
        """By leaf of the group at this stage, what it has taken."""
        stage = self.stages[place]
        assert stage.group is not None
        size = len(stage.group.leaves)
        taken = list(run.captures[stage.slot : stage.slot + size])
        return taken + [None] * (size - len(taken))

    def open_places(self, run: Run, front: Front) -> list[int]:
        """Of a run at the end, the stages that can still take events."""
        return [place for place in range(front.low, self._end) if self.is_open(run, front, place)]

    def is_open(self, run: Run, front: Front, place: int) -> bool:
        """Whether a stage can still take events, as far as time does not say otherwise."""
        if front.ended >> place & 1:
            return False
        return not (front.missed and self.stages[place].strict) or self.begun(run, place)

    def is_stuck(self, run: Run, front: Front, now_us: int) -> bool:
        """Whether the event that had to be the very next was not, and nothing before it could take another first."""
        for place in range(front.low, self._end):
            stage = self.stages[place]
            if stage.kind not in TAKING:
                continue
            if self.is_open(run, front, place):
                if place >= run.stage or now_us < self.closes_us(run, front, place):
                    return False
            elif place >= run.stage and not stage.passable:
                return True
        return False

    def leave(self, run: Run, place: int) -> None:
        """The run goes on at ``place``: an optional repetition before it that was left half taken counts as none."""
        front = run.front
        if front is not None and front.low < place:
            run.captures = self.whole(run)
        slot = self.stages[place].slot
        if len(run.captures) < slot:
            run.captures = (*run.captures, *[None] * (slot - len(run.captures)))

    def whole(self, run: Run) -> Captures:
        """What the run has captured, without an optional repetition that was left half taken."""
        front = run.front
        if front is None or self.stages[front.low].loop is None or not self.begun(run, front.low):
            return run.captures
        return run.captures if self.satisfied(run, front.low) else run.captures[: self.stages[front.low].slot]
