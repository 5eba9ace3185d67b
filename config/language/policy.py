"""`policy` and `actions`: whether the customer may be contacted, and with what."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StrictInt, model_validator

from config.durations import parse_span
from config.errors import Location, Refused, nearest
from config.language.conditions import Where
from config.language.fields import Count, Duration, Identifier, Label, Percent, Span, TimeOfDay
from config.language.matcher import Matcher
from config.model import ConfigModel, Finding, Reads, validation_error
from config.references import EventPath, Reference, Scaled, parse_event_path, parse_reference, parse_value

Calendar = Literal["day", "week", "month"]
_CALENDARS: Final[tuple[Calendar, ...]] = ("day", "week", "month")
_TEXT: Final = {"type": "string"}

DataValue = str | int | float | bool | None | Reference | Scaled | tuple["DataValue", ...] | Mapping[str, "DataValue"]
"""What an action carries: literals, references, and lists (as tuples) and mappings of them."""


def read_recipient(raw: object) -> EventPath | Reference:
    """A path of the first captured event, or a reference. Raises `Refused`."""
    if not isinstance(raw, str) or not raw.startswith("$"):
        return parse_event_path(raw)
    reference = parse_reference(raw)
    if reference.selector not in ("last", "first", "item"):
        raise Refused(
            "is not one recipient",
            allowed="a path of the first event, $NAME.PATH, $NAME.first.PATH, $NAME.item",
        )
    return reference


def read_timezone(raw: object) -> str | Reference:
    """An IANA name, or a reference to one. Raises `Refused`."""
    if isinstance(raw, str) and raw.startswith("$"):
        return parse_reference(raw)
    allowed = "an IANA name such as Europe/Oslo, or $customer.timezone"
    if not isinstance(raw, str):
        raise Refused("is not a timezone", allowed=allowed)
    try:
        ZoneInfo(raw)
    except (ValueError, OSError, LookupError):
        raise Refused("is not a timezone", allowed=allowed) from None
    return raw


def read_cap_period(raw: object) -> int | Calendar:
    """A rolling span in microseconds, or a calendar period. Raises `Refused`."""
    for calendar in _CALENDARS:
        if raw == calendar:
            return calendar
    try:
        return parse_span(raw)
    except Refused as refused:
        allowed = f"{refused.allowed}, or day, week, month"
        raise Refused(refused.message, allowed=allowed, hint=refused.hint or nearest(raw, _CALENDARS)) from None


def read_data(raw: object) -> dict[str, DataValue]:
    """The data of an action, its references read. Raises every mistake at its place."""
    if not isinstance(raw, dict):
        raise Refused("is not a mapping", allowed="{NAME: VALUE, …}")
    findings: list[Finding] = []
    data = {name: _read_data(value, (name,), findings) for name, value in raw.items()}
    if findings:
        raise validation_error("data", findings)
    return data


def data_references(value: DataValue, location: Location = ()) -> list[tuple[Location, Reference]]:
    """Every reference in an action's data with its place below `data`."""
    match value:
        case Reference():
            return [(location, value)]
        case Scaled(reference):
            return [(location, reference)]
        case Mapping():
            return [found for name, each in value.items() for found in data_references(each, (*location, name))]
        case tuple():
            return [found for index, each in enumerate(value) for found in data_references(each, (*location, index))]
        case _:
            return []


def _read_data(raw: object, location: Location, findings: list[Finding]) -> DataValue:
    match raw:
        case str():
            try:
                return parse_value(raw)
            except Refused as refused:
                findings.append(Finding(location, raw, refused))
                return None
        case dict():
            return {name: _read_data(each, (*location, name), findings) for name, each in raw.items()}
        case list():
            return tuple(_read_data(each, (*location, index), findings) for index, each in enumerate(raw))
        case bool() | int() | float() | None:
            return raw
        case _:
            findings.append(Finding(location, raw, Refused("cannot be sent", allowed="text, numbers, lists, mappings")))
            return None


class QuietHours(ConfigModel):
    """Nothing is sent from `start` until `end`; `timezone` `None` is the default one."""

    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    timezone: Annotated[str | Reference, Reads(read_timezone, _TEXT)] | None = None
    then: Literal["defer", "drop"] = "defer"

    @model_validator(mode="after")
    def _is_a_part_of_the_day(self) -> "QuietHours":
        findings = []
        for word, time in (("from", self.start), ("to", self.end)):
            if time.weekday is not None:
                refused = Refused("is for one day of the week", allowed="a time such as 21:00", shows_value=False)
                findings.append(Finding((word,), None, refused))
        if not findings and self.start == self.end:
            refused = Refused("is also the end: all of the day or none of it", allowed="two times", shows_value=False)
            findings.append(Finding(("from",), None, refused))
        if findings:
            raise validation_error("quiet_hours", findings)
        return self


class Cap(ConfigModel):
    """At most `max` actions to a recipient, on a channel or of a tag, per span (µs) or calendar period."""

    channel: Identifier | None = None
    tag: Label | None = None
    max: Count
    per: Annotated[int | Calendar, Reads(read_cap_period, _TEXT)]

    @property
    def per_us(self) -> int | None:
        return self.per if isinstance(self.per, int) else None

    @property
    def calendar(self) -> Calendar | None:
        return None if isinstance(self.per, int) else self.per

    @model_validator(mode="after")
    def _counts_one_thing(self) -> "Cap":
        if (self.channel is None) == (self.tag is None):
            raise Refused("does not say what is counted", allowed="either channel or tag", shows_value=False)
        return self


class Policy(ConfigModel):
    """What holds an action back. `recipient` is a path of the first captured event, or a reference."""

    recipient: Annotated[EventPath | Reference, Reads(read_recipient, _TEXT)] = ("customer_id",)
    consent: Identifier | None = None
    holdout: Percent = 0.0
    cooldown_us: Duration = Field(default=0, alias="cooldown")
    quiet_hours: QuietHours | None = None
    caps: tuple[Cap, ...] = ()
    priority: StrictInt = 0
    max_age_us: Span | None = Field(default=None, alias="max_age")
    where: Where | None = None
    arbitration_us: Duration = Field(default=0, alias="arbitration")

    @property
    def fits_on_arrival(self) -> bool:
        """Whether it can be decided without the watermark: nothing but consent, holdout and max_age."""
        return not (self.model_fields_set - {"recipient", "consent", "holdout", "max_age_us"})


class Action(ConfigModel):
    """One thing to send. With `after_us` it is deferred, and an event that fits `unless` ends it before."""

    channel: Identifier
    template: Label
    written_name: Identifier | None = Field(default=None, alias="name")
    data: Annotated[dict[str, DataValue], Reads(read_data, {"type": "object"})] = Field(default_factory=dict)
    tag: Label | None = None
    after_us: Span | None = Field(default=None, alias="after")
    unless: tuple[Matcher, ...] = ()

    @property
    def name(self) -> str:
        """Unique in its trigger; the channel where none is written."""
        return self.written_name or self.channel

    @model_validator(mode="after")
    def _unless_has_time(self) -> "Action":
        if self.unless and self.after_us is None:
            refused = Refused("has no time in which it could happen", allowed="beside after: T", shows_value=False)
            raise validation_error("action", [Finding(("unless",), None, refused)])
        return self
