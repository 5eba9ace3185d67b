"""The matching automaton of one trigger in one key group: pure, fed with events in order and with due timers.

What one event does to one key, in this order: timers due at or before its time fire; each open match, oldest first,
is cancelled by an absence, else advanced, else ended by an exit; completed matches fire; and if the event fits the
first step and advanced nothing (under ``overlap``: always), it begins a match. Intervals are half-open throughout.

Where to look: how a run moves on is ``advance``, what an event does to one that stands at several stages ``offer``,
members of ``all`` and ``any`` ``groups``, repetitions ``repetition`` and ``aggregates``, what waits before a match has
begun ``windows``, what must not have come before it ``leading``, what a completed match does to others
``after_match``, what may undo one that has fired ``watches``, times of a customer's day ``moments`` and
``local_time``. Here they are put in order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from operators import after_match, leading, watches
from operators.advance import Advance
from operators.match_state import due_us_of
from operators.matcher import Ways
from operators.offer import Offer, hear
from operators.paths import key_text
from operators.profile_reader import ProfileReader, nobody_known
from operators.program import Key, Kind, Owner, Program, Stage
from operators.records import BEGINNING_OF_TIME, END_OF_TIME, ID, ORDER, TIME, TYPE, Event
from operators.repetition import CAPTURE_TIME, earliest, taken_by
from operators.runs import FIRED, End, Exited, Found, Held, KeyState, More, Run
from operators.states import OpenStates
from operators.tally import Tally
from operators.windows import Windows

__all__ = ["Automaton", "Exited", "Found", "KeyState", "Run"]

Schedule = Callable[[int, int, Owner], None]
"""(due_us, program index, owner): wake this one when the watermark reaches ``due_us``."""

_NOBODY: frozenset[Any] = frozenset()

_USE_UP = (End.CANCELLED, End.EXITED, End.LATE_CANCELLED)
"""What an absence or an exit ended is not begun again with the same events."""


class Automaton:
    """All keys of one trigger in one key group. What is open stands under its owner: here that is the key."""

    def __init__(
        self,
        program: Program,
        schedule: Schedule,
        found: Callable[[Found | Exited], None],
        tally: Tally,
        profiles: ProfileReader = nobody_known,
    ) -> None:
        self.program = program
        self.states = OpenStates()
        self.open_matches = 0
        """How many partial matches are open."""
        self.new_since_us = BEGINNING_OF_TIME
        """The group's watermark when the trigger was new to a resumed flow: what came before it has not seen."""
        self.watched_since_us = BEGINNING_OF_TIME
        """The largest of the first event times of the Kafka partitions; the group keeps it up to date."""
        self._schedule = schedule
        self._found = found
        self._tally = tally
        self._advance = Advance(program, profiles)
        self._offers = Offer(self._advance)
        self._windows = Windows(program)
        self._first_wait_us = self._advance.first_wait_us()

    # --- events -----------------------------------------------------------------------------------------------

    def on_event(self, event: Event, owner: Owner, ways: Ways, *, begins: bool = True) -> None:
        """An event of this owner that the trigger listens to, in order; late ones only cancel.

        Without ``begins`` no match begins with it.
        """
        now_us, states = event[ORDER], self.states
        state = states.live.get(owner)
        if state is None and owner in states.resting:
            state = states.get(owner)
        if state is not None and state.due_us <= now_us:
            self.on_timer(owner, now_us)
            state = states.get(owner)
        if event[TIME] < now_us:
            self._hear_late(state, owner, event, ways)
            return
        program = self.program
        if state is not None and state.more is not None:
            self._heed(state.more, owner, event, ways)
        if program.fires_on_arrival:
            if state is not None:
                self._settle(state, owner)
            return
        advanced: frozenset[Any] | set[Any] = _NOBODY
        if state is not None:
            event_type, stages = event[TYPE], program.stages
            for run in state.runs:
                heeds = stages[run.stage].heeds
                if heeds is None or event_type in heeds:
                    advanced = self._offer(state, owner, event, ways)
                    break
        if begins and program.opens_plainly:
            first = program.stages[0].matcher
            if first.fits(event, (), ways):  # type: ignore[union-attr]
                if state is None and self._first_wait_us is not None:
                    self._begin_alone(owner, event, ways, self._first_wait_us)
                else:
                    self._begin_plainly(state, owner, event, ways, advanced)
                return
        elif begins and (program.opening_types is None or event[TYPE] in program.opening_types):
            self._open(state, owner, event, ways, advanced)
            return
        if state is not None:
            self._settle(state, owner)

    def _offer(self, state: KeyState, owner: Owner, event: Event, ways: Ways) -> set[Any]:
        """Shows the event to every open match; gives the ``per`` values of those it advanced."""
        stages = self.program.stages
        event_type = event[TYPE]
        advanced: set[Any] = set()
        kept: list[Run] = []
        copies: list[Run] = []
        offered, state.runs = state.runs, kept
        for run in offered:
            stage = stages[run.stage]
            if stage.heeds is not None and event_type not in stage.heeds:
                kept.append(run)
                continue
            mover, end = run, None
            if run.front is None:
                took, end = self._offer_plainly(run, owner, stage, event, ways)
            else:
                end, took, copy = self._offers.on_time(run, owner, event, ways)
                if copy is not None:
                    kept.append(run)
                    mover = copy
            if took:
                advanced.add(run.per)
            if end is None or end is FIRED:
                (kept if mover is run else copies).append(mover)
            if end is not None:
                self._ended(state, owner, mover, end, event[TIME])
        if copies:
            # Older begin first, then in order of creation.
            kept += copies
            kept.sort(key=lambda run: run.begin_us)
        if state.more is not None:
            self._release(state, owner, event[TIME])
        return advanced

    def _offer_plainly(
        self, run: Run, owner: Owner, stage: Stage, event: Event, ways: Ways
    ) -> tuple[bool, End | str | None]:
        """The event for a run that stands at one plain stage."""
        for guard in stage.guards:
            if guard.blocks(event, run.captures, ways):
                return False, End.CANCELLED
        matcher = stage.matcher
        if stage.kind is Kind.ABSENT:
            if matcher.blocks(event, run.captures, ways):  # type: ignore[union-attr]
                return False, End.CANCELLED
        elif stage.kind is Kind.EVENT and matcher.fits(event, run.captures, ways):  # type: ignore[union-attr]
            taken = matcher.capture(event, self.program.layouts[stage.slot], ways)  # type: ignore[union-attr]
            run.captures = (*run.captures, taken)
            run.last_us = event[TIME]
            return True, self._advance.enter(run, owner, run.stage + 1, run.stage, event[TIME])
        for matcher in self.program.exits:
            if matcher.blocks(event, run.captures, ways):
                return False, End.EXITED
        if stage.kind is Kind.IDLE:
            hear(run, stage, event, self._advance)
        return False, None

    def _hear_late(self, state: KeyState | None, owner: Owner, event: Event, ways: Ways) -> None:
        """A late event ends what its time lies in; every deadline here is still ahead of its partition's watermark."""
        if self.program.leading and (broken := leading.breaks(self.program, event, ways)):
            state = state or self._state(owner)
            leading.hear(state, broken, event[TIME])
        if state is None:
            return
        if state.more is not None:
            self._heed(state.more, owner, event, ways)
        offered, state.runs = state.runs, []
        for run in offered:
            if taken_by(run.captures, event[ID]):
                state.runs.append(run)  # a copy, so late that its id was forgotten: still one event
            elif self._offers.late(run, event, ways):
                self._ended(state, owner, run, End.LATE_CANCELLED, event[ORDER])
            else:
                stage = self.program.stages[run.stage]
                if stage.kind is Kind.IDLE:
                    hear(run, stage, event, self._advance)
                state.runs.append(run)
        self._release(state, owner, event[ORDER])
        self._settle(state, owner)

    # --- beginnings -------------------------------------------------------------------------------------------

    def _begin_plainly(
        self, state: KeyState | None, owner: Owner, event: Event, ways: Ways, advanced: frozenset[Any] | set[Any]
    ) -> None:
        """The event fits the first step: begins a match, unless it advanced one of the same ``per`` value."""
        program = self.program
        per = None
        if program.per is not None:
            per = key_text(program.per(event))
            if per is None:
                # Without the value that would tell it apart, no match begins.
                if state is not None:
                    self._settle(state, owner)
                return
        if state is None:
            state = self.states[owner] = KeyState()
        elif not self._may_begin(state, per, advanced):
            self._settle(state, owner)
            return
        time_us = event[TIME]
        taken = program.stages[0].matcher.capture(event, program.layouts[0], ways)  # type: ignore[union-attr]
        self._start(state, owner, Run(time_us, time_us, (taken,), per), 0, time_us)
        self._settle(state, owner)

    def _begin_alone(self, owner: Owner, event: Event, ways: Ways, wait_us: int) -> None:
        """As ``_begin_plainly`` for an owner that has nothing open, where it is known how long it waits for what."""
        program, time_us = self.program, event[TIME]
        taken = program.stages[0].matcher.capture(event, program.layouts[0], ways)  # type: ignore[union-attr]
        run = Run(time_us, time_us, (taken,), None)
        run.stage, run.deadline_us = 1, time_us + wait_us
        state = self.states[owner] = KeyState()
        state.runs.append(run)
        state.counted = 1
        state.due_us = run.deadline_us
        self.open_matches += 1
        self._schedule(run.deadline_us, program.index, owner)

    def _open(
        self, state: KeyState | None, owner: Owner, event: Event, ways: Ways, advanced: frozenset[Any] | set[Any]
    ) -> None:
        """The event for a first step that needs several, may be left out, or stands behind an absence."""
        program, time_us = self.program, event[TIME]
        state = state or self._state(owner)
        may_be_first = program.first_types is None or event[TYPE] in program.first_types
        per = key_text(program.per(event)) if may_be_first and program.per is not None else None
        if may_be_first and (per is not None or program.per is None) and self._may_begin(state, per, advanced):
            clear = leading.holds(program, state, time_us, max(self.watched_since_us, self.new_since_us))
            begun = self._windows.begin(state, per, event, ways, clear=clear)
            if begun is not None:
                place, captures = begun
                run = Run(earliest(captures)[CAPTURE_TIME], time_us, captures, per)
                self._start(state, owner, run, place, time_us)
        if program.windows_heed_all:
            self._windows.disturb(state, per, event, ways)
        if program.leading and (broken := leading.breaks(program, event, ways)):
            leading.hear(state, broken, time_us)
        self._settle(state, owner)

    def _may_begin(self, state: KeyState | None, per: Any, advanced: frozenset[Any] | set[Any]) -> bool:
        on_repeat = self.program.on_repeat
        if on_repeat == "overlap":
            return True
        if per in advanced:
            return False
        return on_repeat != "ignore" or state is None or not any(run.per == per for run in state.runs)

    def _start(self, state: KeyState, owner: Owner, run: Run, place: int, time_us: int) -> None:
        """A match begins, its stage at ``place`` done."""
        if self.program.on_repeat == "restart" and state.runs:
            others = [other for other in state.runs if other.per != run.per]
            if len(others) < len(state.runs):
                self._tally.add(End.RESTARTED.value, self.program.name, len(state.runs) - len(others))
                state.runs = others
        end = self._advance.enter(run, owner, place + 1, place, time_us)
        if end is None or end is FIRED:
            state.runs.append(run)
        if end is not None:
            self._ended(state, owner, run, end, time_us)
        if state.more is not None:
            self._release(state, owner, time_us)

    # --- time -------------------------------------------------------------------------------------------------

    def on_timer(self, owner: Owner, now_us: int) -> None:
        """Time reached ``now_us``: fires what is due for this owner, by deadline, then oldest first."""
        state = self.states.get(owner)
        if state is None or state.due_us > now_us:
            return
        # What waits for ever does so at the end of time too.
        reached_us = min(now_us, END_OF_TIME - 1)
        while True:
            due = min(state.runs, key=_deadline, default=None)
            if due is None or due.deadline_us > reached_us:
                break
            due_us = due.deadline_us
            end = self._advance.pass_deadline(due, owner)
            if end is not None:
                if end is not FIRED:
                    state.runs.remove(due)
                self._ended(state, owner, due, end, due_us)
                self._release(state, owner, due_us)
        if state.more is not None:
            self._windows.forget(state, now_us)
            leading.forget(self.program, state, now_us)
            watches.forget(state.more, now_us)
        state.due_us = END_OF_TIME
        self._settle(state, owner)

    def put_at_rest(self, owner: Owner, at_rest: bytes) -> None:
        """Makes this the state of an owner that has none, and sets its timer."""
        self.open_matches += self.states.put_at_rest(owner, at_rest)
        self._schedule(due_us_of(at_rest), self.program.index, owner)

    def put(self, owner: Owner, state: KeyState, now_us: int) -> None:
        """Makes this the state of an owner, in place of what it had; what nothing holds back any more fires."""
        state.due_us = END_OF_TIME
        self.states[owner] = state
        self._release(state, owner, now_us)
        self._settle(state, owner)

    def drop(self, owner: Owner) -> KeyState | None:
        """Takes out what an owner has open; it counts for nothing from here on."""
        state = self.states.pop(owner)
        if state is not None:
            self.open_matches -= state.counted
            state.counted = 0
        return state

    # --- endings ----------------------------------------------------------------------------------------------

    def _ended(self, state: KeyState, owner: Owner, run: Run, end: End | str, time_us: int) -> None:
        """A run is over, or fires and stays. It is out of ``state.runs`` by now."""
        program = self.program
        if end is FIRED or end is End.MATCHED:
            self._complete(state, owner, run, time_us)
            return
        assert isinstance(end, End)
        if end is End.CLOSED:
            return
        self._tally.add(end.value, program.name)
        if state.more is not None and end in _USE_UP:
            self._windows.give_up(state, run.per, run.captures)
        if end is End.EXPIRED and program.tells_expired:
            self._tell(state, Found(program, self._key(owner), run.per, run.captures, time_us, expired=True))

    def _complete(self, state: KeyState, owner: Owner, run: Run, time_us: int) -> None:
        """A match: it fires, at once or when it is no longer held back by an earlier one."""
        program = self.program
        captures = run.captures if run.front is None else self._advance.whole(run)
        if program.skip is not None:
            if program.several:
                if state.more is None:
                    state.more = More()
                state.more.held.append(Held(captures, run.per, run.last_us, time_us))
                return
            if state.more is not None:
                match = Held(captures, run.per, run.last_us, time_us)
                self._windows.retain(state, run.per, after_match.keeping(program.skip, match))
        self._tally.add(End.MATCHED.value, program.name)
        self._tell(state, Found(program, self._key(owner), run.per, captures, time_us, expired=False))

    def _release(self, state: KeyState, owner: Owner, now_us: int) -> None:
        """Fires held matches that nothing holds any more."""
        program = self.program
        if state.more is None or not state.more.held:
            return
        released, skipped = after_match.release(program, self._windows, state)
        for match in released:
            self._tally.add(End.MATCHED.value, program.name)
            found = Found(program, self._key(owner), match.per, match.captures, match.event_time_us, expired=False)
            found.released_us = max(now_us, match.event_time_us)
            self._tell(state, found)
        if skipped:
            self._tally.add(End.SKIPPED.value, program.name, skipped)

    def _tell(self, state: KeyState, found: Found) -> None:
        self._found(found)
        if self.program.watch_us is not None:
            watches.watch(self.program, state, found, found.released_us)

    def watch_arrival(self, found: Found, order_us: int) -> None:
        """A match that fired on arrival, to be decided at ``order_us``: its actions may wait."""
        owner = self._owner(found)
        state = self._state(owner)
        watches.watch(self.program, state, found, order_us)
        self._settle(state, owner)

    def _heed(self, more: More, owner: Owner, event: Event, ways: Ways) -> None:
        if more.watches:
            for exited in watches.heed(self.program, more, self._key(owner), event, ways):
                self._found(exited)

    # --- keeping ----------------------------------------------------------------------------------------------

    def _key(self, owner: Owner) -> Key:
        """The key of what this one owns."""
        return owner  # type: ignore[return-value]

    def _owner(self, found: Found) -> Owner:
        """Whose this match is."""
        return found.key

    def _state(self, owner: Owner) -> KeyState:
        state = self.states.get(owner)
        if state is None:
            state = self.states[owner] = KeyState()
        return state

    def _settle(self, state: KeyState, owner: Owner) -> None:
        """After a change: lets go of an owner with nothing open, and sees that its timer is early enough."""
        self.open_matches += len(state.runs) - state.counted
        state.counted = len(state.runs)
        more = state.more
        if more is not None:
            self._windows.tidy(more)
            if not more:
                more = state.more = None
        if not state.runs and more is None:
            self.states.pop(owner)
            return
        due_us = END_OF_TIME
        for run in state.runs:
            if run.deadline_us < due_us:
                due_us = run.deadline_us
        if more is not None:
            due_us = min(due_us, self._windows.due_us(more), leading.due_us(self.program, more), watches.due_us(more))
        if due_us < state.due_us:
            state.due_us = due_us
            self._schedule(due_us, self.program.index, owner)


def _deadline(run: Run) -> int:
    return run.deadline_us
