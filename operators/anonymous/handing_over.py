"""What a key group does at the place of an identify: the anonymous customer forgets, the known one takes over.

The known one's automata do not get the anonymous one's state, which may lie in another key group, but its events:
fresh automata are shown them alone, in the known one's name, and what is open in those at the identify is joined with
what the known one has open himself. What fires there has fired under the anonymous id already, and is let go.

What else a customer has (attributes, traits, marks of what was sent) stays with whom it came under; a step that is to
hand that over too has its place in ``KeyGroup._hand_over``, beside these.
"""

from __future__ import annotations

from collections.abc import Iterable

from operators.anonymous.customer_states import is_by_customer, keys_of
from operators.automaton import Automaton, Capture, KeyState, Run
from operators.program import Program
from operators.tally import Tally


def forget(automata: Iterable[Automaton], customer_id: str, now_us: int, tally: Tally) -> None:
    """The anonymous customer is identified: what is due by now fires, and the rest of what he has open goes."""
    for automaton in automata:
        if is_by_customer(automaton.program):
            for key in keys_of(automaton.states, customer_id):
                automaton.on_timer(key, now_us)
                state = automaton.drop(key)
                if state is not None and state.runs:
                    tally.add("handed_over", automaton.program.name, len(state.runs))


def take_over(automata: Iterable[Automaton], alone: Iterable[Automaton], now_us: int, tally: Tally) -> None:
    """Joins what is open in ``alone``, automata that were shown the handed-over events only, to what a customer has."""
    for automaton, fresh in zip(automata, alone, strict=True):
        for key in list(fresh.states):
            fresh.on_timer(key, now_us)
            brought = fresh.drop(key)
            if brought is None or not is_by_customer(automaton.program):
                continue
            automaton.on_timer(key, now_us)
            own = automaton.states.get(key)
            automaton.put(key, brought if own is None else _joined(automaton.program, own, brought, tally))


def _joined(program: Program, own: KeyState, brought: KeyState, tally: Tally) -> KeyState:
    both = len(own.runs) + len(brought.runs)
    own.runs = _joined_runs(program, own.runs, brought.runs)
    if program.on_repeat == "restart" and len(own.runs) < both:
        tally.add("restarted", program.name, both - len(own.runs))
    for per, window in (brought.windows or {}).items():
        if own.windows is None:
            own.windows = {}
        own.windows[per] = _joined_window(program, own.windows.get(per, []), window)
    return own


def _joined_runs(program: Program, own: list[Run], brought: list[Run]) -> list[Run]:
    """Where both have an open match of one ``per`` value, ``on_repeat`` decides by the time of the first event.

    Begun at the same time, the customer's own stays.
    """
    if program.on_repeat != "overlap":
        mine, theirs = _begun_us(own), _begun_us(brought)
        for per in mine.keys() & theirs.keys():
            own_stays = mine[per] == theirs[per] or (mine[per] > theirs[per]) == (program.on_repeat == "restart")
            if own_stays:
                brought = [run for run in brought if run.per != per]
            else:
                own = [run for run in own if run.per != per]
    return sorted([*own, *brought], key=lambda run: run.begin_us)


def _begun_us(runs: list[Run]) -> dict[object, int]:
    return {run.per: run.begin_us for run in runs}


def _joined_window(program: Program, own: list[Capture], brought: list[Capture]) -> list[Capture]:
    """The events of both that wait for a first step to be complete: the newest that it takes beside one more."""
    window = sorted([*own, *brought], key=_time_and_place)
    return window[max(0, len(window) - program.stages[0].count + 1) :]


def _time_and_place(taken: Capture) -> tuple[object, ...]:
    _, origin, offset, index, time_us, *_ = taken
    return (time_us, origin, offset, index)
