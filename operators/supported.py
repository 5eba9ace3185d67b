"""Which parts of the language this version cannot run yet. They parse, and are refused here when they are loaded.

Nothing is ignored: a trigger that loads does what it says.
"""

from __future__ import annotations

from collections.abc import Iterator

from config.errors import UNSHOWN, Location, Refused
from config.language import (
    ANY_TYPE,
    AbsentStep,
    Condition,
    EventStep,
    IdleStep,
    Matcher,
    Trigger,
    WaitStep,
    comparisons,
)
from config.model import Finding
from config.references import Reference, Scaled

_POLICY = ("consent", "holdout", "cooldown", "quiet_hours", "caps", "max_age", "where", "arbitration")
_SELECTORS = ("last", "first", "count", "item")


def unsupported(trigger: Trigger) -> list[Finding]:
    """Everything in this trigger that cannot run yet, with its place."""
    return [
        Finding(location, UNSHOWN, Refused(f"{what} cannot run in this version yet", allowed=allowed))
        for location, what, allowed in _found(trigger)
    ]


def _found(trigger: Trigger) -> Iterator[tuple[Location, str, str]]:
    match = trigger.match
    for place, step in enumerate(match.steps):
        at: Location = ("match", "steps", place)
        if isinstance(step, EventStep):
            yield from _event_step(step, at, first=place == 0)
        elif place == 0:
            yield at, "a first step that is no event", "event as the first step"
        elif isinstance(step, WaitStep) and step.reference is not None:
            yield (*at, "wait"), "a wait as long as an event says", "a duration"
        elif not isinstance(step, AbsentStep | IdleStep | WaitStep):
            kind = next(iter(step.words()))
            yield (*at, kind), f"the step `{kind}`", "event, absent, idle, wait"
        yield from _condition(getattr(step, "where", None), (*at, "where"))
        if isinstance(step, EventStep | AbsentStep):
            yield from _key(step.matcher, at)
    for place, matcher in enumerate(match.exit):
        yield from _condition(matcher.where, ("match", "exit", place, "where"))
        yield from _key(matcher, ("match", "exit", place))
    if match.fires.kind != "always":
        yield ("match", "fires"), f"fires: {match.fires.kind}", "always"
    if match.on_expire is not None:
        yield ("match", "on_expire"), "on_expire", "no on_expire"
    after = match.effective_after_match.kind
    if after not in ("keep", "skip_past_last") or (match.on_repeat == "overlap" and after != "keep"):
        yield (
            ("match", "after_match"),
            f"after_match: {after} with on_repeat: {match.on_repeat}",
            "keep with overlap; keep or skip_past_last otherwise",
        )
    yield from _policy_and_actions(trigger)


def _event_step(step: EventStep, at: Location, *, first: bool) -> Iterator[tuple[Location, str, str]]:
    if step.contiguity != "relaxed":
        yield (*at, "contiguity"), f"contiguity: {step.contiguity}", "relaxed"
    for word in ("optional", "greedy", "until", "having"):
        if getattr(step, word):
            yield (*at, word), word, f"no {word}"
    times = step.times
    if times is None:
        return
    for comparison in comparisons(step.where):
        value = comparison.value.reference if isinstance(comparison.value, Scaled) else comparison.value
        if isinstance(value, Reference) and value.name == step.name:
            place = (*at, "where", *comparison.location)
            yield place, "a condition on what the repetition has so far", "a reference to an earlier step"
    if times.max != times.min:
        yield (*at, "times"), "a range of times", "one number, e.g. times: 3"
    if times.contiguity != "relaxed":
        yield (*at, "times", "contiguity"), f"contiguity: {times.contiguity}", "relaxed"
    if times.within_us is not None and not first:
        yield (*at, "times", "within"), "a span of times on a later step", "within on the step, or a first step"


def _key(matcher: Matcher, at: Location) -> Iterator[tuple[Location, str, str]]:
    if matcher.key is not None and matcher.types == ANY_TYPE:
        yield (*at, "key"), "a key of its own on any type", "types beside a key of their own"


def _condition(condition: Condition | None, at: Location) -> Iterator[tuple[Location, str, str]]:
    for comparison in comparisons(condition):
        place = (*at, *comparison.location)
        value = comparison.value.reference if isinstance(comparison.value, Scaled) else comparison.value
        if not (isinstance(value, Reference) and value.is_customer):
            yield from _value(comparison.value, place)


def _value(value: object, at: Location) -> Iterator[tuple[Location, str, str]]:
    if isinstance(value, Scaled):
        value = value.reference
    if isinstance(value, Reference):
        if value.is_customer:
            yield at, "$customer", "a captured event"
        elif value.selector not in _SELECTORS:
            yield at, f"${value.name}.{value.selector}", "$NAME.PATH, $NAME.first.PATH, $NAME.count, $NAME.item"
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _value(each, (*at, name))
    elif isinstance(value, tuple):
        for place, each in enumerate(value):
            yield from _value(each, (*at, place))


def _policy_and_actions(trigger: Trigger) -> Iterator[tuple[Location, str, str]]:
    written = {type(trigger.policy).model_fields[name].alias or name for name in trigger.policy.model_fields_set}
    for word in _POLICY:
        if word in written:
            yield ("policy", word), f"policy.{word}", "recipient, priority"
    if isinstance(trigger.policy.recipient, Reference):
        yield from _value(trigger.policy.recipient, ("policy", "recipient"))
    for place, action in enumerate(trigger.actions):
        at: Location = ("actions", place)
        if action.after_us is not None:
            yield (*at, "after"), "an action that waits", "no after"
        if action.unless:
            yield (*at, "unless"), "unless", "no unless"
        yield from _value(action.data, (*at, "data"))
