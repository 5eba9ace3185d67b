"""Suspicions about names and values that no event will have: types, properties, and what they can be compared with."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from config.check.suspicion import Surroundings, Suspicion
from config.errors import Location, nearest, shown
from config.events import PropertySchema
from config.language import ANY_TYPE, Comparison, EventMember, EventStep, Trigger, comparisons
from config.language.uses import STEPS, matchers, members, uses
from config.numbers import number_of
from config.references import EventPath, Reference, Scaled

_OWN_TYPES: Final = ("action_sent",)
"""What this engine sends, which needs no schema."""
_TEXTS: Final = ("type", "customer_id", "session_id")
_ORDERED: Final = ("gt", "gte", "lt", "lte")
_OF_TEXT: Final = ("starts_with", "ends_with", "matches")
_NO_LITERAL: Final = ("exists",)
_PYTHON: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int, float),
    "boolean": (bool,),
}


def named_types(trigger: Trigger) -> set[str]:
    """The event types that a trigger names."""
    return {each for _, matcher in matchers(trigger) for each in matcher.types if matcher.types != ANY_TYPE}


def undeclared_type(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """A type without a schema, where most types have one."""
    if not around.types_are_declared:
        return
    for location, matcher in matchers(trigger):
        for each in matcher.types:
            if each not in around.schemas and each not in _OWN_TYPES and matcher.types != ANY_TYPE:
                way_out = nearest(each, around.schemas) or f"a schema for {each}, or one of {', '.join(around.schemas)}"
                message = f"{each} has no schema, and most types that triggers name have one"
                yield Suspicion(location, message, way_out)


class _Asked(NamedTuple):
    """A path that is read from events of a type."""

    location: Location
    type: str
    path: EventPath
    comparison: Comparison | None = None


def unknown_property(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """A property that the schema of its event's type does not have."""
    for asked in _asked(trigger):
        schema = around.schemas.get(asked.type)
        if schema is None or asked.path[0] != "properties" or asked.path[1] in schema.properties:
            continue
        way_out = nearest(asked.path[1], schema.properties) or f"declared are {', '.join(schema.properties) or 'none'}"
        message = f"{asked.path[1]} is no property in the schema of {asked.type}"
        yield Suspicion(asked.location, message, way_out)


def property_of_another_type(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """A comparison that a property of the declared type can never meet."""
    for asked in _asked(trigger):
        schema = around.schemas.get(asked.type)
        if schema is None or asked.path[0] != "properties" or asked.path[1] not in schema.properties:
            continue
        declared = schema.properties[asked.path[1]]
        why = _why_never(asked, declared)
        if why is not None:
            message = f"{asked.path[1]} of {asked.type} is declared as {declared.type}, {why}"
            yield Suspicion(asked.location, message, f"it can be {declared.allowed}")


def _why_never(asked: _Asked, declared: PropertySchema) -> str | None:
    if len(asked.path) > 2:
        return "which has nothing inside" if declared.type not in ("object", "array") else None
    compared = asked.comparison
    if compared is None or compared.operator in _NO_LITERAL or declared.type not in _PYTHON:
        return None
    if declared.type != "string" and compared.operator in (*_OF_TEXT, "contains"):
        return f"which {compared.operator} is never true of"
    if declared.type == "boolean" and compared.operator in _ORDERED:
        return "which has no order"
    for literal in _literals(compared):
        if not _is_of(literal, _PYTHON[declared.type]):
            return f"which {shown(literal)} is not"
        if compared.operator in ("eq", "in") and declared.enum is not None and literal not in declared.enum:
            return f"and never {shown(literal)}"
    return None


def never_compares(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """A literal of a type that the left side never has."""
    for location, matcher in matchers(trigger):
        for comparison in comparisons(matcher.where):
            yield from _misfit(comparison, (*location, "where", *comparison.location))
    for comparison in comparisons(trigger.policy.where):
        yield from _misfit(comparison, ("policy", "where", *comparison.location))


def _misfit(comparison: Comparison, location: Location) -> Iterator[Suspicion]:
    path = comparison.path
    if comparison.operator in _NO_LITERAL:
        return
    for literal in _literals(comparison):
        if path[0] in _TEXTS and not isinstance(literal, str):
            message = f"{shown(literal)} is no text, and {path[0]} always is"
            yield Suspicion(location, message, f'"{literal}"')
        elif path[0] == "score" and not _is_of(literal, _PYTHON["number"]):
            yield Suspicion(location, f"{shown(literal)} is no number, and a score always is", "a number")
        elif comparison.operator in _ORDERED and isinstance(literal, str) and number_of(literal) is not None:
            message = f"{shown(literal)} is a text: it is never {comparison.operator} a number"
            yield Suspicion(location, message, f"{literal.strip()}, without quotes")
    if path == ("event_time",) and comparison.operator in (*_OF_TEXT, "contains"):
        yield Suspicion(location, f"{comparison.operator} asks for a text, and event_time is a time", "gte, lt")


def _literals(comparison: Comparison) -> tuple[str | int | float | bool, ...]:
    value = comparison.value
    if isinstance(value, Reference | Scaled):
        return ()
    return value if isinstance(value, tuple) else (value,)


def _is_of(literal: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(literal, kinds) and isinstance(literal, bool) == (bool in kinds)


def _asked(trigger: Trigger) -> Iterator[_Asked]:
    """Everything that is read of an event whose type is known."""
    for location, matcher in matchers(trigger):
        for event_type in matcher.types:
            for comparison in comparisons(matcher.where):
                here = (*location, "where", *comparison.location)
                yield _Asked(here, event_type, comparison.path, comparison)
            for path in matcher.key_of(event_type) or trigger.match.key:
                yield _Asked((*location, "key") if matcher.key else ("match", "key"), event_type, path)
    for index, step in enumerate(trigger.match.steps):
        if isinstance(step, EventStep) and step.having is not None:
            for event_type in step.types:
                yield _Asked((*STEPS, index, "having"), event_type, step.having.path)
    yield from _asked_by_references(trigger)


def _asked_by_references(trigger: Trigger) -> Iterator[_Asked]:
    types = dict(_captured_types(trigger))
    for use in uses(trigger):
        reference = use.reference
        if reference is None or not reference.path or reference.selector == "item":
            continue
        for event_type in types.get(reference.name, ()):
            yield _Asked(use.location, event_type, reference.path)


def _captured_types(trigger: Trigger) -> Iterator[tuple[str, tuple[str, ...]]]:
    for index, step in enumerate(trigger.match.steps):
        here = (*STEPS, index)
        for _, each in ((here, step), *members(step, here)):
            if isinstance(each, EventStep | EventMember) and each.name is not None:
                yield each.name, each.types
