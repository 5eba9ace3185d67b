"""When a trigger fires, and what becomes of a match that is open."""

from collections.abc import Iterator
from typing import Final

from config.language import (
    AbsentStep,
    AfterMatch,
    AllStep,
    AnyStep,
    AtStep,
    EventMember,
    EventStep,
    Fires,
    IdleStep,
    Match,
    Member,
    Step,
    WaitStep,
)
from config.language.checks import takes_event
from config.reading import conditions, steps, words
from config.reading.steps import Names
from config.references import Reference

_WHICH: Final = {"restart": "the last", "ignore": "the first", "overlap": "each"}


def headline(match: Match, names: Names) -> str:
    """`fires 30 minutes after the last cart_add of a customer if no purchase came in between`."""
    who = words.who(match.key)
    if match.is_single_event:
        (only,) = match.steps
        assert isinstance(only, EventStep)
        return f"fires as soon as {steps.how_many(only, f' of {who}')}{steps.event_details(only, names)} arrives"
    match match.steps:
        case (EventStep(optional=False) as only,):
            are = "is" if only.times is not None and only.times.max == 1 else "are"
            return (
                f"fires as soon as there {are} {steps.how_many(only, f' of {who}')}{steps.event_details(only, names)}"
            )
        case (EventStep(optional=False) as first, AbsentStep() | WaitStep() | AtStep() | IdleStep() as last):
            event = f"{_which(first, match, who)}{steps.event_details(first, names)}"
            return f"fires {_after(last, event)}"
        case _:
            return f"fires for {who} once this has happened: {story(match.steps, names)}"


def _which(first: EventStep, match: Match, who: str) -> str:
    if first.times is not None:
        return steps.how_many(first, f" of {who}")
    return f"{_WHICH[match.on_repeat]} {words.types(first.types)} of {who}"


def _after(last: Step, event: str) -> str:
    match last:
        case AbsentStep(within_us=int(within_us)):
            return f"{words.span(within_us)} after {event} if {conditions.not_matched(last.matcher)} came in between"
        case WaitStep(reference=Reference() as reference):
            return f"as long after {event} as {words.reference(reference)} says"
        case WaitStep(for_us=int(for_us)):
            return f"{words.span(for_us)} after {event}"
        case AtStep():
            return f"{'' if last.offset_us else 'at '}{steps.moment(last)}, after {event}"
        case _:
            return f"after {steps.step(last, ())} since {event}"


def story(of: tuple[Step, ...], names: Names) -> str:
    """The steps in their order. An absence that has no time of its own is said of the event after it."""
    told: list[str] = []
    begun = False
    between: list[str] = []
    for step in of:
        if isinstance(step, AbsentStep) and (not begun or step.within_us is None):
            between.append(steps.absent(step, names) if begun else steps.absent_before(step))
            continue
        phrase = steps.step(step, names)
        if takes_event(step):
            if between:
                phrase += f", with {words.joined(between, 'and')}"
                between = []
            begun = True
        told.append(phrase)
    return "; then ".join(told)


def more(match: Match, names: Names) -> Iterator[str]:
    """What else there is to say of the match, a sentence each."""
    if is_open_for_a_while(match):
        yield repeated(match)
    elif _gathers(match.steps[-1]):
        counts = "also" if match.effective_after_match.kind == "keep" else "no longer"
        yield f"an event that has fired {counts} counts for the next"
    for step in match.steps:
        if isinstance(step, IdleStep):
            yield f"{'any event' if step.of is None else words.an_event(step.of)} starts the silence again"
    if match.per is not None:
        yield f"keeps the matches of each {words.path(match.per)} apart"
    if match.within_us is not None:
        yield f"all of it in less than {words.span(match.within_us)}, from its first event to its last"
    if match.exit:
        yield f"is called off by {conditions.any_matched(match.exit)}"
    if match.after_match is not None:
        yield after_match(match.after_match)
    yield from fires(match.fires, words.who(match.key))


def is_open_for_a_while(match: Match) -> bool:
    """Whether anything is left to come once a match has begun."""
    first = next(index for index, step in enumerate(match.steps) if takes_event(step))
    only = match.steps[first]
    return first + 1 < len(match.steps) or (isinstance(only, EventStep) and only.greedy)


def repeated(match: Match) -> str:
    """What a new beginning does while a match is open."""
    first = next(step for step in match.steps if takes_event(step))
    event = words.types(first.types) if isinstance(first, EventStep) else "beginning"
    last = match.steps[-1]
    if len(match.steps) == 2 and isinstance(last, IdleStep) and match.on_repeat == "restart":
        return f"a new {event} takes the place of the one before"
    again = "the wait" if len(match.steps) == 2 and not takes_event(last) else "it"
    match match.on_repeat:
        case "restart" if isinstance(first, EventStep) and first.repeats:
            return f"a further {event} takes the place of the oldest and starts {again} again"
        case "restart" if _may_continue(match, first):
            return f"a new {event} that does not take it further starts {again} again"
        case "restart":
            return f"a new {event} starts {again} again"
        case "ignore":
            return f"a new {event} changes nothing while one is open"
        case _:
            return f"every new {event} begins a match of its own beside those that are open"


def _gathers(first: Step) -> bool:
    """Whether the only event step needs several events."""
    return isinstance(first, AllStep) or (isinstance(first, EventStep) and first.times is not None)


def _may_continue(match: Match, first: Step) -> bool:
    """Whether what begins a match can also be what an open one waits for."""
    later = match.steps[match.steps.index(first) + 1 :]
    begins, continues = _types(first), set().union(*map(_types, later))
    return bool(begins & continues) or "*" in begins | continues


def _types(step: Step | Member) -> set[str]:
    """The types of events that a step or its members can take."""
    match step:
        case EventStep() | EventMember():
            return set(step.types)
        case AllStep() | AnyStep():
            return set().union(*map(_types, step.members))
        case _:
            return set()


def after_match(of: AfterMatch) -> str:
    """What a completed match does to the other open ones."""
    match of.kind:
        case "keep":
            return "a completed match leaves the other open ones alone"
        case "skip_past_last":
            return "a completed match ends the open ones that began by its last event"
        case "skip_to_next":
            return "a completed match ends the open ones that began with its first event"
        case "skip_to_first" | "skip_to_last":
            which = "first" if of.kind == "skip_to_first" else "last"
            return f"a completed match ends the open ones that began before its {which} {of.name}"


def fires(of: Fires, who: str) -> Iterator[str]:
    """How often, where that is not always."""
    if of.kind == "once":
        yield f"fires once for {who}, and never again"
    elif of.period_us is not None:
        yield f"fires at most once in {words.span(of.period_us)} for {who}"
