"""`times` and `having`: how often an event comes, and what must hold over all of them."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, cast, get_args

from pydantic import BeforeValidator, Field, model_validator

from config.errors import Refused, nearest
from config.language.fields import Contiguity, Count, Span
from config.model import ConfigModel, Finding, Reads, validation_error
from config.references import EventPath, Reference, Scaled, parse_event_path, parse_value

Aggregate = Literal["count", "sum", "min", "max", "avg", "distinct"]
BoundOperator = Literal["eq", "ne", "gt", "gte", "lt", "lte"]
_AGGREGATES: Final[tuple[str, ...]] = get_args(Aggregate)
_BOUND_OPERATORS: Final[tuple[str, ...]] = get_args(BoundOperator)
_TIMES: Final = "3, or {min: 2, max: 5, within: 24h}"


class Times(ConfigModel):
    """`min` to `max` events (`None`: no end), the last less than `within_us` after the first."""

    min: Count = 1
    max: Count | None = None
    within_us: Span | None = Field(default=None, alias="within")
    contiguity: Contiguity = "relaxed"

    @model_validator(mode="after")
    def _max_is_not_below_min(self) -> "Times":
        if self.max is not None and self.max < self.min:
            refused = Refused(f"is less than min, {self.min}", allowed=f"{self.min} or more")
            raise validation_error("times", [Finding(("max",), self.max, refused)])
        return self


@dataclass(frozen=True, slots=True)
class Bound:
    """One comparison of an aggregate; the value is a number or a reference to one."""

    operator: BoundOperator
    value: int | float | Reference | Scaled


@dataclass(frozen=True, slots=True)
class Having:
    """`{sum: properties.total, gte: 500}`: an aggregate of a path over the repetitions."""

    aggregate: Aggregate
    path: EventPath
    bounds: tuple[Bound, ...]


def read_times(raw: object) -> object:
    """`3` as `{min: 3, max: 3}`. Raises `Refused`."""
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 1:
        return {"min": raw, "max": raw}
    if not isinstance(raw, dict) or not raw:
        raise Refused("is not a number of times", allowed=_TIMES)
    return raw


def read_having(raw: object) -> Having:
    """The aggregate and its bounds. Raises `Refused`, or pydantic's error with several of them."""
    if not isinstance(raw, dict):
        raise Refused("is not an aggregate", allowed="{sum: PATH, gte: 500}")
    aggregates = [word for word in raw if word in _AGGREGATES]
    if len(aggregates) != 1:
        allowed = f"exactly one of {', '.join(_AGGREGATES)}, each of a path"
        raise Refused("does not name one aggregate", allowed=allowed, shows_value=False)
    findings: list[Finding] = []
    path: EventPath = ()
    bounds: list[Bound] = []
    for word, value in raw.items():
        try:
            if word in _AGGREGATES:
                path = parse_event_path(value)
            else:
                bounds.append(_read_bound(word, value))
        except Refused as refused:
            findings.append(Finding((word,), value, refused))
    if not findings and not bounds:
        raise Refused("compares with nothing", allowed=f"one of {', '.join(_BOUND_OPERATORS)}", shows_value=False)
    if findings:
        raise validation_error("having", findings)
    return Having(cast(Aggregate, aggregates[0]), path, tuple(bounds))


def _read_bound(word: Any, raw: object) -> Bound:
    if word not in _BOUND_OPERATORS:
        allowed = ", ".join((*_AGGREGATES, *_BOUND_OPERATORS))
        raise Refused("is not known here", allowed=allowed, hint=nearest(word, _BOUND_OPERATORS), shows_value=False)
    value = parse_value(raw) if isinstance(raw, str) else raw
    if isinstance(value, bool) or not isinstance(value, int | float | Reference | Scaled):
        raise Refused("is not a number", allowed="a number or a reference to one")
    return Bound(cast(BoundOperator, word), value)


TimesField = Annotated[Times, BeforeValidator(read_times, json_schema_input_type=int | Times)]
HavingField = Annotated[
    Having,
    Reads(
        read_having,
        {
            "type": "object",
            "properties": {word: {"type": "string"} for word in _AGGREGATES}
            | {word: {"type": ["number", "string"]} for word in _BOUND_OPERATORS},
            "additionalProperties": False,
        },
    ),
]
