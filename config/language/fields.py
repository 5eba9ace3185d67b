"""The language's small words as pydantic field types: each reads one YAML value into its final form.

Every type carries the JSON Schema of what is *written*, not of what it becomes.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal, get_args

from pydantic import BeforeValidator, Field, StrictBool, StrictInt

from config.durations import DURATION_PATTERN, OFFSET_PATTERN, parse_duration, parse_offset, parse_span
from config.errors import Refused, not_one_of
from config.model import Reads
from config.references import EventPath, parse_key_path, parse_name

ANY_TYPE: Final = ("*",)

_TEXT_OR_LIST: Final = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_EVENT_TYPE: Final = re.compile(r"[\w.:/-]+")
_IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_LABEL: Final = re.compile(r"[\w.:/-]+")

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_LOCAL_TIME: Final = re.compile(r"(?:([a-z]{3}) )?([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_LOCAL_TIME_PATTERN: Final = r"^((mon|tue|wed|thu|fri|sat|sun) )?([01]\d|2[0-3]):[0-5]\d$"
_LOCAL_TIMES: Final = "a time such as 09:00, or with its day, mon 09:00"


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time on the customer's clock; `weekday` counts from 0 = Monday, `None` is every day."""

    hour: int
    minute: int
    weekday: int | None = None

    @property
    def minute_of_day(self) -> int:
        return self.hour * 60 + self.minute


def parse_local_time(value: object) -> LocalTime:
    """`09:00`, `mon 09:00`. Raises `Refused`."""
    found = _LOCAL_TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Refused("is not a time of day", allowed=_LOCAL_TIMES)
    day, hour, minute = found.groups()
    days = get_args(Weekday)
    if day is not None and day not in days:
        raise not_one_of(day, days, "has an unknown day")
    return LocalTime(int(hour), int(minute), None if day is None else days.index(day))


def parse_types(value: object) -> tuple[str, ...]:
    """One event type, several, or `"*"` alone. Raises `Refused`."""
    types = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not types:
        raise Refused("names no event type", allowed='a type, a list of types, or "*"')
    texts = tuple(_event_type(each, alone=len(types) == 1) for each in types)
    if len(set(texts)) < len(texts):
        raise Refused("names a type twice", allowed="each type once")
    return texts


def _event_type(value: object, *, alone: bool) -> str:
    if value == "*" and alone:
        return "*"
    if value == "*":
        raise Refused('has "*" beside other types', allowed='"*" alone, or types')
    if not isinstance(value, str) or not _EVENT_TYPE.fullmatch(value):
        snake = re.sub(r"\W+", "_", value.strip().lower()) if isinstance(value, str) else ""
        hint = f"did you mean {snake}?" if _EVENT_TYPE.fullmatch(snake) and "*" not in str(value) else None
        raise Refused("is not an event type", allowed='a type such as cart_add, a list of types, or "*"', hint=hint)
    return value


def read_list(raw: object) -> object:
    """A list with something in it, as it was written. Raises `Refused`."""
    if not isinstance(raw, list | tuple):
        raise Refused("is not a list", allowed="a list with at least one element")
    if not raw:
        raise Refused("is an empty list", allowed="a list with at least one element")
    return raw


def _parse_key_paths(value: object) -> tuple[EventPath, ...]:
    paths = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not paths:
        raise Refused("is a key of nothing", allowed="a path or a list of paths")
    parsed = tuple(parse_key_path(path) for path in paths)
    if len(set(parsed)) < len(parsed):
        raise Refused("names a path twice", allowed="each path once")
    return parsed


def _parse_matcher_key(value: object) -> tuple[EventPath, ...] | dict[str, tuple[EventPath, ...]]:
    if not isinstance(value, dict):
        return _parse_key_paths(value)
    if not value:
        raise Refused("names no type", allowed="TYPE: PATH, for each type whose key is elsewhere")
    return {_event_type(each, alone=False): _parse_key_paths(paths) for each, paths in value.items()}


def _parse_identifier(value: object) -> str:
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        raise Refused("is not a name", allowed="lower-case letters, digits and _, beginning with a letter")
    return value


def _parse_label(value: object) -> str:
    if not isinstance(value, str) or not _LABEL.fullmatch(value):
        raise Refused("is not a name", allowed="letters, digits and _ - . : /")
    return value


def _parse_percent(value: object) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)%", value, re.ASCII) if isinstance(value, str) else None
    if found is None or float(found[1]) > 100:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        hint = f"did you mean {value}%?" if is_number else None
        raise Refused("is not a percentage", allowed="0% to 100%, e.g. 10%", hint=hint)
    return float(found[1]) / 100


_DURATION_SCHEMA: Final = {"type": "string", "pattern": DURATION_PATTERN, "examples": ["30m", "24h", "7d"]}

Duration = Annotated[int, Reads(parse_duration, _DURATION_SCHEMA)]
Span = Annotated[int, Reads(parse_span, _DURATION_SCHEMA)]
Offset = Annotated[
    int,
    Reads(parse_offset, {"type": "string", "pattern": OFFSET_PATTERN, "examples": ["-2d"]}),
]
Types = Annotated[tuple[str, ...], Reads(parse_types, _TEXT_OR_LIST)]
Name = Annotated[str, Reads(parse_name, {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"})]
Identifier = Annotated[str, Reads(_parse_identifier, {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"})]
Label = Annotated[str, Reads(_parse_label, {"type": "string", "pattern": "^[A-Za-z0-9_.:/-]+$"})]
Percent = Annotated[float, Reads(_parse_percent, {"type": "string", "pattern": r"^\d+(\.\d+)?%$"})]
KeyPath = Annotated[EventPath, Reads(parse_key_path, {"type": "string"})]
KeyPaths = Annotated[tuple[EventPath, ...], Reads(_parse_key_paths, _TEXT_OR_LIST)]
MatcherKey = Annotated[
    tuple[EventPath, ...] | dict[str, tuple[EventPath, ...]],
    Reads(
        _parse_matcher_key,
        {"anyOf": [*_TEXT_OR_LIST["anyOf"], {"type": "object", "additionalProperties": _TEXT_OR_LIST}]},
    ),
]
TimeOfDay = Annotated[
    LocalTime,
    Reads(parse_local_time, {"type": "string", "pattern": _LOCAL_TIME_PATTERN}),
]
NotEmpty = BeforeValidator(read_list)
"""Annotates a tuple whose list must be there and hold something."""
Contiguity = Literal["relaxed", "strict", "each"]
Flag = StrictBool
Count = Annotated[StrictInt, Field(ge=1)]
