"""Which keys an event comes to, and by which element of a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from config.language import AbsentStep, AllStep, AnyStep, EventMember, EventStep, Match, Matcher, Member, Step
from tests.property.oracle.log import Event


def text(value: Any) -> str | None:
    """A value as a key: text, or a whole number by its digits."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def read(value: Any, path: Sequence[str]) -> Any:
    """The value at a path; through a list, what its elements have there."""
    for place, part in enumerate(path):
        if isinstance(value, list):
            found = [read(each, path[place:]) for each in value]
            return [each for each in found if each is not None] or None
        value = value.get(part) if isinstance(value, dict) else None
    return value


def keys(match: Match, matcher: Matcher | None, event: Event) -> dict[Any, Any]:
    """Every key by which this matcher (None: the match itself) finds the event, with the list element it came by."""
    paths = (matcher.key_of(event["type"]) if matcher else None) or match.key
    found: dict[Any, Any] = {}
    for leaves in product(*(_distinct(event, path) for path in paths)):
        texts = tuple(each for each, _ in leaves)
        items = [item for _, item in leaves if item is not None]
        found[texts[0] if len(paths) == 1 else texts] = items[-1] if items else None
    return found


def matchers(match: Match) -> list[Matcher]:
    """Every matcher of the match, whatever it stands for."""
    found = list(match.exit)
    for step in match.steps:
        found += [leaf.matcher for leaf in leaves(step)]
        if isinstance(step, EventStep) and step.until is not None:
            found.append(step.until)
    return found


def leaves(step: Step | Member) -> list[EventStep | EventMember | AbsentStep]:
    """The step itself, or all events and absences below it, as written."""
    if isinstance(step, AllStep | AnyStep):
        return [leaf for member in step.members for leaf in leaves(member)]
    return [step] if isinstance(step, EventStep | EventMember | AbsentStep) else []


def _distinct(event: Event, path: Sequence[str]) -> list[tuple[str, Any]]:
    first: dict[str, Any] = {}
    for leaf, item in _leaves(event, path, None):
        if (found := text(leaf)) is not None:
            first.setdefault(found, item)
    return list(first.items())


def _leaves(value: Any, path: Sequence[str], item: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each, path, each)
    elif not path:
        yield value, item
    elif isinstance(value, dict):
        yield from _leaves(value.get(path[0]), path[1:], item)
