"""How a match begins where one event is not enough, or not allowed to: sliding windows of a first step.

A first step with ``times`` or ``all`` has begun when it is complete; until then its events wait here, by ``per``
value, and the oldest fall out as time goes on. Which of them a match may use again is said in two places: what a
begun match takes under ``ignore`` is used up (``begin``), and what a match had taken that an absence or an exit ended
is used up whatever the trigger says (``give_up``). What a completed match does to them is ``operators.after_match``'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from operators import groups
from operators.conditions import Captures
from operators.groups import Group, Leaf
from operators.matcher import CompiledMatcher, Ways
from operators.program import Loop, Opening, Program, Stage
from operators.records import BEGINNING_OF_TIME, END_OF_TIME, ID, TIME, Event
from operators.repetition import (
    CAPTURE_ID,
    CAPTURE_TIME,
    Capture,
    Captured,
    earliest,
    first_of,
    kept_events,
    last_of,
    place_of,
)
from operators.runs import KeyState, More


class Windows:
    """The openings of one trigger."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._spans = {opening.place: opening.span_us for opening in program.openings}
        self._newest = program.on_repeat != "ignore"
        self._uses_up = program.on_repeat == "ignore" and program.skip is not None

    def begin(self, state: KeyState, per: Any, event: Event, ways: Ways, *, clear: bool) -> tuple[int, Captures] | None:
        """Takes an event that may begin a match; gives the stage that is done with it and what that has captured.

        ``clear``: the trigger's leading absences allow a match to begin with this event.
        """
        for opening in self._program.openings:
            stage = self._program.stages[opening.place]
            if stage.group is not None:
                fits, captured = self._in_group(state, opening, stage, per, event, ways, clear=clear)
            elif stage.loop is not None and (stage.loop.max != 1 or stage.loop.having is not None):
                fits, captured = self._in_loop(state, opening, stage, stage.loop, per, event, ways, clear=clear)
            else:
                fits, captured = self._alone(stage, event, ways, clear=clear)
            if captured is not None:
                return opening.place, (*[None] * stage.slot, *captured)
            if fits:
                return None
        return None

    def _alone(self, stage: Stage, event: Event, ways: Ways, *, clear: bool) -> tuple[bool, Captures | None]:
        matcher = _matcher(stage)
        if not matcher.fits(event, (), ways):
            return False, None
        taken = matcher.capture(event, self._program.layouts[stage.slot], ways)
        return True, (((taken,) if stage.loop is not None else taken),) if clear else None

    # --- times ------------------------------------------------------------------------------------------------

    def _in_loop(
        self,
        state: KeyState,
        opening: Opening,
        stage: Stage,
        loop: Loop,
        per: Any,
        event: Event,
        ways: Ways,
        *,
        clear: bool,
    ) -> tuple[bool, Captures | None]:
        window: list[Capture] = _window(state, opening, per, [])
        if opening.span_us is not None:
            while window and window[0][CAPTURE_TIME] <= event[TIME] - opening.span_us:
                window.pop(0)
        captures = (*[None] * stage.slot, tuple(window)) if loop.reads_own and window else ()
        matcher = _matcher(stage)
        if loop.until is not None and loop.until.fits(event, _so_far(stage, window), ways):
            return False, None
        if not matcher.fits(event, captures, ways):
            return False, None
        window.append(matcher.capture(event, self._program.layouts[stage.slot], ways))
        if not clear:
            _unclear(state, event[ID])
        if opening.size is not None and len(window) > opening.size:
            del window[: len(window) - opening.size]
        if len(window) < loop.min or (loop.having is not None and loop.max is not None and len(window) > loop.max):
            return True, None
        if state.more is not None and window[0][CAPTURE_ID] in state.more.unclear:
            return True, None
        captured = loop.growth.of(window)
        if loop.having is not None and loop.having((*[None] * stage.slot, captured)) is not True:
            return True, None
        if self._uses_up:
            window.clear()
        return True, (captured,)

    # --- all and any ------------------------------------------------------------------------------------------

    def _in_group(
        self, state: KeyState, opening: Opening, stage: Stage, per: Any, event: Event, ways: Ways, *, clear: bool
    ) -> tuple[bool, Captures | None]:
        group = stage.group
        assert group is not None
        window: list[Captured] = _window(state, opening, per, [None] * len(group.leaves))
        if opening.span_us is not None:
            from_us = event[TIME] - opening.span_us
            window[:] = [_only(queue, lambda each: each[CAPTURE_TIME] > from_us) for queue in window]
        fitting = [
            (unit, leaf)
            for unit in group.units
            if (leaf := next((each for each in unit if each.matcher.fits(event, (), ways)), None)) is not None
        ]
        if not fitting:
            return False, None
        filled = _filled(group, window)
        full = all(_of_unit(unit, filled) is not None for unit, _ in fitting)
        unit, leaf = min(fitting, key=lambda each: place_of(_of_unit(each[0], filled) or _NOWHERE))
        taken = leaf.matcher.capture(event, self._program.layouts[stage.slot + leaf.place], ways)
        if full and not self._newest:
            # It waits behind the oldest, which a span can take away.
            if opening.span_us is not None:
                window[leaf.place] = (*(window[leaf.place] or ()), taken)
            return True, None
        for each in unit:
            window[each.place] = filled[each.place] = None
        window[leaf.place], filled[leaf.place] = (taken,), taken
        if not clear:
            _unclear(state, event[ID])
        picked = groups.picked(group.root, filled, newest=self._newest)
        if picked is None or leaf.place not in picked:
            return True, None
        captured = tuple(each if place in picked else None for place, each in enumerate(filled))
        if state.more is not None and earliest(captured)[CAPTURE_ID] in state.more.unclear:
            return True, None
        if self._uses_up:
            window[:] = [None] * len(window)
        return True, captured

    # --- what leaves a window ---------------------------------------------------------------------------------

    def disturb(self, state: KeyState, per: Any, event: Event, ways: Ways) -> None:
        """An event that a first step with ``strict`` or ``until`` cares about although it does not take it."""
        if state.more is None:
            return
        for (place, owner), window in state.more.windows.items():
            stage = self._program.stages[place]
            loop = stage.loop
            if loop is None or not window or (window[-1][CAPTURE_ID] == event[ID] and owner == per):
                continue
            if loop.strict or (loop.until is not None and loop.until.fits(event, _so_far(stage, window), ways)):
                window.clear()

    def give_up(self, state: KeyState, per: Any, captures: Captures) -> None:
        """An absence or an exit ended a match: the events it had taken begin no other."""
        if state.more is None or not state.more.windows:
            return
        taken = {each[CAPTURE_ID] for each in kept_events(captures)}
        self.retain(state, per, lambda each: each[CAPTURE_ID] not in taken)

    def retain(self, state: KeyState, per: Any, keeps: Callable[[Capture], bool]) -> None:
        """Takes out of the windows of one ``per`` value what they are not to keep."""
        windows = {} if state.more is None else state.more.windows
        for opening in self._program.openings:
            window = windows.get((opening.place, per))
            if window is None:
                continue
            if self._program.stages[opening.place].group is not None:
                window[:] = [_only(queue, keeps) for queue in window]
            else:
                window[:] = [each for each in window if keeps(each)]

    def forget(self, state: KeyState, now_us: int) -> None:
        """Lets go of windows whose newest event is too old to be part of anything."""
        more = state.more
        assert more is not None
        for where, window in list(more.windows.items()):
            span_us = self._spans[where[0]]
            if span_us is not None and _newest_us(window) + span_us <= now_us:
                del more.windows[where]
        if more.unclear:
            more.unclear &= {each[CAPTURE_ID] for window in more.windows.values() for each in kept_events(window)}

    def tidy(self, more: More) -> None:
        """Lets go of windows in which nothing waits."""
        for where in [where for where, window in more.windows.items() if is_empty(window)]:
            del more.windows[where]
        if not more.windows:
            more.unclear.clear()

    def due_us(self, more: More) -> int:
        """When the next window can be let go of."""
        dues = [
            _newest_us(window) + span_us
            for (place, _), window in more.windows.items()
            if (span_us := self._spans[place]) is not None
        ]
        return min(dues, default=END_OF_TIME)


def is_empty(window: list[Any]) -> bool:
    """Whether nothing waits in it."""
    return all(each is None for each in window)


def _window(state: KeyState, opening: Opening, per: Any, empty: list[Any]) -> list[Any]:
    if state.more is None:
        state.more = More()
    return state.more.windows.setdefault((opening.place, per), empty)


def _newest_us(window: list[Any]) -> int:
    return max((last_of(each)[CAPTURE_TIME] for each in window if each is not None), default=BEGINNING_OF_TIME)


def _matcher(stage: Stage) -> CompiledMatcher:
    assert stage.matcher is not None
    return stage.matcher


def _so_far(stage: Stage, window: list[Capture]) -> Captures:
    return (*[None] * stage.slot, tuple(window)) if window else ()


_NOWHERE: Final = (None, "", 0, 0, BEGINNING_OF_TIME)
"""Stands before every capture in the order of processing."""


def _filled(group: Group, window: list[Captured]) -> list[Captured]:
    """By leaf of a GROUP, what fills it: of each unit the oldest that waits."""
    filled: list[Captured] = [None] * len(window)
    for unit in group.units:
        queues = [(place_of(queue[0]), leaf.place) for leaf in unit if (queue := window[leaf.place]) is not None]
        if queues:
            place = min(queues)[1]
            filled[place] = first_of(window[place])  # type: ignore[arg-type]
    return filled


def _of_unit(unit: tuple[Leaf, ...], filled: list[Captured]) -> Captured:
    return next((filled[leaf.place] for leaf in unit if filled[leaf.place] is not None), None)


def _only(queue: Captured, keeps: Callable[[Capture], bool]) -> Captured:
    """What is kept of the events that wait for one leaf of a GROUP."""
    return tuple(each for each in queue or () if keeps(each)) or None


def _unclear(state: KeyState, event_id: str) -> None:
    if state.more is None:
        state.more = More()
    state.more.unclear.add(event_id)
