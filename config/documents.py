"""YAML 1.2 files with the place of everything in them.

The text is composed into nodes by ruamel.yaml and read here by the rules of YAML's core schema, and by no
others: `NO` is a country, `21:00` and `2026-01-05` are text, a repeated key is an error.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from config.errors import UNSHOWN, ConfigError, Location, Problem, Refused, path_text

_TAG: Final = "tag:yaml.org,2002:"
_TAGS: Final = {_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")}
_NULLS: Final = {"", "~", "null", "Null", "NULL"}
_TRUE: Final = {"true", "True", "TRUE"}
_FALSE: Final = {"false", "False", "FALSE"}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+", re.ASCII)
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
# Python refuses to read longer decimal integers; no setting and no price has this many digits.
_MOST_DIGITS: Final = 400


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where the parts of one document stand: `positions` by their path."""

    file: str
    positions: Mapping[Location, Position] = field(repr=False)

    def position(self, location: Location) -> Position | None:
        """The place of a part, or of the nearest part around it that is written."""
        for length in range(len(location), -1, -1):
            found = self.positions.get(location[:length])
            if found is not None:
                return found
        return None

    def problem(self, location: Location, value: object, refused: Refused) -> Problem:
        """The refusal of the value at `location`, with its place."""
        position = self.position(location)
        return Problem(
            file=self.file,
            line=None if position is None else position.line,
            column=None if position is None else position.column,
            path=path_text(location),
            value=value if refused.shows_value else UNSHOWN,
            message=refused.message,
            allowed=refused.allowed,
            hint=refused.hint,
        )


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: plain dicts, lists, text, numbers, and where they stand."""

    data: Any
    source: Source


@dataclass(frozen=True, slots=True)
class Salvaged:
    """A document with mistakes in its YAML: the values at `unread` are not what was written, nor are they missing."""

    document: Document
    problems: tuple[Problem, ...]
    unread: tuple[Location, ...]


def read_document(path: Path) -> Document:
    """The YAML document in a file. Raises `ConfigError`."""
    return parse_document(text_of(path), str(path))


def text_of(path: Path) -> str:
    """The text of a file. Raises `ConfigError`."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        refused = Refused(f"cannot be read: {error.strerror}", allowed="a YAML file")
    except UnicodeDecodeError:
        refused = Refused("is not UTF-8 text", allowed="a YAML file")
    raise ConfigError([Source(str(path), {}).problem((), UNSHOWN, refused)])


def parse_document(text: str, file: str) -> Document:
    """The YAML document in a text; `file` is what problems call it. Raises `ConfigError`."""
    salvaged = salvage(text, file)
    if salvaged.problems:
        raise ConfigError(salvaged.problems)
    return salvaged.document


def salvage(text: str, file: str) -> Salvaged:
    """What can be read of a text, with what cannot. Raises `ConfigError` where that is nothing."""
    try:
        node = YAML(pure=True).compose(text)
    except YAMLError as error:
        raise ConfigError([_syntax_problem(error, file)]) from None
    reader = _Reader(file)
    data = None if node is None else reader.read(node, (), ())
    source = Source(file, reader.positions)
    if not isinstance(data, dict):
        refused = Refused("is empty" if data is None else "is not a mapping", allowed="NAME: VALUE lines")
        raise ConfigError(reader.problems or [source.problem((), UNSHOWN, refused)])
    return Salvaged(Document(data, source), tuple(reader.problems), tuple(reader.unread))


class _Reader:
    """Turns nodes into values, keeping positions and collecting what it cannot read."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.positions: dict[Location, Position] = {}
        self.problems: list[Problem] = []
        self.unread: list[Location] = []

    def read(self, node: Node, location: Location, around: tuple[int, ...]) -> Any:
        """The value of `node`; `around` are the nodes it lies in, by identity."""
        self.positions.setdefault(location, _position(node))
        if id(node) in around:
            return self._unread(node, location, Refused("contains itself", allowed="an alias of something else"))
        if node.tag is not None and str(node.tag) not in _TAGS:
            # It is read as if it had none, so that what else is wrong in it is said as well.
            self._refuse(node, location, Refused(f"has the tag {node.tag}", allowed="values without a tag"))
        around = (*around, id(node))
        if isinstance(node, MappingNode):
            return dict(self._entries(node, location, around))
        if isinstance(node, SequenceNode):
            return [self.read(each, (*location, index), around) for index, each in enumerate(node.value)]
        return self._scalar(node, location) if isinstance(node, ScalarNode) else None

    def _entries(self, node: MappingNode, location: Location, around: tuple[int, ...]) -> Iterator[tuple[str, Any]]:
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            here = (*location, str(key_node.value))
            if not isinstance(key_node, ScalarNode) or str(key_node.tag) not in _TAGS:
                allowed = "a plain name" if isinstance(key_node, ScalarNode) else "a name, not a list or mapping"
                self._refuse(key_node, location, Refused("has a key that is no name", allowed=allowed))
                continue
            key = str(key_node.value)
            if key in lines:
                refused = Refused(f"is written twice, first in line {lines[key]}", allowed="each key once")
                self._refuse(key_node, here, refused)
                continue
            lines[key] = _position(key_node).line
            self.positions[here] = _position(key_node)
            yield key, self.read(value_node, here, around)

    def _scalar(self, node: ScalarNode, location: Location) -> Any:
        text = str(node.value)
        if node.style is not None or str(node.tag) == _TAG + "str":
            return text
        value = core_value(text)
        if isinstance(value, float) and not math.isfinite(value):
            return self._unread(node, location, Refused("is too large a number", allowed="a finite number"))
        return value

    def _unread(self, node: Node, location: Location, refused: Refused) -> None:
        self.unread.append(location)
        self._refuse(node, location, refused)

    def _refuse(self, node: Node, location: Location, refused: Refused) -> None:
        position = _position(node)
        self.problems.append(Source(self._file, {location: position}).problem(location, UNSHOWN, refused))


def core_value(text: str) -> str | int | float | bool | None:
    """A plain scalar by the core schema of YAML 1.2, without its words for infinity and not-a-number."""
    if text in _NULLS:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if len(text) > _MOST_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _position(node: Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


def _syntax_problem(error: YAMLError, file: str) -> Problem:
    mark = (error.problem_mark or error.context_mark) if isinstance(error, MarkedYAMLError) else None
    reason = error.problem if isinstance(error, MarkedYAMLError) and error.problem else str(error).splitlines()[0]
    if mark is None:
        return Problem(file, None, None, "", UNSHOWN, f"is not YAML: {reason}")
    return Problem(file, mark.line + 1, mark.column + 1, "", UNSHOWN, f"is not YAML: {reason}")
