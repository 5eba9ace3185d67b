"""What a trigger may not ask of this version although each part of it is well formed, with the reason and the way out.

Some of it is refused for good (it would have no bounded state, or no clear meaning), some because another part of the
engine does not have it yet (``_NOT_YET``). Nothing is ignored: a trigger that loads does what it says.
"""

from __future__ import annotations

from collections.abc import Iterator

from config.errors import UNSHOWN, Location, Refused
from config.language import (
    AbsentStep,
    Condition,
    EventStep,
    Step,
    Trigger,
    comparisons,
)
from config.language.uses import STEPS, actions, members
from config.model import Finding
from config.references import Reference, Scaled
from operators.captures import taking_members

_NOT_YET = "cannot run in this version yet"

_Refusal = tuple[Location, str, str]
"""(where, what and why, what is allowed)."""


def unsupported(trigger: Trigger) -> list[Finding]:
    """Everything in this trigger that cannot run, with its place."""
    return [Finding(location, UNSHOWN, Refused(what, allowed=allowed)) for location, what, allowed in _found(trigger)]


def _found(trigger: Trigger) -> Iterator[_Refusal]:
    match = trigger.match
    first = next(place for place, step in enumerate(match.steps) if any(taking_members(step)))
    for place, step in enumerate(match.steps):
        at = (*STEPS, place)
        if isinstance(step, EventStep) and step.times is not None and step.times.contiguity == "each":
            yield (
                (*at, "times", "contiguity"),
                "contiguity: each inside times would make a match of every combination of events, without a bound",
                "relaxed, strict; contiguity: each on the step itself for a match of every first event",
            )
        yield from _condition(getattr(step, "where", None), (*at, "where"))
        if isinstance(step, EventStep) and step.until is not None:
            yield from _condition(step.until.where, (*at, "until", "where"))
        for location, member in members(step, at):
            yield from _condition(getattr(member, "where", None), (*location, "where"))
    yield from _first_step(match.steps[first], (*STEPS, first))
    yield from _time_without_event(match.steps, first)
    for place, matcher in enumerate(match.exit):
        yield from _condition(matcher.where, ("match", "exit", place, "where"))
    yield from _policy_and_actions(trigger)


def _first_step(step: Step, at: Location) -> Iterator[_Refusal]:
    """What a first step cannot be: nothing has begun yet that a time could count from."""
    for location, member in members(step, at):
        if isinstance(member, AbsentStep):
            yield (
                location,
                "is an absence inside the group that begins the match, and has nothing to count its time from",
                "absent: TYPE, within: T as a step of its own before the group, or after it",
            )
    if not isinstance(step, EventStep) or step.having is None or step.times is None:
        return
    if step.times.within_us is None:
        yield (
            (*at, "having"),
            "looks at every event of the key for ever, for the repetition has no span",
            "times: {min: 1, within: 30d} beside it",
        )


def _time_without_event(steps: tuple[Step, ...], first: int) -> Iterator[_Refusal]:
    """A time between an optional beginning and the first event that must come: without the one it never starts."""
    place = first
    while isinstance(steps[place], EventStep) and steps[place].optional:  # type: ignore[union-attr]
        place += 1
        while not any(taking_members(steps[place])):
            step = steps[place]
            if not isinstance(step, AbsentStep) or step.within_us is not None:
                yield (
                    (*STEPS, place),
                    "counts its time from an event that may be left out, and then from nothing",
                    "no optional: true on the steps before it",
                )
            place += 1


def _condition(condition: Condition | None, at: Location) -> Iterator[_Refusal]:
    for comparison in comparisons(condition):
        place = (*at, *comparison.location)
        value = comparison.value.reference if isinstance(comparison.value, Scaled) else comparison.value
        if not (isinstance(value, Reference) and value.is_customer):
            yield from _value(comparison.value, place)


def _value(value: object, at: Location, *, profile: bool = False) -> Iterator[_Refusal]:
    """``profile``: whether ``$customer`` can stand here."""
    if isinstance(value, Scaled):
        value = value.reference
    if isinstance(value, Reference):
        if value.is_customer and not profile:
            yield at, f"$customer {_NOT_YET}", "a captured event"
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _value(each, (*at, name), profile=profile)
    elif isinstance(value, tuple):
        for place, each in enumerate(value):
            yield from _value(each, (*at, place), profile=profile)


def _policy_and_actions(trigger: Trigger) -> Iterator[_Refusal]:
    policy = trigger.policy
    if isinstance(policy.recipient, Reference):
        yield from _value(policy.recipient, ("policy", "recipient"))
    for comparison in comparisons(policy.where):
        place: Location = ("policy", "where", *comparison.location)
        if comparison.path[0] == "score":
            yield (
                place,
                f"a condition on {'.'.join(comparison.path)} {_NOT_YET}",
                "$customer.…, properties.…, context.…",
            )
        yield from _value(comparison.value, place, profile=True)
    if policy.quiet_hours is not None:
        yield from _value(policy.quiet_hours.timezone, ("policy", "quiet_hours", "timezone"), profile=True)
    for at, action in actions(trigger):
        for number, matcher in enumerate(action.unless):
            yield from _condition(matcher.where, (*at, "unless", number, "where"))
        yield from _value(action.data, (*at, "data"), profile=True)
