"""What may be done to a message before it goes back. Pure.

What a repair does not touch keeps its text: numbers keep all their digits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final

import msgspec

from config.errors import Refused

Function = Callable[[bytes], bytes | None]

_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Irreparable(Exception):
    """This message cannot be repaired this way; the text says why."""


@dataclass(frozen=True)
class Change:
    """Sets the value at a path (dots between the names) to this JSON text, or drops it where that is None."""

    path: tuple[str, ...]
    value: bytes | None

    def __call__(self, message: bytes) -> bytes:
        """Objects on the way to a value are made where they are missing. Raises `Irreparable`."""
        return self._changed(message, self.path)

    def _changed(self, text: bytes, path: Sequence[str]) -> bytes:
        try:
            members = _members.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            where = ".".join(self.path[: len(self.path) - len(path)]) or "the message"
            raise Irreparable(f"{where} is no JSON object, so {'.'.join(self.path)} cannot be changed") from None
        name, rest = path[0], path[1:]
        if self.value is None and name not in members:
            return text
        if rest:
            members[name] = msgspec.Raw(self._changed(bytes(members.get(name, b"{}")), rest))
        elif self.value is None:
            del members[name]
        else:
            members[name] = msgspec.Raw(self.value)
        return msgspec.json.encode(members)


@dataclass(frozen=True)
class Repair:
    """The function first, which may make JSON of what is none; then the changes in their order."""

    function: Function | None = None
    changes: tuple[Change, ...] = ()

    def __call__(self, message: bytes) -> bytes | None:
        """The message to send; None to leave it where it is. Raises `Irreparable`."""
        if self.function is not None:
            repaired = _called(self.function, message)
            if repaired is None:
                return None
            message = repaired
        for change in self.changes:
            message = change(message)
        return message


def _called(function: Function, message: bytes) -> bytes | None:
    try:
        repaired = function(message)
    except Exception as error:  # whatever it is, it is about this one message
        raise Irreparable(f"the repair raised {type(error).__name__}: {error}") from error
    if repaired is not None and not isinstance(repaired, bytes):
        raise Irreparable(f"the repair gave {type(repaired).__name__}; allowed: bytes, or None to leave it")
    return repaired


def read_set(text: str) -> Change:
    """``path=value``; the value is JSON, or else a text. Raises `Refused`."""
    path, equals, value = text.partition("=")
    if not equals:
        raise Refused("has no =", allowed="path=value, e.g. properties.currency=EUR")
    try:
        json.loads(value)
    except ValueError:
        return Change(_path(path), json.dumps(value).encode())
    return Change(_path(path), value.encode())


def read_drop(text: str) -> Change:
    """A path. Raises `Refused`."""
    return Change(_path(text), None)


def read_function(text: str) -> Function:
    """``module:function``. Raises `Refused`."""
    module, colon, name = text.partition(":")
    if not colon or not module or not name:
        raise Refused("does not name a function", allowed="module:function, e.g. repairs:add_currency")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise Refused(f"cannot be imported: {error}", allowed="a function of a module that Python finds") from None
    if not callable(function):
        raise Refused("is not a function", allowed="a function that takes bytes and gives bytes or None")
    found: Function = function
    return found


def _path(text: str) -> tuple[str, ...]:
    names = tuple(text.split("."))
    if not all(names):
        raise Refused("is not a path", allowed="names with dots between, e.g. properties.currency")
    return names
