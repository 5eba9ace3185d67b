"""What one owner has open in one trigger, as bytes. Part of the format of ``operators.state``.

First, in 12 bytes, when it is due and how many matches are open; then in MessagePack ``[runs, more]``. A run is its
fields in the order below, with times counted from each other; ``front`` and ``more`` are None in all but the triggers
that need them. Captures are as ``operators.repetition`` describes them, their tuples lists.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

import msgspec

from operators.repetition import Captured
from operators.runs import Front, Held, KeyState, More, Run, Watch

_HEAD = Struct("<qI")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(strict=False).decode


def packed(state: KeyState) -> bytes:
    """The state, which changes no more."""
    runs, more = state.runs, state.more
    plain = ([_plain_run(run) for run in runs], None if more is None else _plain_more(more))
    return _HEAD.pack(state.due_us, len(runs)) + _encode(plain)


def unpacked(at_rest: bytes) -> KeyState:
    """The inverse of ``packed``."""
    state = KeyState()
    state.due_us, state.counted = _HEAD.unpack_from(at_rest)
    runs, more = _decode(at_rest[_HEAD.size :])
    state.runs = [_run(*run) for run in runs]
    if more is not None:
        state.more = _more(*more)
    return state


def due_us_of(at_rest: bytes) -> int:
    """When it is due."""
    due_us: int = _HEAD.unpack_from(at_rest)[0]
    return due_us


def runs_of(at_rest: bytes) -> int:
    """How many matches are open."""
    runs: int = _HEAD.unpack_from(at_rest)[1]
    return runs


def _plain_run(run: Run) -> tuple[Any, ...]:
    begin_us, last_us, front = run.begin_us, run.last_us, run.front
    return (
        run.stage, begin_us, last_us - begin_us, run.entered_us - last_us, run.deadline_us - begin_us, run.captures,
        run.per, None if front is None else _plain_front(front),
    )  # fmt: skip


def _run(
    stage: int, begin_us: int, lasted_us: int, since_us: int, left_us: int, captures: Any, per: Any, front: Any
) -> Run:
    last_us = begin_us + lasted_us
    run = Run(begin_us, last_us, tuple([_captured(each) for each in captures]), per)
    run.stage, run.entered_us, run.deadline_us = stage, last_us + since_us, begin_us + left_us
    run.front = None if front is None else _front(*front)
    return run


def _plain_front(front: Front) -> list[Any]:
    return [front.low, front.floor, front.base_us, front.ended, front.absences, front.fired, front.missed]


def _front(
    low: int, floor: int, base_us: int, ended: int, absences: list[bool | None], fired: bool, missed: bool
) -> Front:
    front = Front(low, floor, base_us)
    front.ended, front.absences, front.fired, front.missed = ended, absences, fired, missed
    return front


def _plain_more(more: More) -> list[Any]:
    return [
        [[*where, window] for where, window in more.windows.items()],
        [[number, *times] for number, times in more.heard.items()],
        sorted(more.unclear),
        [[held.captures, held.per, held.last_us, held.event_time_us] for held in more.held],
        [[each.match_id, each.captures, each.per, each.from_us, each.until_us, each.ended] for each in more.watches],
    ]


def _more(windows: list[Any], heard: list[Any], unclear: list[str], held: list[Any], watches: list[Any]) -> More:
    more = More()
    more.windows = {(place, per): [_captured(each) for each in window] for place, per, window in windows}
    more.heard = {number: (latest_us, before_us) for number, latest_us, before_us in heard}
    more.unclear = set(unclear)
    more.held = [
        Held(tuple(_captured(each) for each in captures), per, last_us, event_time_us)
        for captures, per, last_us, event_time_us in held
    ]
    for match_id, captures, per, from_us, until_us, ended in watches:
        watch = Watch(match_id, tuple(_captured(each) for each in captures), per, from_us, until_us)
        watch.ended = tuple(ended)
        more.watches.append(watch)
    return more


def _captured(plain: Any) -> Captured:
    if plain is None:
        return None
    if isinstance(plain[0], str):
        return _capture(plain)
    if isinstance(plain[0], list):
        return tuple(_capture(each) for each in plain)
    count, digest, first, prev, last, aggregates = plain
    return (
        count,
        digest,
        _capture(first),
        None if prev is None else _capture(prev),
        _capture(last),
        tuple(tuple(each) if isinstance(each, list) else each for each in aggregates),
    )


def _capture(plain: list[Any]) -> tuple[Any, ...]:
    plain[1] = tuple(plain[1])
    return tuple(plain)
