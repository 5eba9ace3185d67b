"""Where a trigger points at captured events and at the customer: one walk, for the checks of scope."""

from collections.abc import Iterator
from typing import NamedTuple

from config.errors import Location
from config.language.conditions import Comparison, Condition, Value, comparisons
from config.language.matcher import Matcher
from config.language.policy import Action, Policy, data_references
from config.language.steps import (
    AbsentStep,
    AllStep,
    AnyStep,
    AtStep,
    EventMember,
    EventStep,
    Member,
    Step,
    WaitStep,
)
from config.language.trigger import Match, Trigger
from config.references import Reference, Scaled

STEPS: Location = ("match", "steps")


class Use(NamedTuple):
    """One place that asks a captured event or the customer for something.

    `step` is the index of the step it stands in, so that only earlier captures are known; `None` knows all.
    `own` is the name of the repetition it is part of. `asks_customer` is also true of local times and of scores.
    """

    location: Location
    reference: Reference | None
    asks_customer: bool
    step: int | None
    own: str | None = None
    in_match: bool = True


class Capture(NamedTuple):
    """A name given by `as`, in step `step`."""

    location: Location
    name: str
    step: int
    repeats: bool


def captures(match: Match) -> Iterator[Capture]:
    """Every `as`, in the order written."""
    for index, step in enumerate(match.steps):
        here = (*STEPS, index)
        if isinstance(step, EventStep) and step.name is not None:
            yield Capture((*here, "as"), step.name, index, step.times is not None)
        for location, member in members(step, here):
            if isinstance(member, EventMember) and member.name is not None:
                yield Capture((*location, "as"), member.name, index, repeats=False)


def members(step: Step | Member, location: Location) -> Iterator[tuple[Location, Member]]:
    """Every member of `all` and `any` below a step, groups before what is in them."""
    if isinstance(step, AllStep | AnyStep):
        word = "all" if isinstance(step, AllStep) else "any"
        for index, member in enumerate(step.members):
            here = (*location, word, index)
            yield here, member
            yield from members(member, here)


def matchers(trigger: Trigger) -> Iterator[tuple[Location, Matcher]]:
    """Every matcher that is correlated by the match's key."""
    for index, step in enumerate(trigger.match.steps):
        here = (*STEPS, index)
        if isinstance(step, EventStep | AbsentStep):
            yield here, step.matcher
        if isinstance(step, EventStep) and step.until is not None:
            yield (*here, "until"), step.until
        for location, member in members(step, here):
            if isinstance(member, EventMember | AbsentStep):
                yield location, member.matcher
    for index, matcher in enumerate(trigger.match.exit):
        yield ("match", "exit", index), matcher
    for location, action in actions(trigger):
        for index, matcher in enumerate(action.unless):
            yield (*location, "unless", index), matcher


def actions(trigger: Trigger) -> Iterator[tuple[Location, Action]]:
    """Every action, those of `on_expire` last."""
    for index, action in enumerate(trigger.actions):
        yield ("actions", index), action
    if trigger.match.on_expire is not None:
        for index, action in enumerate(trigger.match.on_expire.actions):
            yield ("match", "on_expire", "actions", index), action


def uses(trigger: Trigger) -> Iterator[Use]:
    """Every use, in the order of the file."""
    for index, step in enumerate(trigger.match.steps):
        yield from _uses_in_step(step, index)
    for index, matcher in enumerate(trigger.match.exit):
        yield from _uses_in_condition(matcher.where, ("match", "exit", index, "where"), None)
    for location, action in actions(trigger):
        yield from _uses_in_action(action, location)
    yield from _uses_in_policy(trigger.policy)


def _uses_in_step(step: Step, index: int) -> Iterator[Use]:
    here = (*STEPS, index)
    match step:
        case EventStep():
            own = step.name if step.times is not None else None
            yield from _uses_in_condition(step.where, (*here, "where"), index, own)
            if step.until is not None:
                # The event that ends a repetition comes after it: the repetition is an earlier capture.
                yield from _uses_in_condition(step.until.where, (*here, "until", "where"), index + 1)
            if step.having is not None:
                for bound in step.having.bounds:
                    yield from _use_of(bound.value, (*here, "having", bound.operator), index)
        case AbsentStep():
            yield from _uses_in_condition(step.where, (*here, "where"), index)
        case WaitStep():
            if step.reference is not None:
                yield from _use_of(step.reference, (*here, "wait"), index)
        case AtStep():
            if step.reference is not None:
                yield from _use_of(step.reference, (*here, "at"), index)
            else:
                yield Use((*here, "at"), None, asks_customer=True, step=index)
        case AllStep() | AnyStep():
            for location, member in members(step, here):
                if isinstance(member, EventMember | AbsentStep):
                    yield from _uses_in_condition(member.where, (*location, "where"), index)


def _uses_in_action(action: Action, location: Location) -> Iterator[Use]:
    for below, reference in data_references(action.data):
        yield Use((*location, "data", *below), reference, reference.is_customer, None, in_match=False)
    for index, matcher in enumerate(action.unless):
        for use in _uses_in_condition(matcher.where, (*location, "unless", index, "where"), None):
            yield use._replace(in_match=False)


def _uses_in_policy(policy: Policy) -> Iterator[Use]:
    quiet = policy.quiet_hours
    values = ((("recipient",), policy.recipient), (("quiet_hours", "timezone"), quiet and quiet.timezone))
    for word, value in values:
        if isinstance(value, Reference):
            yield Use(("policy", *word), value, value.is_customer, None, in_match=False)
    for use in _uses_in_condition(policy.where, ("policy", "where"), None):
        yield use._replace(in_match=False)


def _uses_in_condition(
    condition: Condition | None, location: Location, step: int | None, own: str | None = None
) -> Iterator[Use]:
    for comparison in comparisons(condition):
        here = (*location, *comparison.location)
        if _asks_customer(comparison):
            yield Use(here, None, asks_customer=True, step=step)
        yield from _use_of(comparison.value, here, step, own)


def _use_of(value: Value, location: Location, step: int | None, own: str | None = None) -> Iterator[Use]:
    reference = value.reference if isinstance(value, Scaled) else value
    if isinstance(reference, Reference):
        yield Use(location, reference, reference.is_customer, step, own)


def _asks_customer(comparison: Comparison) -> bool:
    return comparison.path[0] in ("$customer", "score")
