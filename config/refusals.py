"""What pydantic found wrong, in the words of `config.errors`, with the place in the document."""

import re
from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError

from config.documents import Source
from config.errors import UNSHOWN, Location, Problem, Refused, nearest

_QUOTED: Final = re.compile(r"'([^']*)'")

# pydantic's error type -> what the value is not, and what would be accepted.
_SHAPES: Final = {
    "string_type": ("is not a text", "a text"),
    "int_type": ("is not a whole number", "a whole number"),
    "int_parsing": ("is not a whole number", "a whole number"),
    "int_from_float": ("is not a whole number", "a whole number"),
    "float_type": ("is not a number", "a number"),
    "float_parsing": ("is not a number", "a number"),
    "bool_type": ("is not an answer", "true, false"),
    "bool_parsing": ("is not an answer", "true, false"),
    "tuple_type": ("is not a list", "a list"),
    "list_type": ("is not a list", "a list"),
    "dict_type": ("is not a mapping", "NAME: VALUE lines"),
    "model_type": ("is not a mapping", "NAME: VALUE lines"),
}


def problems_of(error: ValidationError, source: Source) -> list[Problem]:
    """Every mistake in the error, each at its place, in the order of the file."""
    return in_file_order(_problem(each, source) for each in error.errors(include_url=False))


def in_file_order(problems: Iterable[Problem]) -> list[Problem]:
    """The problems of one file from its first line to its last."""
    return sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0))


def refused_of(error: Any) -> Refused:
    """One of pydantic's line errors as a refusal."""
    context = error.get("ctx", {})
    reason = context.get("error")
    if isinstance(reason, Refused):
        return reason
    kind = error["type"]
    if kind == "missing":
        return Refused("is missing", shows_value=False)
    if kind == "literal_error":
        words = _QUOTED.findall(context["expected"])
        return Refused("is not one of the words here", allowed=", ".join(words), hint=nearest(error["input"], words))
    if kind in ("string_too_short", "too_short"):
        return Refused("is empty", allowed="at least one")
    if kind == "greater_than_equal":
        return Refused("is too small", allowed=f"{context['ge']} or more")
    if kind == "less_than_equal":
        return Refused("is too large", allowed=f"{context['le']} or less")
    if kind in _SHAPES:
        message, allowed = _SHAPES[kind]
        return Refused(message, allowed=allowed)
    return Refused(str(error["msg"]).removeprefix("Value error, "))


def _problem(error: Any, source: Source) -> Problem:
    location: Location = error["loc"]
    refused = refused_of(error)
    return source.problem(location, error["input"] if refused.shows_value else UNSHOWN, refused)
