"""JSON text as decoders need it: its encoding, and parsing whose failure says where.

msgspec checks the syntax of the parts it hands on unparsed, but not their UTF-8.
"""

from __future__ import annotations

from typing import Any

import orjson

from operators.decode.messages import Undecodable
from operators.reasons import DeadReason

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
