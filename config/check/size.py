"""Suspicions about what a trigger costs: state that does not end, and events that would not be needed."""

from collections.abc import Iterator
from typing import Final

from config.check.lifetime import lifetime
from config.check.state_bound import mark_bytes
from config.check.suspicion import Surroundings, Suspicion
from config.durations import UNITS_US
from config.errors import Location
from config.language import ANY_TYPE, EventStep, IdleStep, Trigger
from config.language.uses import STEPS, matchers
from config.reading import words

_LONG_US: Final = UNITS_US["d"]
_MANY_KEYS: Final = 10_000_000
_MB: Final = 1_000_000


def unbounded_match(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """A part without an end: what waits for it is kept for ever."""
    if trigger.match.is_single_event:
        return
    for endless in lifetime(trigger.match).endless:
        yield Suspicion(endless.location, endless.reason, endless.way_out)


def every_event(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """What makes the key groups of a trigger receive every event of its keys."""
    for location, what, way_out in _listens_to_all(trigger):
        message = f"{what} makes the trigger receive every event of {words.who(trigger.match.key)}"
        yield Suspicion(location, message, way_out)


def _listens_to_all(trigger: Trigger) -> Iterator[tuple[Location, str, str]]:
    for index, step in enumerate(trigger.match.steps):
        here = (*STEPS, index)
        if isinstance(step, IdleStep) and step.of is None:
            yield (*here, "idle"), "idle", "idle: {for: T, of: [TYPE, …]}, if some types are enough"
        if getattr(step, "contiguity", "relaxed") == "strict":
            yield (*here, "contiguity"), "strict", "relaxed, with an absent step for the types that matter"
        if isinstance(step, EventStep) and step.times is not None and step.times.contiguity == "strict":
            yield (*here, "times", "contiguity"), "strict", "relaxed, with until: for the types that matter"
    for location, matcher in matchers(trigger):
        if matcher.types == ANY_TYPE:
            yield location, '"*"', "the types that matter"


def mark_for_ever(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """`fires: once` remembers every key that it ever fired for."""
    if trigger.match.fires.kind != "once":
        return
    size = mark_bytes(trigger.match)
    yield Suspicion(
        ("match", "fires"),
        f"keeps a mark of about {size} bytes for ever for each {_key(trigger)} that it fired for: "
        f"{size * _MANY_KEYS // _MB} MB for 10 million of them",
        "fires: {once_per: 365d}",
    )


def _key(trigger: Trigger) -> str:
    return " and ".join(words.path(path) for path in trigger.match.key)


def long_overlap(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """`overlap` keeps a match per beginning, so that long matches add up."""
    if trigger.match.on_repeat != "overlap" or trigger.match.is_single_event:
        return
    life = lifetime(trigger.match)
    if life.endless or life.span_us >= _LONG_US:
        message = f"keeps a match for every beginning, {life.words}: the state of a key grows with its events"
        yield Suspicion(("match", "on_repeat"), message, "restart or ignore, or a shorter time")
