"""The steps of a match. Which kind a step is, is said by the one of these keys it has:
`event`, `absent`, `idle`, `wait`, `at`, `all`, `any`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, model_validator

from config.durations import parse_span
from config.errors import Refused, nearest
from config.language.conditions import Condition, Where
from config.language.fields import (
    ANY_TYPE,
    Contiguity,
    Flag,
    LocalTime,
    MatcherKey,
    Name,
    NotEmpty,
    Offset,
    Span,
    Types,
    parse_local_time,
)
from config.language.matcher import Matcher, check_key_types
from config.language.repetition import HavingField, TimesField
from config.model import ConfigModel, Finding, Reads, validation_error
from config.references import Reference, parse_reference

# What a time or a duration can be read from: a sum or a number of events is neither.
_TIME_SELECTORS: Final = ("last", "first", "prev", "item", "min", "max")


class Idle(ConfigModel):
    """Silence of `for_us` of the events `of` these types; `None` is of any type."""

    for_us: Span = Field(alias="for")
    of: Types | None = None


def read_idle(raw: object) -> object:
    """`30m` as `{for: 30m}`. Raises `Refused`."""
    if isinstance(raw, dict):
        return raw
    parse_span(raw)
    return {"for": raw}


def read_wait(raw: object) -> int | Reference:
    """A duration, or a reference to one that an event carries. Raises `Refused`."""
    return _time_reference(raw) if isinstance(raw, str) and raw.startswith("$") else parse_span(raw)


def read_at(raw: object) -> Reference | LocalTime:
    """A reference to a time that an event carries, or a time of the customer's day. Raises `Refused`."""
    return _time_reference(raw) if isinstance(raw, str) and raw.startswith("$") else parse_local_time(raw)


def _time_reference(raw: object) -> Reference:
    reference = parse_reference(raw)
    if reference.selector not in _TIME_SELECTORS:
        raise Refused("is not a time", allowed="$NAME.PATH, also of first, prev, item, min(PATH), max(PATH)")
    return reference


_TEXT: Final = {"type": "string"}
IdleField = Annotated[Idle, BeforeValidator(read_idle, json_schema_input_type=str | Idle)]
WaitField = Annotated[int | Reference, Reads(read_wait, _TEXT)]
AtField = Annotated[Reference | LocalTime, Reads(read_at, _TEXT)]


class EventMember(ConfigModel):
    """An event inside `all` or `any`."""

    types: Types = Field(alias="event")
    where: Where | None = None
    key: MatcherKey | None = None
    name: Name | None = Field(default=None, alias="as")

    @property
    def matcher(self) -> Matcher:
        return _matcher(self.types, self.where, self.key)

    @model_validator(mode="after")
    def _keys_are_of_its_types(self) -> "EventMember":
        check_key_types(self.types, self.key)
        return self


class EventStep(ConfigModel):
    """The next event that fits, or with `times` several of them.

    `within_us` counts from the last event step before. Beside `times`, with no event step before, it has
    become `times.within_us` when the match is read.
    """

    types: Types = Field(alias="event")
    where: Where | None = None
    key: MatcherKey | None = None
    name: Name | None = Field(default=None, alias="as")
    within_us: Span | None = Field(default=None, alias="within")
    times: TimesField | None = None
    optional: Flag = False
    greedy: Flag = False
    until: Matcher | None = None
    having: HavingField | None = None
    contiguity: Contiguity = "relaxed"

    @property
    def matcher(self) -> Matcher:
        return _matcher(self.types, self.where, self.key)

    @property
    def repeats(self) -> bool:
        """Whether more than one event can be taken."""
        return self.times is not None and self.times.max != 1

    @model_validator(mode="after")
    def _repetition_words_have_times(self) -> "EventStep":
        check_key_types(self.types, self.key)
        findings = []
        allowed = "beside times: that can be more than one event"
        if self.greedy and (self.times is None or self.times.max == self.times.min):
            refused = Refused("has nothing to take more of", allowed="beside times: whose max is above its min")
            findings.append(Finding(("greedy",), True, refused))
        if self.until is not None and not self.repeats:
            findings.append(Finding(("until",), self.until.types, Refused("ends no repetition", allowed=allowed)))
        if self.having is not None and self.times is None:
            refused = Refused(
                "has no repetitions to look at", allowed="beside times:, e.g. times: {min: 1, within: 30d}"
            )
            findings.append(Finding(("having",), self.having.aggregate, refused))
        if findings:
            raise validation_error("event", findings)
        return self


class AbsentStep(ConfigModel):
    """No such event: for `within_us`, or (`None`) between the events before and after."""

    types: Types = Field(alias="absent")
    where: Where | None = None
    key: MatcherKey | None = None
    within_us: Span | None = Field(default=None, alias="within")

    @property
    def matcher(self) -> Matcher:
        return _matcher(self.types, self.where, self.key)

    @model_validator(mode="after")
    def _keys_are_of_its_types(self) -> "AbsentStep":
        check_key_types(self.types, self.key)
        return self


class IdleStep(ConfigModel):
    """The key has been silent."""

    idle: IdleField

    @property
    def for_us(self) -> int:
        return self.idle.for_us

    @property
    def of(self) -> tuple[str, ...] | None:
        """The types that count; `None` is any."""
        return None if self.idle.of == ANY_TYPE else self.idle.of


class WaitStep(ConfigModel):
    """Time passes: `for_us`, or as long as the event that `reference` names says. One of them is `None`."""

    wait: WaitField

    @property
    def for_us(self) -> int | None:
        return self.wait if isinstance(self.wait, int) else None

    @property
    def reference(self) -> Reference | None:
        return self.wait if isinstance(self.wait, Reference) else None


class AtStep(ConfigModel):
    """Wait until the time `reference` names, shifted by `offset_us`, or the customer's next `local_time`."""

    at: AtField
    offset_us: Offset = Field(default=0, alias="offset")

    @property
    def reference(self) -> Reference | None:
        return self.at if isinstance(self.at, Reference) else None

    @property
    def local_time(self) -> LocalTime | None:
        return self.at if isinstance(self.at, LocalTime) else None

    @model_validator(mode="after")
    def _offset_is_from_a_reference(self) -> "AtStep":
        if self.local_time is not None and self.offset_us:
            refused = Refused(
                "shifts a time of day", allowed="offset beside at: $NAME.PATH", hint="write the other time"
            )
            raise validation_error("at", [Finding(("offset",), self.offset_us, refused)])
        return self


class AllStep(ConfigModel):
    """All members, in any order; on a first step all of them in less than `within_us`."""

    members: "Annotated[tuple[Member, ...], NotEmpty]" = Field(alias="all")
    within_us: Span | None = Field(default=None, alias="within")
    contiguity: Contiguity = "relaxed"


class AnyStep(ConfigModel):
    """One of the members, whichever comes first."""

    members: "Annotated[tuple[Member, ...], NotEmpty]" = Field(alias="any")
    within_us: Span | None = Field(default=None, alias="within")
    contiguity: Contiguity = "relaxed"


def _matcher(types: tuple[str, ...], where: Condition | None, key: Any) -> Matcher:
    return Matcher.model_construct(types=types, where=where, key=key)


_KINDS: Final[dict[str, type[ConfigModel]]] = {
    "event": EventStep,
    "absent": AbsentStep,
    "idle": IdleStep,
    "wait": WaitStep,
    "at": AtStep,
    "all": AllStep,
    "any": AnyStep,
}
_MEMBER_KINDS: Final[dict[str, type[ConfigModel]]] = {
    "event": EventMember,
    "absent": AbsentStep,
    "all": AllStep,
    "any": AnyStep,
}


def _read_kind(raw: object, kinds: Mapping[str, type[ConfigModel]], what: str) -> object:
    """The model of the kind that `raw`'s key names. Raises `Refused` or the model's `ValidationError`."""
    allowed = f"exactly one of {', '.join(kinds)}"
    if isinstance(raw, ConfigModel):
        return raw
    if not isinstance(raw, dict):
        raise Refused(f"is not a {what}", allowed=f"{{{next(iter(kinds))}: …}}, {allowed}")
    named = [word for word in raw if word in kinds]
    if len(named) == 1:
        return kinds[named[0]].model_validate(raw)
    if named:
        raise Refused(f"is more than one {what}: {', '.join(named)}", allowed=allowed, shows_value=False)
    hints = (nearest(word, kinds) for word in raw)
    raise Refused(f"does not say what {what} it is", allowed=allowed, hint=next(filter(None, hints), None))


def _read_step(raw: object) -> object:
    return _read_kind(raw, _KINDS, "step")


def _read_member(raw: object) -> object:
    return _read_kind(raw, _MEMBER_KINDS, "member")


Member = Annotated[
    EventMember | AbsentStep | AllStep | AnyStep,
    BeforeValidator(_read_member, json_schema_input_type=EventMember | AbsentStep | AllStep | AnyStep),
]
Step = Annotated[
    EventStep | AbsentStep | IdleStep | WaitStep | AtStep | AllStep | AnyStep,
    BeforeValidator(
        _read_step,
        json_schema_input_type=EventStep | AbsentStep | IdleStep | WaitStep | AtStep | AllStep | AnyStep,
    ),
]
AllStep.model_rebuild()
AnyStep.model_rebuild()
