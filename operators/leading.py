"""Leading absences: what a key remembers of events that a match must not have had before its first.

``A`` may begin a match only if nothing that may fit lies in ``[A - T, A)``, and if the group has watched since then.
Two times are enough to answer: the latest, and the latest before that one, for an event may come at ``A``'s own time.
"""

from __future__ import annotations

from operators.matcher import Ways
from operators.program import Program
from operators.records import BEGINNING_OF_TIME, END_OF_TIME, Event
from operators.runs import KeyState, More


def breaks(program: Program, event: Event, ways: Ways) -> list[int]:
    """The leading absences that this event may fit, by number."""
    return [number for number, each in enumerate(program.leading) if each.matcher.blocks(event, (), ways)]


def hear(state: KeyState, broken: list[int], time_us: int) -> None:
    """These absences were broken at this time."""
    if state.more is None:
        state.more = More()
    heard = state.more.heard
    for number in broken:
        latest, before = heard.get(number, (BEGINNING_OF_TIME, BEGINNING_OF_TIME))
        if time_us > latest:
            heard[number] = (time_us, latest)
        elif before < time_us < latest:
            heard[number] = (latest, time_us)


def holds(program: Program, state: KeyState | None, time_us: int, watched_since_us: int) -> bool:
    """Whether a match may begin with an event at this time."""
    heard = {} if state is None or state.more is None else state.more.heard
    for number, each in enumerate(program.leading):
        if watched_since_us > time_us - each.span_us:
            return False
        latest, before = heard.get(number, (BEGINNING_OF_TIME, BEGINNING_OF_TIME))
        last_us = latest if latest < time_us else before
        if last_us >= time_us - each.span_us:
            return False
    return True


def forget(program: Program, state: KeyState, now_us: int) -> None:
    """Lets go of what no event from now on can be spoilt by."""
    assert state.more is not None
    heard = state.more.heard
    for number, (latest, _) in list(heard.items()):
        if latest + program.leading[number].span_us < now_us:
            del heard[number]


def due_us(program: Program, more: More) -> int:
    """When the next of it can be let go of."""
    dues = (latest + program.leading[number].span_us + 1 for number, (latest, _) in more.heard.items())
    return min(dues, default=END_OF_TIME)
