"""Strict JSON: what every later reader of the same bytes (msgspec, orjson, ClickHouse) accepts alike.

msgspec checks the syntax of the parts it hands on unparsed, but neither their UTF-8 nor that a number fits a double,
so both are checked here, for a whole chunk in a few passes over its bytes.
"""

from __future__ import annotations

from typing import Any

import orjson

from operators.decode.messages import Undecodable
from operators.reasons import DeadReason

_FOLD_DIGITS = bytes.maketrans(b"123456789E", b"000000000e")
SHOWN = 120
"""How many characters of an offending value an error message quotes."""


def is_utf8(text: bytes) -> bool:
    """Whether these bytes are UTF-8 throughout."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def may_overflow(text: bytes) -> bool:
    """Whether there may be a number too large for a double: an exponent of three digits, or 309 digits on end.

    False is certain; true asks for a real parse.
    """
    folded = text.translate(_FOLD_DIGITS, b"+")
    return b"0e000" in folded or b"0" * 309 in folded


def parse(text: bytes) -> Any:
    """One JSON value, or ``Undecodable`` with where it breaks."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Undecodable(DeadReason.MALFORMED_JSON, str(error)) from None


def parse_object(text: bytes) -> dict[str, Any]:
    """One JSON object, or ``Undecodable``."""
    value = parse(text)
    if not isinstance(value, dict):
        raise Undecodable(
            DeadReason.UNKNOWN_ENVELOPE, f"expected a JSON object, got {shown(value)}; allowed: an object"
        )
    return value


def shown(value: Any) -> str:
    """A value as an error message quotes it: its repr, cut."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
