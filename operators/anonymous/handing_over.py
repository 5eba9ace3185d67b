"""What a key group does at the place of an identify: the anonymous customer forgets, the known one takes over.

The known one's automata do not get the anonymous one's state, which may lie in another key group, but its events:
fresh automata are shown them alone, in the known one's name, and what is open in those at the identify is joined with
what the known one has open himself. What fires there has fired under the anonymous id already, and is let go.

What else a customer has (attributes, traits, marks of what was sent) stays with whom it came under; a step that is to
hand that over too has its place in ``Handovers.take``, beside these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from operators.anonymous.customer_states import is_by_customer, keys_of
from operators.anonymous.values import EVENTS, FORGET, KIND, SINCE, WHO, Handover
from operators.automaton import Automaton, KeyState, Run
from operators.groups import Group
from operators.leading import hear
from operators.matching import Matching
from operators.plan import Plan
from operators.profile_reader import ProfileReader
from operators.program import Program
from operators.records import BEGINNING_OF_TIME, ORDER
from operators.repetition import Capture, Captured, place_of
from operators.runs import More
from operators.tally import Tally


class Handovers:
    """Takes what identities hand over to and from the customers of one key group, whose ``automata`` these are."""

    def __init__(self, plan: Plan, automata: Sequence[Automaton], tally: Tally, profiles: ProfileReader) -> None:
        self._plan = plan
        self._automata = automata
        self._tally = tally
        self._profiles = profiles
        self._alone: Matching | None = None
        self._identified_us = BEGINNING_OF_TIME

    def take(self, handover: Handover) -> None:
        """An anonymous customer is identified."""
        if handover[KIND] == FORGET:
            forget(self._automata, handover[WHO], handover[ORDER], self._tally)
            return
        if self._alone is None:
            self._alone = Matching(self._plan, Tally(), self._profile_when_identified)
        alone, self._identified_us = self._alone, handover[ORDER]
        for own, fresh in zip(self._automata, alone.automata, strict=True):
            # What was not kept is as if it had not been watched.
            fresh.watched_since_us = max(own.watched_since_us, handover[SINCE])
            fresh.new_since_us = own.new_since_us
        events = list(handover[EVENTS])
        alone.score(events)
        for event in events:
            alone.show(event)
        take_over(self._automata, alone.automata, handover[ORDER], self._tally)
        alone.let_go()

    def _profile_when_identified(self, customer_id: str, time_us: int) -> Mapping[str, Any] | None:
        """The known customer's profile for what he takes over: as of the identify; of earlier times none is kept."""
        return self._profiles(customer_id, max(time_us, self._identified_us))


def forget(automata: Iterable[Automaton], customer_id: str, now_us: int, tally: Tally) -> None:
    """The anonymous customer is identified: what is due by now fires, and the rest of what he has open goes.

    So does the watch over his actions that still wait: no event of his can come any more.
    """
    for automaton in automata:
        if is_by_customer(automaton.program):
            for key in keys_of(automaton.states, customer_id):
                automaton.on_timer(key, now_us)
                state = automaton.drop(key)
                if state is None:
                    continue
                handed_over = len(state.runs) + (0 if state.more is None else len(state.more.held))
                if handed_over:
                    tally.add("handed_over", automaton.program.name, handed_over)


def take_over(automata: Iterable[Automaton], alone: Iterable[Automaton], now_us: int, tally: Tally) -> None:
    """Joins what is open in ``alone``, automata that were shown the handed-over events only, to what a customer has."""
    for automaton, fresh in zip(automata, alone, strict=True):
        for key in list(fresh.states):
            fresh.on_timer(key, now_us)
            brought = fresh.drop(key)
            if brought is None or not is_by_customer(automaton.program):
                continue
            if brought.more is not None:
                brought.more.watches.clear()  # over what fired under the anonymous id, with ids of its own
            automaton.on_timer(key, now_us)
            own = automaton.states.get(key)
            joined = brought if own is None else _joined(automaton.program, own, brought, tally)
            automaton.put(key, joined, now_us)


def _joined(program: Program, own: KeyState, brought: KeyState, tally: Tally) -> KeyState:
    both = len(own.runs) + len(brought.runs)
    own.runs = _joined_runs(program, own.runs, brought.runs)
    if program.on_repeat == "restart" and len(own.runs) < both:
        tally.add("restarted", program.name, both - len(own.runs))
    if brought.more is not None:
        if own.more is None:
            own.more = More()
        _join_more(program, own, brought.more)
    return own


def _join_more(program: Program, own: KeyState, brought: More) -> None:
    more = own.more
    assert more is not None
    for (place, per), window in brought.windows.items():
        known = more.windows.get((place, per))
        more.windows[place, per] = window if known is None else _joined_window(program, place, known, window)
    for number, times_us in brought.heard.items():
        for time_us in times_us:
            hear(own, [number], time_us)
    more.unclear |= brought.unclear
    more.held += brought.held


def _joined_runs(program: Program, own: list[Run], brought: list[Run]) -> list[Run]:
    """Where both have open matches of one ``per`` value, ``on_repeat`` decides by the time of the first event.

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


def _joined_window(program: Program, place: int, own: list[Any], brought: list[Any]) -> list[Any]:
    """The events of both that wait for the first step at ``place`` to be complete, in order of time.

    A match begins at the next fitting event at the earliest, and with no more of them than it takes.
    """
    stage = program.stages[place]
    if stage.group is not None:
        return _joined_group(program, stage.group, own, brought)
    if stage.loop is not None and stage.loop.strict and own and brought:
        # No event may lie between: those that came last are neighbours of what comes next, if any are.
        return max(own, brought, key=lambda window: place_of(window[-1]))
    return sorted([*own, *brought], key=place_of)


def _joined_group(program: Program, group: Group, own: list[Captured], brought: list[Captured]) -> list[Captured]:
    """By leaf, what waits to fill it. Of each unit the newest alone, under ``ignore`` the oldest first."""
    joined: list[Captured] = [None] * len(own)
    for unit in group.units:
        waiting: list[tuple[Capture, int]] = [
            (taken, leaf.place) for window in (own, brought) for leaf in unit for taken in window[leaf.place] or ()
        ]
        waiting.sort(key=lambda each: place_of(each[0]))
        for taken, place in waiting if program.on_repeat == "ignore" else waiting[-1:]:
            joined[place] = (*(joined[place] or ()), taken)
    return joined
