"""The base of all models of written configuration, and how one reader reports several mistakes at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, core_schema

from config.errors import UNSHOWN, Location, Refused, nearest_word, not_one_of


class Finding(NamedTuple):
    """A refusal with its place below the value being read."""

    location: Location
    value: object
    refused: Refused


def validation_error(title: str, findings: Sequence[Finding]) -> ValidationError:
    """The findings as one pydantic error; raised inside a validator, they stand below that value's place."""
    return ValidationError.from_exception_data(title, [_details(finding) for finding in findings])


@dataclass(frozen=True, eq=False)
class Reads:
    """Annotates a field type: `function` reads the written value, which `schema` describes.

    Unlike pydantic's `PlainValidator` it never looks at the type it reads into, which may be recursive.
    """

    function: Callable[[Any], Any]
    schema: JsonSchemaValue

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.function)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(self.schema)


class ConfigModel(BaseModel):
    """A frozen part of the configuration, read by its YAML words.

    A word it does not know is refused with the nearest one it does, and so is a word with nothing after it (a
    `where:` whose conditions slipped out of it would ask nothing), beside whatever else is wrong here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """The keys this part may have, as they are written in YAML."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_unknown_and_empty(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, dict):
            return handler(data)
        words = cls.words()
        findings = [_odd_word(word, words) for word, value in data.items() if word not in words or value is None]
        if not findings:
            return handler(data)
        odd = {finding.location[0] for finding in findings}
        # `versio: 1` is one mistake, and not also a missing `version`.
        meant = odd | {nearest_word(word, words) for word in odd}
        errors = [_details(finding) for finding in findings]
        try:
            handler({word: value for word, value in data.items() if word not in odd})
        except ValidationError as error:
            errors += [
                InitErrorDetails(type=e["type"], loc=e["loc"], input=e["input"], ctx=e.get("ctx", {}))
                for e in error.errors(include_url=False)
                if e["type"] != "missing" or e["loc"][0] not in meant
            ]
        raise ValidationError.from_exception_data(cls.__name__, errors)


def _odd_word(word: str, words: tuple[str, ...]) -> Finding:
    if word in words:
        return Finding((word,), UNSHOWN, Refused("is empty", allowed="a value, or the line left out"))
    unknown = not_one_of(word, words, "is not known here")
    return Finding((word,), UNSHOWN, unknown)


def _details(finding: Finding) -> InitErrorDetails:
    return InitErrorDetails(
        type="value_error", loc=finding.location, input=finding.value, ctx={"error": finding.refused}
    )
