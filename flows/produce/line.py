"""What a line says of itself, whatever its envelope: the key it belongs under, and when it happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
import orjson

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KEYS: Final = ("customer_id", "userId", "anonymousId", "customerid", "subject", "partitionkey")
"""Canonical, Segment, CloudEvents: in the order in which the decoders ask for a customer."""
_TIMES: Final = ("event_time", "timestamp", "originalTimestamp", "receivedAt", "time")


class Line(NamedTuple):
    """One line as it will be produced. ``time_us`` None: it names no time that can be read."""

    value: bytes
    key: bytes | None
    time_us: int | None


class _Named(msgspec.Struct, gc=False):
    """The fields looked at; of anything, because a line may be garbage and is produced all the same."""

    customer_id: Any = None
    userId: Any = None
    anonymousId: Any = None
    customerid: Any = None
    subject: Any = None
    partitionkey: Any = None
    event_time: Any = None
    timestamp: Any = None
    originalTimestamp: Any = None
    receivedAt: Any = None
    time: Any = None


_decode: Final = msgspec.json.Decoder(_Named).decode


def read_line(value: bytes) -> Line:
    """A line with its key and its time; both None where it is no JSON object."""
    try:
        named = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Line(value, None, None)
    return Line(value, _key(named), next(_times(named), (None, "", None))[0])


def keyed_line(value: bytes) -> Line:
    """The same without the time, which costs as much again and is not asked for where nothing is spaced."""
    try:
        return Line(value, _key(_decode(value)), None)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Line(value, None, None)


def shifted(lines: Iterable[Line], now_us: Callable[[], int]) -> Iterator[Line]:
    """The lines with their times moved by one distance, so that the first time is the moment it is produced."""
    by_us: int | None = None
    for line in lines:
        if line.time_us is not None:
            by_us = now_us() - line.time_us if by_us is None else by_us
            line = _moved(line, by_us)
        yield line


def _key(named: _Named) -> bytes | None:
    customer_id = named.customer_id
    if type(customer_id) is str and customer_id:
        return _utf8(customer_id)
    for name in _KEYS[1:]:
        value = getattr(named, name)
        if type(value) is str and value:
            return _utf8(value)
    return None


def _utf8(text: str) -> bytes | None:
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write
        return None


def _times(named: _Named) -> Iterator[tuple[int, str, Any]]:
    """(µs, field, as it was written) of each field that holds a time."""
    for name in _TIMES:
        value = getattr(named, name)
        if type(value) is int:
            yield value * 1_000, name, value
        elif type(value) is str:
            try:
                time = datetime.fromisoformat(value)
            except ValueError:
                continue
            if time.tzinfo is not None:
                yield (time - _EPOCH) // timedelta(microseconds=1), name, value


def _moved(line: Line, by_us: int) -> Line:
    time_us, name, written = next(_times(_decode(line.value)))
    time_us += by_us
    try:
        event = orjson.loads(line.value)
        event[name] = (
            time_us // 1_000
            if isinstance(written, int)
            else (_EPOCH + timedelta(microseconds=time_us)).isoformat(timespec="microseconds")
        )
        return Line(orjson.dumps(event), line.key, time_us)
    except (ValueError, TypeError, OverflowError):  # what orjson refuses, or a time beyond the year 9999
        return line
