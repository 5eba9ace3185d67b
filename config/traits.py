"""Computed traits of a customer: `config/traits/*.yaml`, one a file, read as `$customer.NAME`.

    trait: purchases_90d
    event: purchase
    where: {properties.total: {gte: 10}}
    count: "*"
    within: 90d

An aggregate (`count sum min max last first distinct`) of a path over a customer's events, all of them or those of
the last `within`. `count: "*"` counts the events themselves.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, StrictStr, ValidationError, model_validator

from config.documents import Document
from config.errors import UNSHOWN, ConfigError, Refused
from config.language.conditions import Where, comparisons
from config.language.fields import Identifier, Span, Types
from config.model import ConfigModel, Finding, Reads, validation_error
from config.named_files import files_of, read_named
from config.references import EventPath, Reference, Scaled, parse_event_path
from config.refusals import problems_of

Aggregate = Literal["count", "sum", "min", "max", "last", "first", "distinct"]
AGGREGATES: Final[tuple[Aggregate, ...]] = get_args(Aggregate)
ALL: Final[EventPath] = ("*",)
"""The path of `count: "*"`: every event, whatever it carries."""


def _read_counted(raw: object) -> EventPath:
    return ALL if raw == "*" else parse_event_path(raw)


_Path = Annotated[EventPath, Reads(parse_event_path, {"type": "string"})]


class Trait(ConfigModel):
    """One trait. Exactly one aggregate is given; without `within_us` all of the customer's events count."""

    trait: Identifier
    description: StrictStr | None = None
    types: Types = Field(alias="event")
    where: Where | None = None
    within_us: Span | None = Field(default=None, alias="within")
    count: Annotated[EventPath, Reads(_read_counted, {"type": "string"})] | None = None
    sum: _Path | None = None
    min: _Path | None = None
    max: _Path | None = None
    last: _Path | None = None
    first: _Path | None = None
    distinct: _Path | None = None

    @property
    def aggregate(self) -> Aggregate:
        """What is worked out."""
        return next(each for each in AGGREGATES if getattr(self, each) is not None)

    @property
    def path(self) -> EventPath:
        """Of what it is worked out; `ALL` for the events themselves."""
        found: EventPath = getattr(self, self.aggregate)
        return found

    @model_validator(mode="after")
    def _can_be_worked_out(self) -> "Trait":
        findings = list(self._mistakes())
        if findings:
            raise validation_error("trait", findings)
        return self

    def _mistakes(self) -> Iterator[Finding]:
        written = [each for each in AGGREGATES if getattr(self, each) is not None]
        if len(written) != 1:
            what = "names no aggregate" if not written else f"names {' and '.join(written)}"
            yield Finding((), UNSHOWN, Refused(what, allowed=f"exactly one of {', '.join(AGGREGATES)}, of a path"))
        if self.distinct is not None and self.within_us is None:
            yield Finding(("distinct",), UNSHOWN, Refused("would grow for ever", allowed="beside within: T"))
        for comparison in comparisons(self.where):
            place = ("where", *comparison.location)
            if comparison.path[0] in ("$customer", "score"):
                shown = ".".join(comparison.path)
                yield Finding(place, shown, Refused("is not of the event itself", allowed="paths of the event"))
            value = comparison.value.reference if isinstance(comparison.value, Scaled) else comparison.value
            if isinstance(value, Reference):
                yield Finding(place, str(value), Refused("is not known to a trait", allowed="a literal"))


def load_traits(path: Path) -> tuple[Trait, ...]:
    """The traits of a file, or of a folder's `*.yaml`, by name. Raises `ConfigError` with all their problems."""
    taken = Refused("is already the name of a trait", allowed="another name")
    traits = read_named(files_of(path), _read, lambda trait: trait.trait, word="trait", taken=taken)
    return tuple(traits[name] for name in sorted(traits))


def _read(document: Document, _folder: Path) -> Trait:
    try:
        return Trait.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(problems_of(error, document.source)) from None
