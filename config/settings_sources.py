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

from pydantic import BaseModel, ValidationError

from config.documents import Document, Source, read_document
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
_SECRET_KEYS: Final = ("password", "secret", "token", "options", "url", "kafka", "clickhouse")


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
                return _variable_problem(variable, shown, refused)
        return self.source.problem(location, shown, refused)


def gather(model: type[BaseModel], environment: dict[str, str] | None = None) -> Gathered:
    """What the file and the environment say; what nobody knows or left empty is in its `problems`."""
    environment = dict(os.environ) if environment is None else environment
    gathered = Gathered()
    file = environment.get(FILE_VARIABLE)
    if file is not None:
        try:
            document = read_document(Path(file))
        except ConfigError as error:
            gathered.problems.extend(error.problems)
        else:
            gathered.values, gathered.source = _known(document, model, gathered.problems), document.source
    # By name, so that a mapping as a whole (CT_TOPICS) comes before its parts (CT_TOPICS__CLICKS__ENVELOPE).
    for variable, text in sorted(environment.items()):
        if variable in WELL_KNOWN:
            _put(gathered, WELL_KNOWN[variable], variable, text)
        elif variable.startswith(PREFIX) and variable != FILE_VARIABLE:
            location = _location_of(variable, model)
            if location is None:
                gathered.problems.append(_variable_problem(variable, UNSHOWN, _unknown_variable(variable, model)))
            else:
                _put(gathered, location, variable, text)
    return gathered


def variables_of(model: type[BaseModel], prefix: str = PREFIX) -> list[str]:
    """The names of all settings in the environment; `NAME` stands for a name of the user's own."""
    names = [*WELL_KNOWN, FILE_VARIABLE] if prefix == PREFIX else []
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


def _known(document: Document, model: type[BaseModel], problems: list[Problem]) -> dict[str, Any]:
    """The file's values without its unknown and empty keys at the top, which are refused."""
    known = {}
    words = tuple(_fields(model))
    for word, value in document.data.items():
        if word in words and value is not None:
            known[word] = value
        else:
            empty = Refused("is empty", allowed="a value, or the line left out")
            refused = empty if word in words else not_one_of(word, words, "is not a setting")
            problems.append(document.source.problem((word,), UNSHOWN, refused))
    return known


def _unknown_variable(variable: str, model: type[BaseModel]) -> Refused:
    for well_known, location in WELL_KNOWN.items():
        if variable == _variable(location):
            return Refused("is not a setting", allowed=well_known, hint=f"did you mean {well_known}?")
    return not_one_of(variable, variables_of(model), "is not a setting")


def _variable_problem(variable: str, value: object, refused: Refused) -> Problem:
    return Problem(_ENVIRONMENT, None, None, variable, value, refused.message, refused.allowed, refused.hint)


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
