"""What cannot work in a trigger as a whole, although each part is well formed."""

from collections.abc import Iterator

from config.errors import UNSHOWN, Refused
from config.language.matcher import Matcher
from config.language.policy_checks import check_policy
from config.language.scope import check_scope
from config.language.steps import (
    AbsentStep,
    AllStep,
    AnyStep,
    EventMember,
    EventStep,
    IdleStep,
    Member,
    Step,
)
from config.language.trigger import Match, Trigger
from config.language.uses import STEPS, matchers, members
from config.model import Finding


def check_trigger(trigger: Trigger) -> list[Finding]:
    """Every reason why this trigger cannot work, in no particular order; empty when it can."""
    return [
        *_check_beginning(trigger.match),
        *_check_first_event(trigger.match),
        *_check_absences(trigger.match),
        *_check_groups(trigger.match),
        *_check_endless_greed(trigger.match),
        *_check_span_of_the_whole(trigger.match),
        *_check_expiry(trigger.match),
        *_check_keys(trigger),
        *check_policy(trigger),
        *check_scope(trigger),
    ]


def takes_event(step: Step | Member) -> bool:
    """Whether a step can take an event: what begins a match, and what spans count from."""
    if isinstance(step, AllStep | AnyStep):
        return any(takes_event(member) for member in step.members)
    return isinstance(step, EventStep | EventMember)


def _first_event(match: Match) -> int:
    """The index of the first step that takes an event; the number of steps if none does."""
    return next((index for index, step in enumerate(match.steps) if takes_event(step)), len(match.steps))


def _is_optional(step: Step) -> bool:
    return isinstance(step, EventStep) and step.optional


def _check_beginning(match: Match) -> Iterator[Finding]:
    takers = [step for step in match.steps if takes_event(step)]
    if not takers or all(_is_optional(step) for step in takers):
        what = "could match without any event" if takers else "has no event that could begin a match"
        yield Finding(STEPS, UNSHOWN, Refused(what, allowed="at least one event step that is not optional"))
        return
    for index, step in enumerate(match.steps[: _first_event(match)]):
        if isinstance(step, AbsentStep):
            continue
        hint = 'absent: "*" with within: T says that nothing came before' if isinstance(step, IdleStep) else None
        refused = Refused("has no event before it to count from", allowed="an event or a timed absent first", hint=hint)
        yield Finding((*STEPS, index), UNSHOWN, refused)


def _check_first_event(match: Match) -> Iterator[Finding]:
    index = _first_event(match)
    if index == len(match.steps):
        return
    step = match.steps[index]
    if not isinstance(step, EventStep | AllStep | AnyStep):
        return
    if step.within_us is not None and not isinstance(step, AllStep):
        refused = Refused(
            "has no event step before it to count from", allowed="on a later step, beside times:, or on match"
        )
        yield Finding((*STEPS, index, "within"), UNSHOWN, refused)
    if step.contiguity != "relaxed":
        refused = Refused("has no event step before it to follow", allowed="on a later step, or in times:")
        yield Finding((*STEPS, index, "contiguity"), step.contiguity, refused)


def _check_absences(match: Match) -> Iterator[Finding]:
    first = _first_event(match)
    for index, step in enumerate(match.steps):
        if not isinstance(step, AbsentStep) or step.within_us is not None:
            continue
        if index < first:
            refused = Refused("has no event before it, and no time", allowed="within: T, or an event step before it")
        elif not any(takes_event(later) for later in match.steps[index + 1 :]):
            refused = Refused("has no event after it, and no time", allowed="within: T, or an event step after it")
        else:
            continue
        yield Finding((*STEPS, index, "absent"), _types(step), refused)


def _check_groups(match: Match) -> Iterator[Finding]:
    for index, step in enumerate(match.steps):
        for location, member in members(step, (*STEPS, index)):
            if isinstance(member, AbsentStep) and member.within_us is None:
                refused = Refused("is never done without a time", allowed="within: T")
                yield Finding((*location, "absent"), _types(member), refused)
            if not isinstance(member, AllStep | AnyStep):
                continue
            if member.within_us is not None:
                refused = Refused("is inside another group", allowed="on the outermost all or any")
                yield Finding((*location, "within"), UNSHOWN, refused)
            if member.contiguity != "relaxed":
                refused = Refused("is inside another group", allowed="on the outermost all or any")
                yield Finding((*location, "contiguity"), member.contiguity, refused)


def _check_endless_greed(match: Match) -> Iterator[Finding]:
    last = match.steps[-1]
    if not isinstance(last, EventStep) or not last.greedy or last.times is None:
        return
    spans = (last.within_us, last.times.within_us, match.within_us)
    if last.until is None and last.times.contiguity != "strict" and all(span is None for span in spans):
        refused = Refused(
            "would wait for ever for one more event",
            allowed="until:, within:, or contiguity: strict in times:",
        )
        yield Finding((*STEPS, len(match.steps) - 1, "greedy"), True, refused)


def _check_span_of_the_whole(match: Match) -> Iterator[Finding]:
    if match.within_us is not None and not _can_take_two(match):
        refused = Refused(
            "spans the first to the last event, and there is only one",
            allowed="two events or more",
            hint="did you mean it on a step?",
        )
        yield Finding(("match", "within"), UNSHOWN, refused)


def _check_expiry(match: Match) -> Iterator[Finding]:
    if match.on_expire is None:
        return
    later = match.steps[_first_event(match) + 1 :]
    times_out = match.within_us is not None or any(
        isinstance(step, EventStep | AllStep | AnyStep)
        and (step.within_us is not None or (isinstance(step, EventStep) and step.times and step.times.within_us))
        for step in later
    )
    if not times_out:
        refused = Refused("has nothing that could time out", allowed="beside within: on match or on a later event step")
        yield Finding(("match", "on_expire"), UNSHOWN, refused)


def _check_keys(trigger: Trigger) -> Iterator[Finding]:
    wanted = len(trigger.match.key)
    for location, matcher in matchers(trigger):
        for below, count in _key_lengths(matcher):
            if count != wanted:
                refused = Refused(f"has {count} paths where the match's key has {wanted}", allowed=f"{wanted} paths")
                yield Finding((*location, *below), UNSHOWN, refused)


def _key_lengths(matcher: Matcher) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(matcher.key, dict):
        for each, paths in matcher.key.items():
            yield ("key", each), len(paths)
    elif matcher.key is not None:
        yield ("key",), len(matcher.key)


def _can_take_two(match: Match) -> bool:
    takers = [step for step in match.steps if takes_event(step)]
    if len(takers) != 1:
        return True
    only = takers[0]
    return only.repeats if isinstance(only, EventStep) else _takes_two(only)


def _takes_two(step: Step | Member) -> bool:
    if isinstance(step, AllStep):
        return sum(takes_event(member) for member in step.members) > 1 or any(map(_takes_two, step.members))
    return isinstance(step, AnyStep) and any(map(_takes_two, step.members))


def _types(step: AbsentStep) -> str | tuple[str, ...]:
    return step.types[0] if len(step.types) == 1 else step.types
