"""The steps, one function a kind: each gives a phrase that stands after "then"."""

from collections.abc import Callable, Collection
from typing import Any, Final

from config.language import (
    AbsentStep,
    AllStep,
    AnyStep,
    AtStep,
    EventMember,
    EventStep,
    Having,
    IdleStep,
    Member,
    Step,
    Times,
    WaitStep,
)
from config.reading import conditions, words

Names = Collection[str]
"""Names (`as`) that something in the reading refers to; the others are not said."""


def step(of: Step | Member, names: Names) -> str:
    """The phrase of any step that comes after an event, or of a member of a group."""
    return _KINDS[type(of)](of, names)


def event(of: EventStep, names: Names) -> str:
    """`3 product_view events (in less than 24 hours)`."""
    return f"{how_many(of)}{event_details(of, names)}"


def how_many(of: EventStep, who: str = "") -> str:
    """`a cart_add`, `at least 3 product_view events`; `who` is whose they are."""
    sort = words.types(of.types)
    many = sort if sort == "event" else f"{sort} event"
    perhaps = "optionally " if of.optional else ""
    if of.times is None or of.times.max == 1:
        return f"{perhaps}{words.an_event(of.types)}{who}"
    return f"{perhaps}{_number(of.times)} {many}s{who}"


def _number(times: Times) -> str:
    if times.max is None:
        return "1 or more" if times.min == 1 else f"at least {times.min}"
    return str(times.min) if times.min == times.max else f"{times.min} to {times.max}"


def event_details(of: EventStep, names: Names) -> str:
    """All that is said of an event step behind its type."""
    parts = [conditions.own_key(of.matcher), _called(of.name, names), conditions.where(of.where)]
    if of.times is not None:
        parts.append(_times_details(of.times))
    if of.having is not None:
        parts.append(f" {having(of.having)}")
    if of.greedy:
        parts.append(", as many as come")
    if of.until is not None:
        parts.append(f", until {conditions.matched(of.until)}")
    if of.within_us is not None:
        parts.append(f", less than {words.span(of.within_us)} after the event before")
    parts.append(_follows(of.contiguity))
    return "".join(parts)


def _called(name: str | None, names: Names) -> str:
    return f" (called {name})" if name in names else ""


def _times_details(times: Times) -> str:
    details = []
    if times.within_us is not None:
        details.append(f"in less than {words.span(times.within_us)}")
    if times.contiguity == "strict":
        details.append("no other event between them")
    elif times.contiguity == "each":
        details.append("every combination of them")
    return f" ({', '.join(details)})" if details else ""


def having(of: Having) -> str:
    """`with a sum of total that is at least 500`."""
    bounds = (f"{conditions.operator(bound.operator)} {words.value(bound.value)}" for bound in of.bounds)
    name = {"distinct": "number of different values", "avg": "average"}.get(of.aggregate, of.aggregate)
    return f"with {words.a(name)} of {words.path(of.path)} that {' and '.join(bounds)}"


def _follows(contiguity: str) -> str:
    if contiguity == "strict":
        return ", as the very next event"
    return ", every such event anew" if contiguity == "each" else ""


def member_event(of: EventMember, names: Names) -> str:
    """An event inside a group."""
    matcher = of.matcher
    return (
        f"{words.an_event(of.types)}{conditions.own_key(matcher)}{_called(of.name, names)}{conditions.where(of.where)}"
    )


def absent(of: AbsentStep, names: Names) -> str:
    """`no purchase for 30 minutes`; without a time it is said of the event step after it."""
    no = conditions.not_matched(of.matcher)
    return f"{no} in between" if of.within_us is None else f"{no} for {words.span(of.within_us)}"


def absent_before(of: AbsentStep) -> str:
    """A leading absence, said of the event step after it."""
    assert of.within_us is not None
    return f"{conditions.not_matched(of.matcher)} in the {words.span(of.within_us)} before it"


def idle(of: IdleStep, names: Names) -> str:
    """`30 minutes of silence`."""
    if of.of is None:
        return f"{words.span(of.for_us)} of silence"
    return f"{words.span(of.for_us)} without {words.an_event(of.of)}"


def wait(of: WaitStep, names: Names) -> str:
    """`a wait of 2 hours`."""
    if of.reference is not None:
        return f"a wait as long as {words.reference(of.reference)} says"
    return f"a wait of {words.span(of.for_us or 0)}"


def at(of: AtStep, names: Names) -> str:
    """`a wait until the next 09:00 of the customer's clock`."""
    return f"a wait until {moment(of)}"


def moment(of: AtStep) -> str:
    """When an `at` is done."""
    if of.local_time is not None:
        return f"the next {words.local_time(of.local_time)} of the customer's clock"
    assert of.reference is not None
    time = words.reference(of.reference)
    if not of.offset_us:
        return time
    return f"{words.span(abs(of.offset_us))} {'before' if of.offset_us < 0 else 'after'} {time}"


def all_of(of: AllStep, names: Names) -> str:
    """Every member, in any order."""
    return f"all of these in any order: {_members(of, names)}"


def any_of(of: AnyStep, names: Names) -> str:
    """One of the members."""
    return f"the first of these: {_members(of, names)}"


def _members(of: AllStep | AnyStep, names: Names) -> str:
    each = (step(member, names) for member in of.members)
    text = words.joined((f"({member})" for member in each), "and" if isinstance(of, AllStep) else "or")
    span = "" if of.within_us is None else f", in less than {words.span(of.within_us)}"
    return f"{text}{span}{_follows(of.contiguity)}"


_KINDS: Final[dict[type, Callable[[Any, Names], str]]] = {
    EventStep: event,
    EventMember: member_event,
    AbsentStep: absent,
    IdleStep: idle,
    WaitStep: wait,
    AtStep: at,
    AllStep: all_of,
    AnyStep: any_of,
}
