"""An upper bound on what one key of a trigger can make the engine keep, and for how long.

Bytes are of a snapshot, for ids and kept values of at most `TEXT_BYTES` characters:
tests/unit/config/check/test_state_bound.py holds them against the snapshots of the engine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from config.check.lifetime import Lifetime, event_members, first_event, lifetime, waits_for_more, window_us
from config.language import AllStep, EventStep, Match, Step, Trigger
from config.language.uses import members, uses
from config.reading import words
from config.reading.match import is_open_for_a_while
from config.references import Reference

TEXT_BYTES: Final = 36
# MessagePack: a text and its length, a 64-bit number; a match with a dozen numbers of its own; an event's identity.
_TEXT: Final = TEXT_BYTES + 2
_NUMBER: Final = 9
_RUN: Final = 15 * _NUMBER
_IDENTITY: Final = 2 * _TEXT + 3 * _NUMBER + 3
# Above this a repetition keeps its first, previous and last event and a hash of the rest.
_MOST_KEPT: Final = 100
_AGGREGATED: Final = 3


@dataclass(frozen=True, slots=True)
class Holding:
    """One thing kept for a key. `bytes` `None`: it grows with the events; `life` says for how long."""

    what: str
    bytes: int | None
    life: str
    grows: str | None = None

    def __str__(self) -> str:
        size = f"about {self.bytes} bytes" if self.bytes is not None else f"growing with the {self.grows}"
        return f"{self.what}, {size}, {self.life}"


def state_bound(trigger: Trigger) -> tuple[Holding, ...]:
    """What is kept for one key: events that wait, open matches, marks, and what the policy remembers."""
    match = trigger.match
    found: list[Holding] = []
    if not match.is_single_event:
        found += _window(trigger)
        found += _matches(trigger, lifetime(match))
        found += _leading_absences(match)
    found += _marks(trigger)
    found += _policy(trigger)
    return tuple(found)


def mark_bytes(match: Match) -> int:
    """Of one mark: its key and a time."""
    return (len(match.key) + (match.per is not None)) * _TEXT + _NUMBER


def _window(trigger: Trigger) -> Iterator[Holding]:
    match = trigger.match
    step = match.steps[first_event(match)]
    if not waits_for_more(step):
        return
    span_us = window_us(match)
    life = "for ever" if span_us is None else f"for {words.span(span_us)}"
    per_event = _event_bytes(trigger, step)
    growing = f"events in that time, {per_event} bytes each"
    if isinstance(step, EventStep) and step.having is not None:
        what = f"every fitting {words.types(step.types)}, for its {step.having.aggregate}"
        yield Holding(what, None, life, growing)
    elif isinstance(step, AllStep) and match.on_repeat == "ignore":
        yield Holding("every event that fits a member, to know the oldest", None, life, growing)
    else:
        most = _most_kept(match, step)
        yield Holding(f"{_counted(most, 'event')} waiting to be enough", most * per_event, life)


def _matches(trigger: Trigger, life: Lifetime) -> Iterator[Holding]:
    match = trigger.match
    if not is_open_for_a_while(match):
        return
    of = f"of {_counted(sum(_most_kept(match, step) for step in match.steps), 'event')}"
    size = _match_bytes(trigger)
    branches = any(getattr(step, "contiguity", "relaxed") == "each" for step in match.steps)
    if match.on_repeat == "overlap" or branches:
        several = "fitting events" if branches else "beginnings"
        grows = f"{several} in that time, {size} bytes each"
        yield Holding(f"an open match {of} for each of the {several}", None, life.words, grows)
    elif match.per is not None:
        per = words.path(match.per)
        yield Holding(f"an open match {of} for each {per}", None, life.words, f"values of {per}, {size} bytes each")
    else:
        yield Holding(f"1 open match {of}", size, life.words)


def _leading_absences(match: Match) -> Iterator[Holding]:
    for step in match.steps[: first_event(match)]:
        span_us = getattr(step, "within_us", None)
        if span_us is not None:
            yield Holding("the time of the last event that must be absent", _NUMBER, f"for {words.span(span_us)}")


def _marks(trigger: Trigger) -> Iterator[Holding]:
    fires = trigger.match.fires
    if fires.kind != "always":
        life = "for ever" if fires.period_us is None else f"for {words.span(fires.period_us)}"
        yield Holding("a mark that it fired", mark_bytes(trigger.match), life)


def _policy(trigger: Trigger) -> Iterator[Holding]:
    policy = trigger.policy
    if policy.cooldown_us:
        life = f"for {words.span(policy.cooldown_us)}"
        yield Holding("a mark for the cooldown of a recipient", _TEXT + _NUMBER, life)
    for cap in policy.caps:
        life = f"for {words.span(cap.per_us)}" if cap.per_us is not None else f"for a {cap.calendar}"
        what = f"the times of {_counted(cap.max, 'action')} to a recipient"
        yield Holding(what, _TEXT + cap.max * _NUMBER, life)
    size = _match_bytes(trigger)
    for action in trigger.actions:
        if action.after_us is not None:
            yield Holding(f"the waiting {action.name} of a match", size, f"for {words.span(action.after_us)}")
    if policy.quiet_hours is not None and policy.quiet_hours.then == "defer":
        yield Holding("the deferred actions of a match", size, "until the quiet hours end")


def _match_bytes(trigger: Trigger) -> int:
    """Of one match with everything it keeps."""
    match = trigger.match
    events = sum(_most_kept(match, step) * _event_bytes(trigger, step) for step in match.steps)
    return _RUN + _TEXT * len(match.key) + events


def _event_bytes(trigger: Trigger, step: Step) -> int:
    """Of one event of a step: its identity and what something asks of it."""
    names = {getattr(each, "name", None) for each in (step, *(member for _, member in members(step, ())))}
    asked = {
        (use.reference.selector == "item", use.reference.path)
        for use in uses(trigger)
        if use.reference is not None and use.reference.name in names and use.reference.path
    }
    recipient = trigger.policy.recipient
    if step is trigger.match.steps[first_event(trigger.match)] and not isinstance(recipient, Reference):
        asked.add((False, recipient))
    return _IDENTITY + len(asked) * _TEXT


def _most_kept(match: Match, step: Step) -> int:
    """How many events of a step are kept in full."""
    if not isinstance(step, EventStep) or step.times is None:
        return event_members(step)
    is_first = step is match.steps[first_event(match)]
    if is_first and step.having is not None:
        return _MOST_KEPT
    # A first step without a max keeps the newest that are enough; a later one has no end.
    most = step.times.max or (step.times.min if is_first else None)
    return _AGGREGATED if most is None or most > _MOST_KEPT else most


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
