"""Texts inside the columns of an INSERT, whatever they are nested in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sinks.clickhouse.tables import Columns


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The same with each text in it changed."""
    if isinstance(value, str):
        return change(value)
    return [mapped(each, change) for each in value] if isinstance(value, list | tuple) else value


def encodable(columns: Columns) -> Columns:
    """The same with half surrogates replaced: JSON can bring one into any text, and no encoder takes it."""
    return [mapped(column, lambda text: text.encode("utf-8", "replace").decode()) for column in columns]
