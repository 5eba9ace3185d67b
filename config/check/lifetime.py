"""How long a match can be open, read off its steps: the sum of what bounds it, and what does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from config.durations import UNITS_US
from config.errors import Location
from config.language import (
    AbsentStep,
    AllStep,
    AnyStep,
    AtStep,
    EventMember,
    EventStep,
    IdleStep,
    Match,
    Member,
    Step,
    WaitStep,
)
from config.language.checks import takes_event
from config.language.uses import STEPS
from config.reading import steps, words

# A local time comes every day or every week, and once a year an hour later.
_DAY_US: Final = 25 * UNITS_US["h"]
_WEEK_US: Final = UNITS_US["w"] + UNITS_US["h"]


@dataclass(frozen=True, slots=True)
class Endless:
    """A part that waits for ever: where, for what, and what would bound it."""

    location: Location
    reason: str
    way_out: str


@dataclass(frozen=True, slots=True)
class Lifetime:
    """`span_us` bounds what is written as spans; `extras` are what events decide; `endless` what nothing bounds."""

    span_us: int
    extras: tuple[str, ...]
    endless: tuple[Endless, ...]

    @property
    def words(self) -> str:
        """`for at most 30 minutes`, `until 30 minutes of silence`, `for ever`."""
        if self.endless:
            return "for ever"
        own = [f"for at most {words.span(self.span_us)}"] if self.span_us else []
        return " and then ".join([*own, *self.extras]) or "for no time"


def first_event(match: Match) -> int:
    """The index of the first step that takes an event."""
    return next(index for index, step in enumerate(match.steps) if takes_event(step))


def window_us(match: Match) -> int | None:
    """How long events wait for a first step of several events; `None` is for ever."""
    first = match.steps[first_event(match)]
    own = first.times.within_us if isinstance(first, EventStep) and first.times is not None else None
    if isinstance(first, AllStep):
        own = first.within_us
    return smaller(own, match.within_us)


def waits_for_more(step: Step | Member) -> bool:
    """Whether a first step is complete only with several events, so that the first ones wait in a window."""
    if isinstance(step, AnyStep):
        return any(map(waits_for_more, step.members))
    return isinstance(step, AllStep) or (isinstance(step, EventStep) and step.times is not None)


def smaller(one: int | None, other: int | None) -> int | None:
    """The smaller of two bounds, either of which may be missing."""
    bounds = [bound for bound in (one, other) if bound is not None]
    return min(bounds, default=None)


def lifetime(match: Match) -> Lifetime:
    """Of an open match, from its first event (or the last of a first step of several) to its end."""
    first = first_event(match)
    endless = list(_endless_window(match, first))
    later = list(enumerate(match.steps))[first + 1 :]
    last_event = max((index for index, step in later if takes_event(step)), default=first)
    endless += _endless_steps(match, later)
    events_us = match.within_us
    if events_us is None:
        events_us = sum(_span_of_event_step(step) for index, step in later if index <= last_event)
    timed = [step for index, step in later if index > last_event]
    extras = [extra for _, step in later for extra in _extras(step)]
    return Lifetime(events_us + sum(map(_wait_us, timed)), tuple(extras), tuple(endless))


def _endless_window(match: Match, first: int) -> Iterator[Endless]:
    step = match.steps[first]
    if not waits_for_more(step) or window_us(match) is not None or _takes_one(step):
        return
    place = {EventStep: "in times: or ", AllStep: "on it or "}.get(type(step), "")
    way_out = f"within: T {place}on match"
    yield Endless((*STEPS, first), "keeps the events that came until there are enough, however old they are", way_out)


def _takes_one(step: Step) -> bool:
    """Whether one event completes it, and nothing has to be kept for later ones."""
    return isinstance(step, EventStep) and step.times is not None and step.times.min == 1 and step.having is None


def _endless_steps(match: Match, later: list[tuple[int, Step]]) -> Iterator[Endless]:
    if match.within_us is not None:
        return
    for index, step in later:
        if not takes_event(step) or not isinstance(step, EventStep | AllStep | AnyStep) or step.within_us is not None:
            continue
        if isinstance(step, EventStep) and step.optional:
            continue
        yield Endless((*STEPS, index), f"waits for ever for {_what(step)}", "within: T on it or on match")


def _what(step: EventStep | AllStep | AnyStep) -> str:
    return steps.how_many(step) if isinstance(step, EventStep) else "its members"


def _span_of_event_step(step: Step) -> int:
    if isinstance(step, EventStep):
        own = step.times.within_us if step.times is not None else None
        return (step.within_us or 0) + (own or 0 if step.within_us is None else 0)
    return (step.within_us or 0) if isinstance(step, AllStep | AnyStep) else 0


def _wait_us(step: Step | Member) -> int:
    """The longest that a timed step lasts by its own words."""
    match step:
        case AbsentStep(within_us=int(within_us)):
            return within_us
        case WaitStep():
            return step.for_us or 0
        case AtStep() if step.local_time is not None:
            return _DAY_US if step.local_time.weekday is None else _WEEK_US
        case AllStep() | AnyStep():
            return max(map(_wait_us, step.members))
        case _:
            return 0


def _extras(step: Step) -> Iterator[str]:
    match step:
        case WaitStep() if step.reference is not None:
            yield f"as long as {words.reference(step.reference)} says"
        case AtStep() if step.reference is not None:
            yield f"until {steps.moment(step)}"
        case IdleStep():
            yield f"until {steps.idle(step, ())}"


def timed_us(step: Step) -> int:
    """How long a step between two events lasts at least; 0 where that is not written."""
    match step:
        case AbsentStep(within_us=int(span_us)) | WaitStep(wait=int(span_us)):
            return span_us
        case IdleStep():
            return step.for_us
        case _:
            return 0


def event_members(step: Step | Member) -> int:
    """How many events a step that is no repetition can take."""
    match step:
        case EventMember() | EventStep():
            return 1
        case AllStep():
            return sum(map(event_members, step.members))
        case AnyStep():
            return max(map(event_members, step.members))
        case _:
            return 0
