"""The JSON Schema of a trigger file, for editors: `python -m config.check --schema > trigger.schema.json`."""

from typing import Any, Final

from config.language.conditions import GROUPS, OPERATORS, WHERE_SCHEMA
from config.language.trigger import Trigger

_VALUE: Final = {"type": ["string", "number", "boolean"]}
_LIST: Final = {"anyOf": [{"type": "array", "items": _VALUE, "minItems": 1}, {"type": "string"}]}
_VALUE_SCHEMAS: Final = {"in": _LIST, "not_in": _LIST, "exists": {"type": "boolean"}, "matches": {"type": "string"}}
_WHERE_REFERENCE: Final = {"$ref": "#/$defs/Where"}


def trigger_schema() -> dict[str, Any]:
    """The schema of what is written: durations as text, conditions as nested mappings, no empty words."""
    schema = _tidied(Trigger.model_json_schema())
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$defs"]["Where"] = _where_schema()
    return dict(schema)


def _where_schema() -> dict[str, Any]:
    operators = {operator: _VALUE_SCHEMAS.get(operator, _VALUE) for operator in OPERATORS}
    group = {"type": "array", "items": _WHERE_REFERENCE, "minItems": 1}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {word: _WHERE_REFERENCE if word == "not" else group for word in GROUPS},
        "additionalProperties": {
            "type": "object",
            "properties": operators,
            "additionalProperties": False,
            "minProperties": 1,
        },
    }


def _tidied(part: Any) -> Any:
    """Conditions by name; and no `null`, which a word left out has in Python and may not have in YAML."""
    if part == WHERE_SCHEMA:
        return _WHERE_REFERENCE
    if isinstance(part, list):
        return [_tidied(each) for each in part if each != {"type": "null"}]
    if isinstance(part, dict):
        return {word: _tidied(each) for word, each in part.items() if word != "default" or each is not None}
    return part
