"""Suspicions about parts that can never have a say."""

from collections.abc import Iterator

from config.check.suspicion import Surroundings, Suspicion
from config.check.values import Contradiction, contradictions
from config.errors import Location
from config.language import ANY_TYPE, AbsentStep, EventStep, Matcher, Trigger
from config.language.checks import takes_event
from config.language.uses import STEPS, matchers
from config.reading import words


def absence_of_the_next_event(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """A step whose event is the one that must not come before it: it ends the match instead."""
    steps = list(enumerate(trigger.match.steps))
    for index, absent in steps:
        if not isinstance(absent, AbsentStep) or absent.within_us is not None:
            continue
        place, event = next(later for later in steps[index + 1 :] if takes_event(later[1]))
        if isinstance(event, EventStep) and _takes_all_of(absent.matcher, event.matcher):
            yield Suspicion(
                (*STEPS, place),
                f"can never be reached: {words.an_event(event.types)} is what must be absent before it",
                "another type or a narrower where in the absent step",
            )


def exit_takes_the_beginning(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """An exit that every new beginning fits: it ends what is open, whatever `on_repeat` says."""
    first = next((step for step in trigger.match.steps if takes_event(step)), None)
    if not isinstance(first, EventStep) or trigger.match.is_single_event:
        return
    for index, matcher in enumerate(trigger.match.exit):
        if _takes_all_of(matcher, first.matcher):
            on_repeat = trigger.match.on_repeat
            yield Suspicion(
                ("match", "exit", index),
                f"is fitted by what begins a match: each new one ends those that are open, and on_repeat: {on_repeat} "
                "has no say",
                "on_repeat: restart without this exit, or a narrower where",
            )


def _takes_all_of(broad: Matcher, narrow: Matcher) -> bool:
    """Whether every event that fits `narrow` surely fits `broad`, as far as their texts show."""
    if broad.key != narrow.key or not (broad.types == ANY_TYPE or set(narrow.types) <= set(broad.types)):
        return False
    return broad.where is None or broad.where == narrow.where


def contradiction(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """Conditions of one `where` that no event can meet together."""
    for location, matcher in matchers(trigger):
        for found in contradictions(matcher.where):
            yield _nothing_fits((*location, "where"), found)
    for found in contradictions(trigger.policy.where):
        yield _nothing_fits(("policy", "where"), found)


def _nothing_fits(where: Location, found: Contradiction) -> Suspicion:
    return Suspicion(
        (*where, *found.location),
        f"contradicts {found.other}: no value fits both",
        "any_of, for one or the other",
    )
