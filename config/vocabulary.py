"""What each source calls things, and what we call them: `config/vocabulary/*.yaml`, one file a source.

Event types and the properties the triggers read get our names; every other name is snake_cased (`Trial Ended`
is `trial_ended`). Asked once or twice per event, so what was seen is remembered, up to a bound.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError

from config.documents import Document
from config.errors import ConfigError, Refused
from config.language.fields import Identifier, Label
from config.model import ConfigModel
from config.named_files import read_named
from config.numbers import number_of
from config.refusals import problems_of

ITEMS: Final = "products"
"""Our name for the list of products in an event; its elements are named like the event itself."""

# A source has a few hundred names. One that makes them up (an id inside the name) must not grow the memory.
_MOST_REMEMBERED: Final = 10_000

_WORD_END: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")


def snake_case(name: str) -> str:
    """`Trial Ended`, `TrialEnded`, `trial-ended` are `trial_ended`; a name of signs only stays."""
    words = _BETWEEN_WORDS.sub("_", _WORD_END.sub("_", name)).strip("_")
    return words.lower() or name


class Vocabulary:
    """One source's names. `types` and `properties` map the source's names to ours, in any spelling of case.

    `by_type` holds properties that mean something in events of one of our types only; `items` those inside
    the elements of `products`.
    """

    def __init__(
        self,
        *,
        types: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        by_type: Mapping[str, Mapping[str, str]] | None = None,
        items: Mapping[str, str] | None = None,
        numbers: frozenset[str] = frozenset(),
    ) -> None:
        everywhere = _snaked(properties or {})
        self._types = _snaked(types or {})
        self._names = _Names(everywhere)
        self._names_by_type = {each: _Names(everywhere | _snaked(own)) for each, own in (by_type or {}).items()}
        self._item_names = _Names(everywhere | _snaked(items or {}))
        self._numbers = numbers
        self._seen: dict[str, str] = {}

    def type(self, source_name: str) -> str:
        """Our event type for the source's."""
        known = self._seen.get(source_name)
        if known is None:
            snake = snake_case(source_name)
            known = self._types.get(snake, snake)
            if len(self._seen) < _MOST_REMEMBERED:
                self._seen[source_name] = known
        return known

    def properties(self, event_type: str, properties: dict[str, Any]) -> dict[str, Any]:
        """A copy with our names and with numbers for texts that are numbers; `event_type` is ours.

        Where two of the source's names would become one of ours, one that was ours already wins, then the
        first; the others keep the source's own. Values inside other objects are left as they are.
        """
        renamed = self._renamed(self._names_by_type.get(event_type, self._names), properties)
        items = renamed.get(ITEMS)
        if isinstance(items, list):
            renamed[ITEMS] = [self._renamed(self._item_names, e) if isinstance(e, dict) else e for e in items]
        return renamed

    def _renamed(self, names: "_Names", properties: dict[str, Any]) -> dict[str, Any]:
        renamed: dict[str, Any] = {}
        numbers = self._numbers
        for source_name, value in properties.items():
            name = names.of(source_name)
            if name != source_name and (name in properties or name in renamed):
                name = source_name
            if name in numbers and isinstance(value, str):
                number = number_of(value)
                value = value if number is None else number
            renamed[name] = value
        return renamed


class _Names:
    """The source's property names with ours, remembering those it was asked for."""

    def __init__(self, ours: dict[str, str]) -> None:
        self._ours = ours
        self._seen: dict[str, str] = {}

    def of(self, source_name: str) -> str:
        known = self._seen.get(source_name)
        if known is None:
            snake = snake_case(source_name)
            known = self._ours.get(snake, snake)
            if len(self._seen) < _MOST_REMEMBERED:
                self._seen[source_name] = known
        return known


class _VocabularyFile(ConfigModel):
    vocabulary: Identifier
    types: dict[str, Label] = Field(default_factory=dict)
    properties: dict[str, Label] = Field(default_factory=dict)
    by_type: dict[str, dict[str, Label]] = Field(default_factory=dict)
    items: dict[str, Label] = Field(default_factory=dict)
    numbers: tuple[Label, ...] = ()


def load_vocabularies(folder: Path) -> dict[str, Vocabulary]:
    """The vocabularies of a folder's `*.yaml`, by source. Raises `ConfigError` with all their problems."""
    taken = Refused("already has a file in this folder", allowed="one file a source")
    written = read_named(
        sorted(folder.glob("*.yaml")), _read, lambda file: file.vocabulary, word="vocabulary", taken=taken
    )
    return {
        source: Vocabulary(
            types=file.types,
            properties=file.properties,
            by_type=file.by_type,
            items=file.items,
            numbers=frozenset(file.numbers),
        )
        for source, file in written.items()
    }


def _read(document: Document, _folder: Path) -> _VocabularyFile:
    try:
        written = _VocabularyFile.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(problems_of(error, document.source)) from None
    problems = []
    seen: dict[str, str] = {}
    for name, ours in written.types.items():
        if seen.setdefault(snake_case(name), ours) != ours:
            refused = Refused("is another spelling of a name that means something else", allowed="one meaning a name")
            problems.append(document.source.problem(("types", name), ours, refused))
    if problems:
        raise ConfigError(problems)
    return written


def _snaked(names: Mapping[str, str]) -> dict[str, str]:
    return {snake_case(name): ours for name, ours in names.items()}
