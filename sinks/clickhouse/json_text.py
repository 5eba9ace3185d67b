"""JSON that ClickHouse refuses, made into JSON that it takes.

What a trigger can read is not always what a JSON column can hold: a key given twice, a number beyond a double, a half
surrogate, `{"a": {"b": 1}, "a.b": 2}`. One such row would refuse a whole INSERT, for ever. So when ClickHouse says no,
every text of the batch goes through here once, and the INSERT is made again.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sinks.json_bytes import json_bytes


def acceptable(text: str) -> str:
    """The same object as ClickHouse can store it. Of a key given twice the last value counts, as for triggers.

    What cannot be stored as it is becomes ``{"_text": "…"}``, the text itself: nothing is dropped.
    """
    try:
        value = msgspec.json.decode(text, type=dict[str, Any])
        if _collides(value):
            return quoted(text)
        return json_bytes(value).decode()
    except (msgspec.DecodeError, RecursionError, ValueError):
        return quoted(text)


def quoted(text: str) -> str:
    """An object that holds the text itself: what any JSON column takes."""
    return json_bytes({"_text": text}).decode()


def _collides(value: Any, prefix: str = "", seen: set[str] | None = None) -> bool:
    """Whether two values have one path, a dot in a key being the same to ClickHouse as a level."""
    if isinstance(value, list):
        return any(_collides(item) for item in value)
    if not isinstance(value, dict):
        return False
    paths = set() if seen is None else seen
    for key, member in value.items():
        path = f"{prefix}{key}"
        if isinstance(member, dict):
            if _collides(member, f"{path}.", paths):
                return True
            continue
        if path in paths or _collides(member):
            return True
        paths.add(path)
    return False
