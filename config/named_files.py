"""Folders in which each file declares one thing by name: event schemas, vocabularies, traits, scores."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from config.documents import Document, read_document
from config.errors import ConfigError, Problem, Refused

Declared = TypeVar("Declared")


def files_of(path: Path) -> list[Path]:
    """A file itself, or a folder's `*.yaml` in order."""
    return sorted(path.glob("*.yaml")) if path.is_dir() else [path]


def read_named(
    files: Iterable[Path],
    read: Callable[[Document, Path], Declared],
    name_of: Callable[[Declared], str],
    *,
    word: str,
    taken: Refused,
) -> dict[str, Declared]:
    """What the files declare, by name; `read` gets a file's document and its folder.

    `word` is where a file says the name, `taken` the refusal of one that another file has. Raises `ConfigError` with
    the problems of all files.
    """
    problems: list[Problem] = []
    found: dict[str, Declared] = {}
    for file in files:
        try:
            document = read_document(file)
            declared = read(document, file.parent)
        except ConfigError as error:
            problems += error.problems
            continue
        name = name_of(declared)
        if name in found:
            problems.append(document.source.problem((word,), name, taken))
        found[name] = declared
    if problems:
        raise ConfigError(problems)
    return found
