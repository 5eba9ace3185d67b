"""What a configuration file may be refused for, and the one way of saying it.

    ValueError
    └── Refused        one value does not fit: raised where it is read, knows no file
    Exception
    └── ConfigError    all the problems of all the files read, each with its place

A reader raises `Refused`; whoever knows the file turns it into a `Problem`.
"""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

Location = tuple[str | int, ...]

# Longer values say no more about the mistake and hide the sentence after them.
_LONGEST_VALUE: Final = 80


class _Unshown(Enum):
    UNSHOWN = "no value to show"


UNSHOWN: Final = _Unshown.UNSHOWN
"""The value of a problem that is about something missing, or that must not be printed."""


class Refused(ValueError):
    """One value that cannot be accepted.

    `message` reads on from the value ("is not a duration"); `allowed` says what would be accepted, `hint` the
    way out as a sentence of its own ("did you mean 30m?"). Without `shows_value` the value is not printed.
    """

    def __init__(
        self, message: str, *, allowed: str | None = None, hint: str | None = None, shows_value: bool = True
    ) -> None:
        super().__init__(message)
        self.message = message
        self.allowed = allowed
        self.hint = hint
        self.shows_value = shows_value

    def __str__(self) -> str:
        return "; ".join(_parts(self.message, self.allowed, self.hint))


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, with where it stands. `line` and `column` count from 1; `None` where there is no text."""

    file: str
    line: int | None
    column: int | None
    path: str
    value: object
    message: str
    allowed: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        path = f"{self.path}: " if self.path else ""
        value = "" if self.value is UNSHOWN else f"{shown(self.value)} "
        return f"{place}: {path}{value}" + "; ".join(_parts(self.message, self.allowed, self.hint))


class ConfigError(Exception):
    """Configuration that cannot work; its text is one line a problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def shown(value: object) -> str:
    """`value` as one short line of JSON."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def path_text(location: Location) -> str:
    """`("match", "steps", 1, "within")` as `match.steps[1].within`."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def nearest_word(word: object, words: Iterable[str]) -> str | None:
    """The word most like `word` in any case of its letters, or `None` when nothing is near."""
    lowered = {each.lower(): each for each in words}
    found = difflib.get_close_matches(str(word).lower(), list(lowered), n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def nearest(word: object, words: Iterable[str]) -> str | None:
    """`did you mean …?` for the word most like `word`, or `None` when nothing is near."""
    found = nearest_word(word, words)
    return None if found is None else f"did you mean {found}?"


def not_one_of(word: object, words: Iterable[str], message: str = "is not one of the words here") -> Refused:
    """The refusal of `word` where only `words` are known, with the nearest of them."""
    words = list(words)
    return Refused(message, allowed=", ".join(words), hint=nearest(word, words))


def _parts(message: str, allowed: str | None, hint: str | None) -> list[str]:
    parts = [message]
    if allowed:
        parts.append(f"allowed: {allowed}")
    if hint:
        parts.append(hint)
    return parts
