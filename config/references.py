"""What a trigger file can point at: paths into an event, and references to captured events.

properties.price                      a path: this event's own field
$cart.properties.price                a reference: the event captured as `cart` (the last one, with `times`)
$views.first.properties.price         the first repetition; `prev` is the repetition before
$views.count   $views.sum(PATH)       over all repetitions; also min, max, avg, distinct
$order.item   $order.item.price       the list element by which the event came to its key
$customer.country                     the customer's profile
$cart.properties.price * 0.9          a scaled reference: one operator (* / + -) and one number, spaced
$$5 off                               the literal text `$5 off`
"""

import math
import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from config.errors import Refused, nearest

EventPath = tuple[str, ...]
"""A path as its parts: `properties.price` is `("properties", "price")`."""

Selector = Literal["last", "first", "prev", "count", "sum", "min", "max", "avg", "distinct", "item"]
ScaleOperator = Literal["*", "/", "+", "-"]
AGGREGATES: Final = ("sum", "min", "max", "avg", "distinct")
CUSTOMER: Final = "customer"

# Fields of every event. `properties` and `context` are open and need the name of what is inside.
FIELD_ROOTS: Final = ("type", "customer_id", "session_id", "event_time")
OPEN_ROOTS: Final = ("properties", "context")
_EVENT_PATHS: Final = "type, customer_id, session_id, event_time, properties.NAME, context.NAME"
_CONDITION_PATHS: Final = f"{_EVENT_PATHS}, $customer.NAME, score.NAME"
_KEY_PATHS: Final = "customer_id, session_id, properties.NAME, context.NAME"
_REFERENCES: Final = (
    "$NAME.PATH, $NAME.first.PATH, $NAME.prev.PATH, $NAME.item.PATH, $NAME.count, "
    "$NAME.sum(PATH) (also min max avg distinct), $customer.NAME; $$ for a literal $"
)

_PART: Final = re.compile(r"[\w-]+")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_AGGREGATE: Final = re.compile(r"(\w+)\((.*)\)")
_SCALED: Final = re.compile(r"(\$\S+)\s+(\S+)\s+(\S+)")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """A value of an earlier captured event, or (`name` = `customer`, `selector` = `last`) of the profile.

    `path` is empty for `count` and may be empty for `item` (the element itself).
    """

    name: str
    selector: Selector
    path: EventPath

    @property
    def is_customer(self) -> bool:
        return self.name == CUSTOMER

    def __str__(self) -> str:
        path = ".".join(self.path)
        if self.selector in AGGREGATES:
            return f"${self.name}.{self.selector}({path})"
        selector = "" if self.selector == "last" else f".{self.selector}"
        return f"${self.name}{selector}" + (f".{path}" if path else "")


@dataclass(frozen=True, slots=True)
class Scaled:
    """A reference and one arithmetic step: `reference operator operand`."""

    reference: Reference
    operator: ScaleOperator
    operand: float

    def __str__(self) -> str:
        return f"{self.reference} {self.operator} {self.operand:g}"


def parse_event_path(value: object) -> EventPath:
    """A path into one event. Raises `Refused`."""
    parts = _parts(value, allowed=_EVENT_PATHS)
    _check_event_root(parts, allowed=_EVENT_PATHS, roots=(*FIELD_ROOTS, *OPEN_ROOTS))
    return parts


def parse_condition_path(value: object) -> EventPath:
    """The left of a condition; `$customer.country` is `("$customer", "country")`. Raises `Refused`."""
    if isinstance(value, str) and value.startswith("$"):
        parts = _parts(value[1:], allowed=_CONDITION_PATHS)
        if parts[0] != CUSTOMER:
            raise Refused(
                "cannot stand on the left of a condition",
                allowed=_CONDITION_PATHS,
                hint="write this event's own path on the left and the reference as the value",
            )
        if len(parts) < 2:
            raise Refused("names nothing of the customer", allowed="$customer.NAME")
        return ("$customer", *parts[1:])
    parts = _parts(value, allowed=_CONDITION_PATHS)
    if parts[0] == "score":
        if len(parts) != 2:
            raise Refused("is not the name of a score", allowed="score.NAME")
        return parts
    _check_event_root(parts, allowed=_CONDITION_PATHS, roots=(*FIELD_ROOTS, *OPEN_ROOTS, "score"))
    return parts


def parse_key_path(value: object) -> EventPath:
    """A path that events can be correlated by. Raises `Refused`."""
    parts = _parts(value, allowed=_KEY_PATHS)
    if parts in (("type",), ("event_time",)):
        raise Refused("says nothing about who or what an event belongs to", allowed=_KEY_PATHS)
    _check_event_root(parts, allowed=_KEY_PATHS, roots=("customer_id", "session_id", *OPEN_ROOTS))
    return parts


def parse_name(value: object) -> str:
    """The name of a captured event. Raises `Refused`."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Refused("is not a name", allowed="letters, digits and _, not beginning with a digit")
    if value == CUSTOMER:
        raise Refused("is taken: $customer is the customer's profile", allowed="any other name")
    return value


def parse_reference(value: object) -> Reference:
    """A reference, without scaling. Raises `Refused`."""
    if not isinstance(value, str) or not value.startswith("$") or value.startswith("$$"):
        raise Refused("is not a reference", allowed=_REFERENCES)
    name, dot, rest = value[1:].partition(".")
    if not _NAME.fullmatch(name):
        raise Refused("is not a reference", allowed=_REFERENCES, hint="a literal $ is written $$")
    if not dot or not rest:
        raise Refused("names an event and nothing of it", allowed=_REFERENCES)
    if name == CUSTOMER:
        return Reference(name, "last", _parts(rest, allowed="$customer.NAME"))
    aggregate = _AGGREGATE.fullmatch(rest)
    if aggregate:
        return Reference(name, _aggregate(aggregate[1]), parse_event_path(aggregate[2]))
    parts = _parts(rest, allowed=_REFERENCES)
    return _selected(name, parts)


def parse_value(text: str) -> str | Reference | Scaled:
    """A text as a value: a reference (scaled or not) if it begins with one `$`. Raises `Refused`."""
    if text.startswith("$$"):
        return text[1:]
    if not text.startswith("$"):
        return text
    scaled = _SCALED.fullmatch(text)
    if scaled is None:
        return parse_reference(text)
    return Scaled(parse_reference(scaled[1]), _scale_operator(scaled[2]), _operand(scaled[2], scaled[3]))


def _selected(name: str, parts: EventPath) -> Reference:
    match parts[0]:
        case "count":
            if len(parts) > 1:
                raise Refused("goes on after count", allowed=f"${name}.count")
            return Reference(name, "count", ())
        case "item":
            return Reference(name, "item", parts[1:])
        case "first" | "prev" as selector:
            if len(parts) == 1:
                raise Refused("names an event and nothing of it", allowed=f"${name}.{selector}.PATH")
            return Reference(name, selector, _referenced_path(parts[1:]))
        case _:
            return Reference(name, "last", _referenced_path(parts))


def _referenced_path(parts: EventPath) -> EventPath:
    _check_event_root(parts, allowed=_REFERENCES, roots=(*FIELD_ROOTS, *OPEN_ROOTS, "first", "prev", "item", "count"))
    return parts


def _aggregate(word: str) -> Selector:
    for selector in get_args(Selector):
        if word == selector and word in AGGREGATES:
            known: Selector = selector
            return known
    raise Refused(f"has an unknown aggregate {word}", allowed=", ".join(AGGREGATES), hint=nearest(word, AGGREGATES))


def _scale_operator(word: str) -> ScaleOperator:
    for operator in get_args(ScaleOperator):
        if word == operator:
            known: ScaleOperator = operator
            return known
    raise Refused("is not a scaled reference", allowed="$NAME.PATH * 0.9, also / + -")


def _operand(operator: str, text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise Refused("is scaled by something that is no number", allowed="$NAME.PATH * 0.9, also / + -")
    operand = float(text)
    if not math.isfinite(operand):
        raise Refused("is scaled by a number that is too large", allowed="a finite number")
    if operator == "/" and operand == 0:
        raise Refused("divides by zero", allowed="any other number")
    return operand


def _parts(value: object, *, allowed: str) -> EventPath:
    if not isinstance(value, str):
        raise Refused("is not a path", allowed=allowed)
    parts = tuple(value.split("."))
    if not all(_PART.fullmatch(part) for part in parts):
        raise Refused("is not a path", allowed=allowed)
    return parts


def _check_event_root(parts: EventPath, *, allowed: str, roots: tuple[str, ...]) -> None:
    root = parts[0]
    if root in OPEN_ROOTS and root in roots:
        if len(parts) < 2:
            raise Refused("names nothing inside", allowed=f"{root}.NAME")
    elif root not in roots or root not in FIELD_ROOTS:
        hint = nearest(root, roots) or f"did you mean properties.{'.'.join(parts)}?"
        raise Refused("is not a path of an event", allowed=allowed, hint=hint)
    elif len(parts) > 1:
        raise Refused(f"goes on after {root}, which has nothing inside", allowed=root)
