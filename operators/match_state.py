"""The open matches of one trigger as plain values, and back. Part of the format of ``operators.state``.

By owner: ``[owner, runs, more]``, the owner a key or, where matches are kept apart, ``[key, per]``. A run is its fields
in the order below; ``front`` and ``more`` are None in all but the triggers that need them. Captures are as
``operators.repetition`` describes them, their tuples lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from operators.apart import ApartAutomaton, Showing
from operators.automaton import Automaton
from operators.plain_event import event_of, plain_event
from operators.program import Owner
from operators.repetition import Captured
from operators.runs import Front, Held, KeyState, More, Run, Watch


def plain_states(automaton: Automaton) -> list[Any]:
    """Everything that the trigger has open."""
    return [
        [
            owner,
            [
                [
                    run.stage, run.begin_us, run.last_us, run.entered_us, run.deadline_us, run.captures, run.per,
                    None if run.front is None else _plain_front(run.front),
                ]
                for run in state.runs
            ],
            None if state.more is None else _plain_more(state.more),
        ]
        for owner, state in automaton.states.items()
    ]  # fmt: skip


def restore_states(automaton: Automaton, states: list[Any]) -> None:
    """Puts what ``plain_states`` gave into a fresh automaton and sets its timers."""
    for plain, runs, more in states:
        state = KeyState()
        state.runs = [_run(*run) for run in runs]
        if more is not None:
            state.more = _more(*more)
        owner = restored_owner(plain) if automaton.program.keeps_apart else restored_key(plain)
        automaton.states[owner] = state
    automaton.schedule_all()


def plain_showings(automaton: ApartAutomaton) -> list[Any]:
    """``[event, ways, owners]`` of every event that some owners have still to be shown."""
    return [
        [
            plain_event(showing.event),
            list(showing.ways.items()) if isinstance(showing.ways, dict) else [[way] for way in showing.ways],
            list(showing.owners),
        ]
        for showing in automaton.showings
    ]


def restore_showings(automaton: ApartAutomaton, showings: Iterable[Any]) -> None:
    """Puts what ``plain_showings`` gave into a fresh automaton."""
    for event, ways, owners in showings:
        by_spec = [(restored_spec(spec), *item) for spec, *item in ways]
        restored = dict(by_spec) if by_spec and len(by_spec[0]) > 1 else tuple(spec for spec, *_ in by_spec)
        concerned = dict.fromkeys(restored_owner(owner) for owner in owners)
        automaton.showings.append(Showing(event_of(event), restored, concerned))


def restored_owner(plain: list[Any]) -> Owner:
    """An owner where matches are kept apart."""
    key, per = plain
    return (restored_key(key), per)


def restored_spec(plain: Any) -> Any:
    """The paths by which an event came to a key."""
    return None if plain is None else tuple(tuple(path) for path in plain)


def restored_key(plain: Any) -> Any:
    """A key: a composite one is a tuple."""
    return tuple(plain) if isinstance(plain, list) else plain


def _run(
    stage: int, begin_us: int, last_us: int, entered_us: int, deadline_us: int, captures: Any, per: Any, front: Any
) -> Run:
    run = Run(begin_us, last_us, tuple(_captured(each) for each in captures), per)
    run.stage, run.entered_us, run.deadline_us = stage, entered_us, deadline_us
    run.front = None if front is None else _front(*front)
    return run


def _plain_front(front: Front) -> list[Any]:
    return [front.low, front.floor, front.base_us, front.ended, front.absences, front.fired, front.missed]


def _front(
    low: int, floor: int, base_us: int, ended: int, absences: list[bool | None], fired: bool, missed: bool
) -> Front:
    front = Front(low, floor, base_us)
    front.ended, front.absences, front.fired, front.missed = ended, absences, fired, missed
    return front


def _plain_more(more: More) -> list[Any]:
    return [
        [[*where, window] for where, window in more.windows.items()],
        [[number, *times] for number, times in more.heard.items()],
        sorted(more.unclear),
        [[held.captures, held.per, held.last_us, held.event_time_us] for held in more.held],
        [[each.match_id, each.captures, each.per, each.from_us, each.until_us, each.ended] for each in more.watches],
    ]


def _more(windows: list[Any], heard: list[Any], unclear: list[str], held: list[Any], watches: list[Any]) -> More:
    more = More()
    more.windows = {(place, per): [_captured(each) for each in window] for place, per, window in windows}
    more.heard = {number: (latest_us, before_us) for number, latest_us, before_us in heard}
    more.unclear = set(unclear)
    more.held = [
        Held(tuple(_captured(each) for each in captures), per, last_us, event_time_us)
        for captures, per, last_us, event_time_us in held
    ]
    for match_id, captures, per, from_us, until_us, ended in watches:
        watch = Watch(match_id, tuple(_captured(each) for each in captures), per, from_us, until_us)
        watch.ended = tuple(ended)
        more.watches.append(watch)
    return more


def _captured(plain: Any) -> Captured:
    if plain is None:
        return None
    if isinstance(plain[0], str):
        return _capture(plain)
    if isinstance(plain[0], list):
        return tuple(_capture(each) for each in plain)
    count, digest, first, prev, last, aggregates = plain
    return (
        count,
        digest,
        _capture(first),
        None if prev is None else _capture(prev),
        _capture(last),
        tuple(tuple(each) if isinstance(each, list) else each for each in aggregates),
    )


def _capture(plain: list[Any]) -> tuple[Any, ...]:
    plain[1] = tuple(plain[1])
    return tuple(plain)
