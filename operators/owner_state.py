"""What of a key group is written by owner: open matches, and what some have still to be shown. Part of the format of
``operators.state``.

An owner is a key or, where matches are kept apart, ``[key, per]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from operators.apart import ApartAutomaton, Showing
from operators.automaton import Automaton
from operators.plain_event import event_of, plain_event
from operators.program import Owner


def plain_states(automaton: Automaton) -> list[Any]:
    """What the trigger has open: ``[owners, what each has open]``. All of it comes to rest.

    Where it rests in buckets it is what has changed since they were stored, None of an owner who has nothing any more.
    """
    states = automaton.states
    states.rest()
    if states.buckets is not None:
        return states.buckets.changed()
    return [list(states.resting), list(states.resting.values())]  # type: ignore[union-attr]


def restore_states(automaton: Automaton, owners: list[Any], states: list[bytes | None]) -> None:
    """Puts what ``plain_states`` gave into a fresh automaton and sets its timers."""
    restored, buckets = _restored_by(automaton), automaton.states.buckets
    for plain, at_rest in zip(owners, states, strict=True):
        owner = restored(plain)
        if at_rest is not None:
            automaton.put_at_rest(owner, at_rest)
        if buckets is not None:
            buckets.may_be_stored(owner)


def plain_bucket(automaton: Automaton, bucket: int) -> list[Any]:
    """One bucket of what the trigger has open, as ``plain_states`` gives all; it counts as stored from here on."""
    states = automaton.states
    states.rest()
    assert states.buckets is not None
    return states.buckets.stored(bucket)


def restore_bucket(automaton: Automaton, bucket: int, owners: list[Any], states: list[bytes]) -> None:
    """Puts back what ``plain_bucket`` gave, after ``restore_states``: who is there knows better."""
    restored, buckets = _restored_by(automaton), automaton.states.buckets
    assert buckets is not None
    with buckets.restoring(bucket) as newer:
        for owner, at_rest in zip(map(restored, owners), states, strict=True):
            if owner not in newer:
                automaton.put_at_rest(owner, at_rest)


def _restored_by(automaton: Automaton) -> Callable[[Any], Owner]:
    return restored_owner if automaton.program.keeps_apart else restored_key


def plain_showings(automaton: ApartAutomaton) -> list[Any]:
    """``[event, ways, owners]`` of every event that some owners have still to be shown."""
    return [
        [
            plain_event(showing.event),
            list(showing.ways.items()) if isinstance(showing.ways, dict) else [[way] for way in showing.ways],
            showing.left(),
        ]
        for showing in automaton.showings
    ]


def restore_showings(automaton: ApartAutomaton, showings: Iterable[Any]) -> None:
    """Puts what ``plain_showings`` gave into a fresh automaton."""
    for event, ways, owners in showings:
        by_spec = [(restored_spec(spec), *item) for spec, *item in ways]
        restored = dict(by_spec) if by_spec and len(by_spec[0]) > 1 else tuple(spec for spec, *_ in by_spec)
        concerned = [restored_owner(owner) for owner in owners]
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
