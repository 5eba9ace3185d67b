"""What a trigger reads beside its events: the customer's profile and model scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from config.common_policy import CommonPolicy
from config.errors import Location
from config.language import ANY_TYPE, AtStep, Comparison, Matcher, Policy, Trigger, comparisons
from config.language.uses import matchers, uses
from config.references import EventPath, Reference, Scaled

CONSENT: Final[EventPath] = ("consent",)
TIMEZONE: Final[EventPath] = ("timezone",)


@dataclass(frozen=True, slots=True)
class Needs:
    """``None`` as a type: events of every type."""

    profile: frozenset[EventPath] = frozenset()
    """Paths below ``$customer``, wherever in the trigger."""
    profile_types: frozenset[str | None] = frozenset()
    """Types of events that a condition reads the profile for."""
    scores: frozenset[tuple[str | None, str]] = frozenset()
    """(type of event, name of a score that a condition asks of it)."""

    def asks_profile(self, event_type: str) -> bool:
        """Whether a condition on events of this type reads the profile."""
        return event_type in self.profile_types or None in self.profile_types

    def scores_of(self, event_type: str) -> set[str]:
        """The scores that conditions ask of events of this type."""
        return {name for each, name in self.scores if each is None or each == event_type}


def needs_of(trigger: Trigger, common: CommonPolicy) -> Needs:
    """Everything this trigger reads beside its events, under the policy for everybody."""
    paths = set(_paths(trigger, common))
    types: set[str | None] = set()
    scores: set[tuple[str | None, str]] = set()
    for _, matcher in matchers(trigger):
        for comparison in comparisons(matcher.where):
            if customer_paths(comparison):
                types |= _types(matcher)
            if comparison.path[0] == "score":
                scores |= {(each, comparison.path[1]) for each in _types(matcher)}
    return Needs(frozenset(paths), frozenset(types), frozenset(scores))


def asked_scores(trigger: Trigger) -> Iterator[tuple[Location, str]]:
    """Every place in a trigger's matchers that asks a score, with its name."""
    for location, matcher in matchers(trigger):
        for comparison in comparisons(matcher.where):
            if comparison.path[0] == "score":
                yield (*location, "where", *comparison.location), comparison.path[1]


def customer_paths(comparison: Comparison) -> list[EventPath]:
    """What one comparison reads of the profile, on its left and on its right."""
    found = [comparison.path[1:]] if comparison.path[0] == "$customer" else []
    value = comparison.value.reference if isinstance(comparison.value, Scaled) else comparison.value
    if isinstance(value, Reference) and value.is_customer:
        found.append(value.path)
    return found


def _paths(trigger: Trigger, common: CommonPolicy) -> Iterable[EventPath]:
    for use in uses(trigger):
        if use.reference is not None and use.reference.is_customer:
            yield use.reference.path
    for condition in (trigger.policy.where, *(matcher.where for _, matcher in matchers(trigger))):
        for comparison in comparisons(condition):
            yield from customer_paths(comparison)
    if _decides(trigger.policy) or common.caps or any(isinstance(step, AtStep) for step in trigger.match.steps):
        yield from (CONSENT, TIMEZONE)


def _decides(policy: Policy) -> bool:
    """Whether anything but the recipient and the priority is asked of a policy."""
    return bool(policy.model_fields_set - {"recipient", "priority"})


def _types(matcher: Matcher) -> set[str | None]:
    return {None} if matcher.types == ANY_TYPE else set(matcher.types)
