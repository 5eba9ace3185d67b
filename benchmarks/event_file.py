"""Reads what the rule asks for out of a file of canonical JSON lines, plain or compressed."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import orjson
import zstandard

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Event(NamedTuple):
    """`arrival` is the line's number: sorted, events stand in the order of processing."""

    time_ms: int
    arrival: int
    customer: str
    type: str
    event_id: str


def read_events(path: Path) -> Iterator[Event]:
    """In order of arrival."""
    with _opened(path) as file:
        for arrival, line in enumerate(file):
            fields = orjson.loads(line)
            yield Event(
                epoch_ms(fields["event_time"]),
                arrival,
                fields["customer_id"],
                fields["type"],
                fields["event_id"],
            )


def epoch_ms(text: str) -> int:
    """`2026-01-05T10:00:00.120Z` as epoch milliseconds."""
    return (datetime.fromisoformat(text) - _EPOCH) // _MS


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    if path.suffix == ".zst":
        return io.BufferedReader(cast(io.RawIOBase, zstandard.open(path, "rb")))
    return path.open("rb")
