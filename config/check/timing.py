"""Suspicions about time: spans that are too short, that cannot be met, that start again, or that have no clock."""

from collections.abc import Iterator
from typing import Final

from config.check.lifetime import first_event, timed_us
from config.check.suspicion import Surroundings, Suspicion
from config.durations import UNITS_US, format_us
from config.errors import Location
from config.language import AbsentStep, AtStep, EventStep, IdleStep, Match, Step, Trigger, WaitStep
from config.language.checks import takes_event
from config.language.uses import STEPS, members
from config.reading import words
from config.references import Reference

# Nobody concludes from less than a minute of nothing that a customer has gone.
_SHORTEST_US: Final = UNITS_US["m"]


def short_wait(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """Seconds, where absences and waits are usually minutes or hours."""
    match = trigger.match
    for index, step in enumerate(match.steps[first_event(match) :], first_event(match)):
        here = (*STEPS, index)
        for location, each in ((here, step), *members(step, here)):
            word, span_us = _nothing_happens(each)
            if span_us is not None and span_us < _SHORTEST_US:
                written = format_us(span_us)
                meant = f"{written.rstrip('ms')}m"
                yield Suspicion(
                    (*location, *word),
                    f"{written} is short for a time in which nothing happens, and every customer who is slow fires it",
                    f"did you mean {meant}?",
                )


def _nothing_happens(step: object) -> tuple[Location, int | None]:
    match step:
        case AbsentStep():
            return ("within",), step.within_us
        case IdleStep():
            return ("idle",), step.for_us
        case WaitStep():
            return ("wait",), step.for_us
        case _:
            return (), None


def within_shorter_than_wait(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """An event that would have to come before the wait in front of it is over."""
    match = trigger.match
    waited_us = all_waited_us = 0
    for index, step in enumerate(match.steps):
        if index <= first_event(match):
            continue
        waited_us += timed_us(step)
        if not takes_event(step):
            continue
        all_waited_us += waited_us
        within_us = getattr(step, "within_us", None)
        if waited_us and within_us is not None and within_us <= waited_us:
            yield _too_late((*STEPS, index, "within"), within_us, waited_us)
        waited_us = 0
    if all_waited_us and match.within_us is not None and match.within_us <= all_waited_us:
        yield _too_late(("match", "within"), match.within_us, all_waited_us)


def _too_late(location: Location, within_us: int, waited_us: int) -> Suspicion:
    return Suspicion(
        location,
        f"{format_us(within_us)} are over before the {format_us(waited_us)} that are waited first: nothing can match",
        f"more than {format_us(waited_us)}",
    )


def optional_before_time(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """An optional event before a timed step, which then counts from that event or from the one before."""
    for index, (step, after) in enumerate(zip(trigger.match.steps, trigger.match.steps[1:], strict=False)):
        if isinstance(step, EventStep) and step.optional and _is_timed(after):
            yield Suspicion(
                (*STEPS, index, "optional"),
                f"the time after it runs from the event before, and starts again if {words.an_event(step.types)} comes",
                "without optional, or the timed step first",
            )


def _is_timed(step: Step) -> bool:
    return isinstance(step, IdleStep | WaitStep | AtStep) or (
        isinstance(step, AbsentStep) and step.within_us is not None
    )


def no_timezone(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """A local time for customers whose timezone may be unknown, with no default."""
    if around.default_timezone is not None:
        return
    way_out = "default_timezone in the policy for everybody"
    for location in _local_times(trigger.match):
        yield Suspicion(location, "is local time, and a customer may have no timezone", way_out)
    quiet = trigger.policy.quiet_hours
    if quiet is None:
        return
    if quiet.timezone is None:
        message = "has no timezone, and there is no default one"
        yield Suspicion(("policy", "quiet_hours"), message, f"timezone: Europe/Oslo, or {way_out}")
    elif isinstance(quiet.timezone, Reference):
        message = f"{quiet.timezone} may be unknown, and there is no default one"
        yield Suspicion(("policy", "quiet_hours", "timezone"), message, way_out)


def _local_times(match: Match) -> Iterator[Location]:
    for index, step in enumerate(match.steps):
        if isinstance(step, AtStep) and step.local_time is not None:
            yield (*STEPS, index, "at")
