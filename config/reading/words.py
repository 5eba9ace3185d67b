"""The small words: spans, lists, types, paths, references and literal values."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from config.durations import UNITS_US, format_us
from config.language import ANY_TYPE, LocalTime, Value
from config.references import AGGREGATES, EventPath, Reference, Scaled

_UNITS: Final = {"d": "day", "h": "hour", "m": "minute", "s": "second", "ms": "millisecond"}
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WHO: Final[dict[EventPath, str]] = {("customer_id",): "a customer", ("session_id",): "a session"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def span(duration_us: int) -> str:
    """`1_800_000_000` is `30 minutes`; a day is `24 hours`, since it is no calendar day."""
    if duration_us == UNITS_US["d"]:
        return "24 hours"
    text = format_us(duration_us)
    number = text.rstrip("dhms")
    return _counted(number, _UNITS[text[len(number) :]])


def _counted(number: str, noun: str) -> str:
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"


def joined(parts: Iterable[str], word: str) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *others, last = parts
    return f"{', '.join(others)} {word} {last}" if others else last


def a(noun: str) -> str:
    """The noun with its article."""
    return f"an {noun}" if noun[0].lower() in "aeio" else f"a {noun}"


def types(names: tuple[str, ...]) -> str:
    """`cart_add or purchase`, without an article."""
    return "event" if names == ANY_TYPE else joined(names, "or")


def an_event(names: tuple[str, ...]) -> str:
    """`a cart_add or purchase`, `any event`."""
    return "any event" if names == ANY_TYPE else a(types(names))


def no_event(names: tuple[str, ...]) -> str:
    """`no cart_add or purchase`, `no event at all`."""
    return "no event at all" if names == ANY_TYPE else f"no {types(names)}"


def path(parts: EventPath) -> str:
    """`properties.price` is `price`; the customer's own are said to be so."""
    match parts:
        case ("properties", *rest):
            return ".".join(rest)
        case ("$customer", *rest):
            return f"the customer's {'.'.join(rest)}"
        case ("score", name):
            return f"the score {name}"
        case _:
            return ".".join(parts)


def who(key: tuple[EventPath, ...]) -> str:
    """What a trigger correlates by: `a customer`, `a customer with one product_id`."""
    first, *others = (_WHO.get(each) or f"one {path(each)}" for each in key)
    return f"{first} with {joined(others, 'and')}" if others else first


def reference(of: Reference) -> str:
    """A value of a captured event or of the customer."""
    field = path(of.path)
    if of.is_customer:
        return f"the customer's {'.'.join(of.path)}"
    if of.selector in AGGREGATES:
        return f"the {of.selector} of {field} over {of.name}"
    match of.selector:
        case "count":
            return f"the number of {of.name}"
        case "item":
            return f"{field} of the element {of.name} came by" if of.path else f"the element {of.name} came by"
        case "first":
            return f"{field} of the first of {of.name}"
        case "prev":
            return f"{field} of the one before in {of.name}"
        case _:
            return f"{field} of {of.name}"


def value(of: Value, *, is_time: bool = False) -> str:
    """What a condition compares with; `is_time` where a whole number is epoch microseconds."""
    match of:
        case Reference():
            return reference(of)
        case Scaled():
            sign = {"*": "×", "-": "−"}.get(of.operator, of.operator)
            return f"{reference(of.reference)} {sign} {of.operand:g}"
        case tuple():
            return ", ".join(value(each, is_time=is_time) for each in of)
        case int() if is_time and not isinstance(of, bool):
            return (_EPOCH + timedelta(microseconds=of)).isoformat().replace("+00:00", "Z")
        case _:
            return json.dumps(of, ensure_ascii=False)


def local_time(time: LocalTime) -> str:
    """`09:00`, `Monday 09:00`."""
    clock = f"{time.hour:02}:{time.minute:02}"
    return clock if time.weekday is None else f"{_DAYS[time.weekday]} {clock}"
