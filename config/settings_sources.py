"""Where settings come from: the environment over a YAML file, each value remembered with its place.

KAFKA_BOOTSTRAP_SERVERS, CLICKHOUSE_URL     the two names everybody knows
CT_KEY_GROUPS, CT_KAFKA__SASL_PASSWORD      everything else: CT_ and the key, __ between its parts
CT_TOPICS={"clicks": {"envelope": "auto"}}  mappings may be JSON, for names that a variable cannot have
CT_SETTINGS=settings.yaml                   the file, with the same keys
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from config.clickhouse_url import ClickHouseUrl
from config.documents import Source, read_document
from config.errors import UNSHOWN, ConfigError, Location, Problem, Refused, not_one_of
from config.refusals import in_file_order, refused_of

PREFIX: Final = "CT_"
FILE_VARIABLE: Final = "CT_SETTINGS"
WELL_KNOWN: Final[dict[str, Location]] = {
    "KAFKA_BOOTSTRAP_SERVERS": ("kafka", "bootstrap_servers"),
    "CLICKHOUSE_URL": ("clickhouse", "url"),
}
_ENVIRONMENT: Final = "environment"
# Whatever stands here may be or hold a password, also where it is misspelt or of the wrong shape.
_SECRET_KEYS: Final = ("password", "options", "url", "kafka", "clickhouse")


@dataclass(slots=True)
class Gathered:
    """The values of both sources as nested mappings, and who said what: `variables` by location."""

    values: dict[str, Any] = field(default_factory=dict)
    variables: dict[Location, str] = field(default_factory=dict)
    source: Source = field(default_factory=lambda: Source("settings", {}))
    problems: list[Problem] = field(default_factory=list)

    def problems_of(self, error: ValidationError) -> list[Problem]:
        """Every mistake of the error with the variable or the line it comes from."""
        problems = [
            self._problem(each["loc"], each["input"], refused_of(each)) for each in error.errors(include_url=False)
        ]
        return in_file_order(problems)

    def _problem(self, location: Location, value: object, refused: Refused) -> Problem:
        shown = UNSHOWN if not refused.shows_value or _may_be_secret(location) else value
        for length in range(len(location), 0, -1):
            variable = self.variables.get(location[:length])
            if variable is not None:
                return Problem(
                    _ENVIRONMENT, None, None, variable, shown, refused.message, refused.allowed, refused.hint
                )
        return self.source.problem(location, shown, refused)


def gather(model: type[BaseModel], environment: dict[str, str] | None = None) -> Gathered:
    """What the file and the environment say; an unknown variable is one of its `problems`."""
    environment = dict(os.environ) if environment is None else environment
    gathered = Gathered()
    file = environment.get(FILE_VARIABLE)
    if file is not None:
        try:
            document = read_document(Path(file))
            gathered.values, gathered.source = document.data, document.source
        except ConfigError as error:
            gathered.problems.extend(error.problems)
    for variable, text in environment.items():
        if variable in WELL_KNOWN:
            _put(gathered, WELL_KNOWN[variable], variable, text)
        elif variable.startswith(PREFIX) and variable != FILE_VARIABLE:
            location = _location_of(variable, model)
            if location is None:
                refused = not_one_of(variable, variables_of(model), "is not a setting")
                gathered.problems.append(
                    Problem(
                        _ENVIRONMENT,
                        None,
                        None,
                        variable,
                        UNSHOWN,
                        refused.message,
                        refused.allowed,
                        refused.hint,
                    )
                )
            else:
                _put(gathered, location, variable, text)
    return gathered


def variables_of(model: type[BaseModel], prefix: str = PREFIX) -> list[str]:
    """The names of all settings in the environment; `NAME` stands for a name of the user's own."""
    names = list(WELL_KNOWN) + [FILE_VARIABLE] if prefix == PREFIX else []
    known = {_variable(location) for location in WELL_KNOWN.values()}
    for word, annotation in _fields(model).items():
        inner, is_mapping = _inner_model(annotation)
        name = prefix + word.upper()
        if inner is None:
            names.append(name)
        elif is_mapping:
            names += [name, *variables_of(inner, f"{name}__NAME__")]
        else:
            names += variables_of(inner, f"{name}__")
    return [name for name in names if name not in known]


def _location_of(variable: str, model: type[BaseModel]) -> Location | None:
    """The key that a variable sets, or `None` if there is none."""
    location: list[str] = []
    current: type[BaseModel] | None = model
    parts = variable.removeprefix(PREFIX).lower().split("__")
    while parts:
        word = parts.pop(0)
        if current is None or word not in _fields(current):
            return None
        location.append(word)
        inner, is_mapping = _inner_model(_fields(current)[word])
        if is_mapping and parts:
            location.append(parts.pop(0))
        current = inner
    return None if tuple(location) in WELL_KNOWN.values() else tuple(location)


def _put(gathered: Gathered, location: Location, variable: str, text: str) -> None:
    """Sets the value in `values`, over what the file says there."""
    values = gathered.values
    for word in location[:-1]:
        inner = values.get(str(word))
        values[str(word)] = values = inner if isinstance(inner, dict) else {}
    values[str(location[-1])] = _value(text)
    gathered.variables[location] = variable


def _value(text: str) -> Any:
    """A mapping where the text is a JSON one, else the text."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _inner_model(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model that a field holds, and whether it holds several by name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for argument in get_args(annotation):
        inner, _ = _inner_model(argument)
        if inner is not None:
            return inner, True
    return None, False


def _variable(location: Location) -> str:
    return PREFIX + "__".join(str(part).upper() for part in location)


def _may_be_secret(location: Location) -> bool:
    return (bool(location) and any(word in str(location[-1]).lower() for word in _SECRET_KEYS)) or "options" in location


__all__ = ["ClickHouseUrl", "Gathered", "SecretStr", "gather", "variables_of"]
