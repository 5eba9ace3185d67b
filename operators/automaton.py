"""The matching automaton of one trigger in one key group: pure, fed with events in order and with due timers.

What one event does to one key, in this order: timers due at or before its time fire; each open match, oldest first,
is cancelled by an absence, else advanced, else ended by an exit; completed matches fire; and if the event fits the
first step and advanced nothing (under ``overlap``: always), it begins a match. Intervals are half-open throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from operators.body import is_system
from operators.captures import capture
from operators.conditions import Captures
from operators.paths import key_text
from operators.program import Key, Kind, Program, Spec, Stage
from operators.records import END_OF_TIME, ID, ORDER, TIME, TYPE, Event
from operators.tally import Tally

Schedule = Callable[[int, int, Key], None]
"""(due_us, program index, key): wake this key when the watermark reaches ``due_us``."""

Capture = tuple[Any, ...]


class Run:
    """One partial match. ``captures`` has an entry per event step taken."""

    __slots__ = ("active_us", "begin_us", "captures", "deadline_us", "entered_us", "last_us", "per", "stage", "taken")

    def __init__(self, begin_us: int, last_us: int, captures: Captures, per: Any) -> None:
        self.stage = 0
        self.begin_us = begin_us
        """Time of its first event."""
        self.last_us = last_us
        """Time of its latest event."""
        self.entered_us = last_us
        """When the present stage began."""
        self.active_us = last_us
        """IDLE: when the key was last heard of."""
        self.deadline_us = END_OF_TIME
        self.captures = captures
        self.per = per
        self.taken: Captures = ()
        """Of a step with ``times``, the events so far."""


class KeyState:
    """What one key has open in one trigger."""

    __slots__ = ("counted", "due_us", "runs", "windows")

    def __init__(self) -> None:
        self.runs: list[Run] = []
        """Oldest first."""
        self.counted = 0
        """How many of them ``Automaton.open_matches`` includes."""
        self.windows: dict[Any, list[Capture]] | None = None
        """By ``per`` value, events that wait for a first step with ``times`` to be complete."""
        self.due_us = END_OF_TIME
        """The due time of this key's one valid entry among the group's timers."""


class Found:
    """A run that ended by itself: complete, or ``expired``."""

    __slots__ = ("captures", "event_time_us", "expired", "key", "per", "program")

    def __init__(
        self, program: Program, key: Key, per: Any, captures: Captures, event_time_us: int, expired: bool
    ) -> None:
        self.program = program
        self.key = key
        self.per = per
        self.captures = captures
        self.event_time_us = event_time_us
        self.expired = expired


class Exited:
    """An event after the firing of a match that ends what of it still waits to be sent.

    ``action`` names the one action that it ends (an ``unless``); None: all of them (an ``exit``).
    """

    __slots__ = ("action", "event_time_us", "key", "match_id", "per", "program")

    def __init__(
        self, program: Program, key: Key, per: Any, match_id: str, action: str | None, event_time_us: int
    ) -> None:
        self.program = program
        self.key = key
        self.per = per
        self.match_id = match_id
        self.action = action
        self.event_time_us = event_time_us


class Automaton:
    """All keys of one trigger in one key group."""

    def __init__(self, program: Program, schedule: Schedule, found: Callable[[Found], None], tally: Tally) -> None:
        self.program = program
        self.states: dict[Key, KeyState] = {}
        self.open_matches = 0
        """How many partial matches are open."""
        self._schedule = schedule
        self._found = found
        self._tally = tally

    def on_event(self, event: Event, key: Key, spec: Spec | None) -> None:
        """An event of this key that the trigger listens to, in order; late ones only cancel."""
        now_us = event[ORDER]
        state = self.states.get(key)
        if state is not None and state.due_us <= now_us:
            self.on_timer(key, now_us)
            state = self.states.get(key)
        if event[TIME] < now_us:
            if state is not None and state.runs:
                self._cancel_late(state, key, event, spec)
            return
        program = self.program
        advanced: set[str | None] = set()
        if state is not None and state.runs:
            advanced = self._offer(state, key, event, spec)
        first = program.stages[0]
        assert first.matcher is not None
        if first.matcher.fits(event, (), spec):
            self._begin(state, key, event, set() if program.on_repeat == "overlap" else advanced)
        elif state is not None:
            self._settle(state, key)

    def on_timer(self, key: Key, now_us: int) -> None:
        """Time reached ``now_us``: fires what is due for this key, by deadline, then oldest first."""
        state = self.states.get(key)
        if state is None or state.due_us > now_us:
            return
        # What waits for ever does so at the end of time too.
        reached_us = min(now_us, END_OF_TIME - 1)
        while True:
            due = min((run for run in state.runs), key=_deadline, default=None)
            if due is None or due.deadline_us > reached_us:
                break
            if not self._pass_deadline(state, key, due):
                state.runs.remove(due)
        if state.windows is not None:
            self._forget_windows(state, now_us)
        state.due_us = END_OF_TIME
        self._settle(state, key)

    def schedule_all(self) -> None:
        """Sets the timers of every key, after its state was restored."""
        for key, state in list(self.states.items()):
            state.due_us = END_OF_TIME
            self._settle(state, key)

    def _offer(self, state: KeyState, key: Key, event: Event, spec: Spec | None) -> set[str | None]:
        """Shows the event to every open match; gives the ``per`` values of those it advanced."""
        program = self.program
        event_type = event[TYPE]
        advanced: set[str | None] = set()
        kept = []
        for run in state.runs:
            stage = program.stages[run.stage]
            if stage.heeds is not None and event_type not in stage.heeds:
                kept.append(run)
                continue
            if self._is_cancelled(run, stage, event, spec):
                self._tally.add("cancelled", program.name)
            elif stage.kind is Kind.EVENT and stage.matcher.fits(event, run.captures, spec):  # type: ignore[union-attr]
                advanced.add(run.per)
                if self._take(state, key, run, stage, event):
                    kept.append(run)
            elif self._is_exited(run, event, spec):
                self._tally.add("exited", program.name)
            else:
                if stage.kind is Kind.IDLE and _is_heard(stage, event):
                    run.active_us = event[TIME]
                    run.deadline_us = self._bounded(run, stage, event[TIME] + (stage.span_us or 0))
                kept.append(run)
        state.runs = kept
        return advanced

    def _is_cancelled(self, run: Run, stage: Stage, event: Event, spec: Spec | None) -> bool:
        for guard in stage.guards:
            if guard.blocks(event, run.captures, spec):
                return True
        return stage.kind is Kind.ABSENT and stage.matcher.blocks(event, run.captures, spec)  # type: ignore[union-attr]

    def _is_exited(self, run: Run, event: Event, spec: Spec | None) -> bool:
        return any(matcher.blocks(event, run.captures, spec) for matcher in self.program.exits)

    def _cancel_late(self, state: KeyState, key: Key, event: Event, spec: Spec | None) -> None:
        """A late event ends what its time lies in; every deadline here is still ahead of its partition's watermark."""
        time_us = event[TIME]
        kept = []
        for run in state.runs:
            if _holds(run, event[ID]):
                kept.append(run)  # a copy, so late that its id was forgotten: still one event
                continue
            stage = self.program.stages[run.stage]
            guarded = time_us >= _guarded_from_us(run) and any(
                guard.blocks(event, run.captures, spec) for guard in stage.guards
            )
            absent = stage.kind is Kind.ABSENT and time_us >= run.entered_us
            if (
                guarded
                or (absent and stage.matcher.blocks(event, run.captures, spec))  # type: ignore[union-attr]
                or (time_us >= run.begin_us and self._is_exited(run, event, spec))
            ):
                self._tally.add("late_cancelled", self.program.name)
                continue
            if stage.kind is Kind.IDLE and time_us > run.active_us and _is_heard(stage, event):
                run.active_us = time_us
                run.deadline_us = self._bounded(run, stage, time_us + (stage.span_us or 0))
            kept.append(run)
        state.runs = kept
        self._settle(state, key)

    def _begin(self, state: KeyState | None, key: Key, event: Event, advanced: set[str | None]) -> None:
        """The event fits the first step: begins a match, unless it advanced one of the same ``per`` value."""
        program = self.program
        per = None
        if program.per is not None:
            per = key_text(program.per(event))
            if per is None:
                # Without the value that would tell it apart, no match begins.
                if state is not None:
                    self._settle(state, key)
                return
        if per in advanced:
            assert state is not None
            self._settle(state, key)
            return
        if state is None:
            state = self.states[key] = KeyState()
        others = state.runs if program.per is None else [run for run in state.runs if run.per == per]
        if program.on_repeat == "ignore" and others:
            self._settle(state, key)
            return
        taken = capture(event, program.layouts[0])
        first = program.stages[0]
        if first.repeated:
            window = self._slide(state, per, taken)
            if len(window) < first.count:
                self._settle(state, key)
                return
            run = Run(window[0][4], taken[4], (tuple(window),), per)
            window.pop(0)
        else:
            run = Run(taken[4], taken[4], (taken,), per)
        if program.on_repeat == "restart" and others:
            state.runs = [] if program.per is None else [each for each in state.runs if each.per != per]
            self._tally.add("restarted", program.name)
        if self._next_stage(state, key, run, taken[4]):
            state.runs.append(run)
        self._settle(state, key)

    def _slide(self, state: KeyState, per: Any, taken: Capture) -> list[Capture]:
        """The sliding window of a first step with ``times``, with this event and without what lies too far back."""
        if state.windows is None:
            state.windows = {}
        window = state.windows.setdefault(per, [])
        span_us = self.program.first_span_us
        if span_us is not None:
            too_old_us = taken[4] - span_us
            while window and window[0][4] <= too_old_us:
                window.pop(0)
        window.append(taken)
        return window

    def _take(self, state: KeyState, key: Key, run: Run, stage: Stage, event: Event) -> bool:
        """The event is (one of) the stage's; tells whether the run is still open."""
        taken = capture(event, self.program.layouts[len(run.captures)])
        run.last_us = taken[4]
        if stage.repeated:
            run.taken = (*run.taken, taken)
            if len(run.taken) < stage.count:
                return True
            run.captures, run.taken = (*run.captures, run.taken), ()
        else:
            run.captures = (*run.captures, taken)
        return self._next_stage(state, key, run, taken[4])

    def _next_stage(self, state: KeyState, key: Key, run: Run, time_us: int) -> bool:
        """Moves on from a stage done at ``time_us``; tells whether the run is still open."""
        program = self.program
        run.stage += 1
        if run.stage == len(program.stages):
            self._complete(state, key, run, time_us)
            return False
        stage = program.stages[run.stage]
        run.entered_us = run.active_us = time_us
        if stage.kind is Kind.EVENT:
            span_us = stage.span_us
            deadline_us = END_OF_TIME if span_us is None else run.last_us + span_us
        else:
            deadline_us = time_us + (stage.span_us or 0)
        run.deadline_us = self._bounded(run, stage, deadline_us)
        return True

    def _bounded(self, run: Run, stage: Stage, deadline_us: int) -> int:
        within_us = self.program.within_us
        if within_us is None or not stage.events_remain:
            return deadline_us
        return min(deadline_us, run.begin_us + within_us)

    def _pass_deadline(self, state: KeyState, key: Key, run: Run) -> bool:
        """The run's deadline is reached; tells whether it is still open."""
        program, deadline_us = self.program, run.deadline_us
        stage = program.stages[run.stage]
        out_of_time = stage.kind is Kind.EVENT or (
            stage.events_remain and program.within_us is not None and deadline_us >= run.begin_us + program.within_us
        )
        if not out_of_time:
            return self._next_stage(state, key, run, deadline_us)
        captures = (*run.captures, run.taken) if run.taken else run.captures
        self._tally.add("expired", program.name)
        if program.wants_expired:
            self._found(Found(program, key, run.per, captures, deadline_us, expired=True))
        return False

    def _complete(self, state: KeyState, key: Key, run: Run, time_us: int) -> None:
        self._tally.add("matches", self.program.name)
        if self.program.clears_window and state.windows is not None:
            window = state.windows.get(run.per)
            if window is not None:
                window[:] = [each for each in window if each[4] > run.last_us]
        self._found(Found(self.program, key, run.per, run.captures, time_us, expired=False))

    def _forget_windows(self, state: KeyState, now_us: int) -> None:
        span_us = self.program.first_span_us
        assert state.windows is not None
        if span_us is not None:
            for per, window in list(state.windows.items()):
                if not window or window[-1][4] + span_us <= now_us:
                    del state.windows[per]

    def _settle(self, state: KeyState, key: Key) -> None:
        """After a change: lets go of a key with nothing open, and sees that its timer is early enough."""
        self.open_matches += len(state.runs) - state.counted
        state.counted = len(state.runs)
        windows = state.windows
        if windows is not None:
            for per in [per for per, window in windows.items() if not window]:
                del windows[per]
        if not state.runs and not windows:
            self.states.pop(key, None)
            return
        due_us = END_OF_TIME
        for run in state.runs:
            if run.deadline_us < due_us:
                due_us = run.deadline_us
        span_us = self.program.first_span_us
        if windows and span_us is not None:
            due_us = min(due_us, min(window[-1][4] for window in windows.values()) + span_us)
        if due_us < state.due_us:
            state.due_us = due_us
            self._schedule(due_us, self.program.index, key)


def _deadline(run: Run) -> int:
    return run.deadline_us


def _holds(run: Run, event_id: str) -> bool:
    """Whether the event with this id is one of those the run has taken."""
    for taken in (*run.captures, *run.taken):
        if any(each[0] == event_id for each in (taken if isinstance(taken[0], tuple) else (taken,))):
            return True
    return False


def _guarded_from_us(run: Run) -> int:
    """The time of the last event step that is complete: untimed absences begin there."""
    if not run.taken:
        return run.last_us
    before = run.captures[-1]
    time_us: int = (before[-1] if isinstance(before[0], tuple) else before)[4]
    return time_us


def _is_heard(stage: Stage, event: Event) -> bool:
    """Whether the event ends the silence that an IDLE stage waits for."""
    if stage.matcher is not None and event[TYPE] not in (stage.matcher.types or ()):
        return False
    return not is_system(event)
