"""`where`: conditions on one event, read into a small tree.

    {properties.price: {gte: 20, lt: 100}, any_of: [{…}, {…}], not: {…}}

becomes `AllOf(Comparison, Comparison, AnyOf(…), Not(…))`; one condition alone stands without its `AllOf`.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import re2

from config.errors import Location, Refused, not_one_of
from config.model import Finding, Reads, validation_error
from config.references import EventPath, Reference, Scaled, parse_condition_path, parse_value

Literal_ = str | int | float | bool
Value = str | int | float | bool | tuple[str | int | float | bool, ...] | Reference | Scaled

OPERATORS: Final = (
    *("eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in"),
    *("exists", "contains", "starts_with", "ends_with", "matches"),
)
GROUPS: Final = ("any_of", "all_of", "not")
_ORDERED: Final = ("gt", "gte", "lt", "lte")
_TEXT_ONLY: Final = ("starts_with", "ends_with")
_LISTS: Final = ("in", "not_in")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator value`. On `event_time` a literal is UTC epoch microseconds; lists are tuples.

    `location` is where it stands below its `where`, for messages; it takes no part in equality.
    """

    path: EventPath
    operator: str
    value: Value
    location: Location = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every member holds."""

    members: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one member holds."""

    members: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The member does not hold; unknown stays unknown."""

    member: "Condition"


Condition = Comparison | AllOf | AnyOf | Not


def read_condition(raw: object) -> Condition:
    """The condition of a `where`. Raises a `ValidationError` with every mistake in it."""
    findings: list[Finding] = []
    condition = _read_mapping(raw, (), findings)
    if findings or condition is None:
        raise validation_error("where", findings)
    return condition


def comparisons(condition: Condition | None) -> tuple[Comparison, ...]:
    """Every comparison in a condition, in the order written."""
    match condition:
        case None:
            return ()
        case Comparison():
            return (condition,)
        case Not(member):
            return comparisons(member)
        case AllOf(members) | AnyOf(members):
            return tuple(found for member in members for found in comparisons(member))


def _read_mapping(raw: object, location: Location, findings: list[Finding]) -> Condition | None:
    if not isinstance(raw, dict):
        findings.append(Finding(location, raw, Refused("is not a condition", allowed="PATH: {OPERATOR: VALUE}")))
        return None
    if not raw:
        findings.append(Finding(location, raw, Refused("asks nothing", allowed="PATH: {OPERATOR: VALUE}")))
        return None
    members: list[Condition] = []
    for word, value in raw.items():
        here = (*location, word)
        if word in ("any_of", "all_of"):
            group = _read_group(value, here, findings)
            members.append(AnyOf(group) if word == "any_of" else AllOf(group))
        elif word == "not":
            member = _read_mapping(value, here, findings)
            if member is not None:
                members.append(Not(member))
        else:
            members.extend(_read_path(word, value, here, findings))
    return members[0] if len(members) == 1 else AllOf(tuple(members))


def _read_group(raw: object, location: Location, findings: list[Finding]) -> tuple[Condition, ...]:
    if not isinstance(raw, list) or not raw:
        refused = Refused("is not a list of conditions", allowed="[{PATH: {OPERATOR: VALUE}}, …]")
        findings.append(Finding(location, raw, refused))
        return ()
    members = (_read_mapping(each, (*location, index), findings) for index, each in enumerate(raw))
    return tuple(member for member in members if member is not None)


def _read_path(word: Any, raw: object, location: Location, findings: list[Finding]) -> list[Comparison]:
    try:
        path = parse_condition_path(word)
    except Refused as refused:
        findings.append(Finding(location, word, refused))
        return []
    if not isinstance(raw, dict) or not raw:
        hint = "did you mean {in: […]}?" if isinstance(raw, list) else "e.g. {eq: …}"
        misshaped = Refused("is not an operator with its value", allowed="{OPERATOR: VALUE}", hint=hint)
        findings.append(Finding(location, raw, misshaped))
        return []
    found = []
    for operator, value in raw.items():
        here = (*location, operator)
        if operator not in OPERATORS:
            findings.append(Finding(here, operator, not_one_of(operator, OPERATORS, "is not an operator")))
            continue
        try:
            found.append(Comparison(path, operator, _read_value(path, operator, value), here))
        except Refused as refused:
            findings.append(Finding(here, value, refused))
    return found


def _read_value(path: EventPath, operator: str, raw: object) -> Value:
    if operator == "exists":
        if not isinstance(raw, bool):
            raise Refused("is not an answer", allowed="true, false")
        return raw
    if operator in _LISTS:
        return _read_list(path, raw)
    if operator == "matches":
        return _read_pattern(raw)
    value = parse_value(raw) if isinstance(raw, str) else raw
    if isinstance(value, Reference):
        return value
    if isinstance(value, Scaled):
        if operator in _TEXT_ONLY or operator == "contains":
            raise Refused(f"is a number, which {operator} cannot use", allowed="a text or a reference")
        return value
    if operator in _ORDERED and isinstance(value, bool):
        raise Refused("has no order", allowed="a number, a text or a reference")
    if operator in _TEXT_ONLY and (not isinstance(value, str) or not value):
        raise Refused("is not a text", allowed="a text or a reference")
    return _literal(path, value)


def _read_list(path: EventPath, raw: object) -> Value:
    if isinstance(raw, str):
        value = parse_value(raw)
        if isinstance(value, Reference):
            return value
    if not isinstance(raw, list) or not raw:
        raise Refused("is not a list", allowed="a list of values, or a reference to one")
    return tuple(_listed(path, each) for each in raw)


def _listed(path: EventPath, raw: object) -> Literal_:
    value = parse_value(raw) if isinstance(raw, str) else raw
    if isinstance(value, Reference | Scaled):
        raise Refused("has a reference in it", allowed="literals", hint="use any_of with eq for references")
    return _literal(path, value)


def _literal(path: EventPath, value: object) -> Literal_:
    if value is None:
        raise Refused("is nothing, and nothing equals it", allowed="a value", hint="use exists: false")
    if not isinstance(value, str | int | float | bool):
        raise Refused("is not a value", allowed="a text, a number, true, false or a reference")
    return _epoch_us(value) if path == ("event_time",) else value


def _epoch_us(value: object) -> int:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refused("is not a time with its zone", allowed="ISO 8601, e.g. 2026-01-05T10:00:00Z")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _read_pattern(raw: object) -> str:
    if not isinstance(raw, str) or not raw:
        raise Refused("is not a pattern", allowed="RE2 syntax")
    if raw.startswith("$"):
        raise Refused("is a pattern that nothing follows", allowed="a literal pattern in RE2 syntax, no reference")
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(raw, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise Refused(f"is not a pattern: {reason}", allowed="RE2 syntax") from None
    return raw


WHERE_SCHEMA: Final = {"$comment": "a condition"}
"""Marks the place of a condition in a JSON Schema, which `config.language.schema` fills: it refers to itself."""

Where = Annotated[Condition, Reads(read_condition, WHERE_SCHEMA)]
