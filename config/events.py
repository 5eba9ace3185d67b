"""What an event of a type must carry: `config/events/*.yaml`.

A type without a file may carry anything. One with a file is checked at the door, and what does not fit
becomes a dead letter with the text that `validate_json` returns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, PlainValidator, ValidationError, model_validator
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from config.documents import Document
from config.errors import ConfigError, Refused, shown
from config.language.fields import Flag, Label, NotEmpty
from config.model import ConfigModel, Finding, validation_error
from config.named_files import read_named
from config.numbers import NUMBER_PATTERN, number_of
from config.refusals import problems_of

PropertyType = Literal["string", "number", "integer", "boolean", "object", "array"]
_NUMERIC: Final = ("number", "integer")
_PYTHON_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
}


def _read_scalar(raw: object) -> object:
    if not isinstance(raw, str | int | float | bool):
        raise Refused("is not a value", allowed="a text, a number, true or false")
    return raw


def _read_bound(raw: object) -> object:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise Refused("is not a number", allowed="a number")
    return raw


_Bound = Annotated[float, PlainValidator(_read_bound)]


class PropertySchema(ConfigModel):
    """What one property may be. `null` counts as missing. A number may be sent as text (`"18.99"`)."""

    type: PropertyType
    required: Flag = False
    enum: Annotated[tuple[Annotated[Any, BeforeValidator(_read_scalar)], ...], NotEmpty] | None = None
    minimum: _Bound | None = None
    maximum: _Bound | None = None

    @property
    def allowed(self) -> str:
        """What is accepted, in words."""
        if self.enum is not None:
            return ", ".join(shown(each) for each in self.enum)
        bounds = [f"at least {self.minimum}"] if self.minimum is not None else []
        bounds += [f"at most {self.maximum}"] if self.maximum is not None else []
        return ", ".join([_a(self.type), *bounds])

    @model_validator(mode="after")
    def _can_be_met(self) -> "PropertySchema":
        findings = []
        for word, bound in (("minimum", self.minimum), ("maximum", self.maximum)):
            if bound is not None and self.type not in _NUMERIC:
                findings.append(
                    Finding((word,), bound, Refused(f"bounds {_a(self.type)}", allowed="beside type: number"))
                )
        if self.minimum is not None and self.maximum is not None and self.maximum < self.minimum:
            refused = Refused(f"is less than minimum, {self.minimum}", allowed=f"{self.minimum} or more")
            findings.append(Finding(("maximum",), self.maximum, refused))
        for index, each in enumerate(self.enum or ()):
            kinds = _PYTHON_TYPES.get(self.type, ())
            if not isinstance(each, kinds) or (isinstance(each, bool) and bool not in kinds):
                findings.append(Finding(("enum", index), each, Refused(f"is not {_a(self.type)}")))
        if findings:
            raise validation_error("property", findings)
        return self


class _EventFile(ConfigModel):
    event: Label
    customer_id: Literal["required", "optional"] = "required"
    properties: dict[str, PropertySchema] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventSchema:
    """The schema of one event type, compiled once and asked per event."""

    event: str
    customer_id_required: bool
    properties: Mapping[str, PropertySchema]
    numbers: frozenset[str]
    _validator: SchemaValidator = field(repr=False, compare=False)

    def validate_json(self, raw: bytes) -> str | None:
        """`None` if the JSON object of the properties fits, else why not: path, value, what is allowed."""
        try:
            self._validator.validate_json(raw)
        except ValidationError as error:
            return self._reason(error)
        return None

    def coerce(self, properties: dict[str, Any]) -> dict[str, Any]:
        """`properties` with numbers for the texts that should be; a copy only where one changes."""
        changed = properties
        for name in self.numbers:
            value = properties.get(name)
            if isinstance(value, str):
                number = number_of(value)
                if number is not None:
                    changed = changed if changed is not properties else dict(properties)
                    changed[name] = number
        return changed

    def _reason(self, error: ValidationError) -> str:
        first = error.errors(include_url=False)[0]
        if not first["loc"]:
            if first["type"] == "json_invalid":
                return "properties: is not JSON; allowed: an object"
            return f"properties: {shown(first['input'])} is not an object; allowed: an object"
        name = str(first["loc"][0])
        allowed = self.properties[name].allowed
        if first["type"] == "missing":
            return f"properties.{name}: is missing; allowed: {allowed}"
        return f"properties.{name}: {shown(first['input'])} does not fit; allowed: {allowed}"


def load_event_schemas(folder: Path) -> dict[str, EventSchema]:
    """The schemas of a folder's `*.yaml`, by event type. Raises `ConfigError` with all their problems."""
    taken = Refused("already has a schema in this folder", allowed="one file an event type")
    return read_named(sorted(folder.glob("*.yaml")), _schema, lambda schema: schema.event, word="event", taken=taken)


def _schema(document: Document, _folder: Path) -> EventSchema:
    return _compile(_read(document))


def _read(document: Document) -> _EventFile:
    try:
        return _EventFile.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(problems_of(error, document.source)) from None


def _compile(written: _EventFile) -> EventSchema:
    fields = {
        name: core_schema.typed_dict_field(_property_schema(each), required=each.required)
        for name, each in written.properties.items()
    }
    return EventSchema(
        event=written.event,
        customer_id_required=written.customer_id == "required",
        properties=written.properties,
        numbers=frozenset(name for name, each in written.properties.items() if each.type in _NUMERIC),
        _validator=SchemaValidator(core_schema.typed_dict_schema(fields, extra_behavior="ignore")),
    )


def _property_schema(written: PropertySchema) -> CoreSchema:
    schema = _value_schema(written)
    return schema if written.required else core_schema.nullable_schema(schema)


def _value_schema(written: PropertySchema) -> CoreSchema:
    if written.enum is not None:
        return core_schema.literal_schema(list(written.enum))
    match written.type:
        case "string":
            return core_schema.str_schema(strict=True)
        case "boolean":
            return core_schema.bool_schema(strict=True)
        case "object":
            return core_schema.dict_schema()
        case "array":
            return core_schema.list_schema()
        case "number":
            return _number_schema(written, core_schema.float_schema(strict=True, allow_inf_nan=False))
        case "integer":
            whole = core_schema.float_schema(strict=True, multiple_of=1, allow_inf_nan=False)
            return _number_schema(written, core_schema.union_schema([core_schema.int_schema(strict=True), whole]))


def _number_schema(written: PropertySchema, number: CoreSchema) -> CoreSchema:
    """A number inside the bounds, or a text that is one."""
    bounds: CoreSchema = core_schema.float_schema(
        ge=written.minimum,
        le=written.maximum,
        multiple_of=1 if written.type == "integer" else None,
        allow_inf_nan=False,
    )
    text = core_schema.chain_schema([core_schema.str_schema(strict=True, pattern=NUMBER_PATTERN), bounds])
    return core_schema.union_schema([core_schema.chain_schema([number, bounds]), text], mode="left_to_right")


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aio" else f"a {noun}"
