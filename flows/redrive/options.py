"""What the command is asked for, read and refused with what is allowed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from config.durations import parse_span
from config.errors import Refused, not_one_of
from flows.redrive.repair import Repair, read_drop, read_function, read_set
from operators.reasons import DeadReason

T = TypeVar("T")
_TIME_ALLOWED: Final = "ISO 8601 with an offset, e.g. 2026-01-05T10:00:00Z, or how long ago, e.g. 36h"


@dataclass(frozen=True)
class Options:
    """One redrive. Times are of the Kafka record that became a dead letter."""

    reasons: tuple[str, ...]
    since_us: int
    until_us: int
    topics: tuple[str, ...]
    """Empty: all input topics."""
    repair: Repair
    dry_run: bool
    again: bool


def read_options(arguments: Sequence[str], now_us: int) -> Options:
    """Ends the process with status 2 and a message where they cannot be read."""
    parser = _parser(now_us)
    read = parser.parse_args(arguments)
    until_us = now_us if read.until is None else read.until
    if read.since >= until_us:
        parser.error("--since is not before --until")
    return Options(
        reasons=tuple(dict.fromkeys(reason for given in read.reason for reason in given)),
        since_us=read.since,
        until_us=until_us,
        topics=tuple(read.topic),
        repair=Repair(read.repair, tuple(read.changes)),
        dry_run=read.dry_run,
        again=read.again,
    )


def _parser(now_us: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m flows.redrive",
        description="Sends dead letters again, on the topic they came from, each once.",
        epilog="Only what would be an event now goes back; what would be a dead letter again is reported and stays.",
    )
    add = parser.add_argument
    reasons = ", ".join(reason.value for reason in DeadReason)
    add("--reason", type=_refusable(_reasons), action="append", required=True, metavar="CODE[,CODE…]", help=reasons)
    time = _refusable(lambda text: _time(text, now_us))
    add("--since", type=time, required=True, metavar="TIME", help=f"of the Kafka record: {_TIME_ALLOWED}")
    add("--until", type=time, metavar="TIME", help="before this; default: now")
    add("--topic", action="append", default=[], metavar="T", help="an input topic; may be given again; default: all")
    add("--dry-run", action="store_true", help="say what would be done, and do nothing")
    add("--again", action="store_true", help="also what was sent again before and became a dead letter again")
    repair = parser.add_argument_group("repair", "the function first, then the changes in their order")
    repair.add_argument(
        "--repair", type=_refusable(read_function), metavar="MODULE:FUNCTION", help="bytes -> bytes, or None: leave it"
    )
    repair.add_argument(
        "--set", type=_refusable(read_set), dest="changes", action="append", default=[], metavar="PATH=VALUE",
        help="a value, as JSON or else a text",
    )  # fmt: skip
    repair.add_argument("--drop", type=_refusable(read_drop), dest="changes", action="append", metavar="PATH")
    return parser


def _refusable(read: Callable[[str], T]) -> Callable[[str], T]:
    def reading(text: str) -> T:
        try:
            return read(text)
        except Refused as refused:
            raise argparse.ArgumentTypeError(f"{text!r} {refused}") from None

    return reading


def _reasons(text: str) -> list[str]:
    known = [reason.value for reason in DeadReason]
    for code in text.split(","):
        if code not in known:
            problem = not_one_of(code, known, "is not a reason of a dead letter")
            raise problem if code == text else Refused(f"names {code!r}, which {problem}")
    return text.split(",")


def _time(text: str, now_us: int) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return now_us - _ago(text)
    if time.tzinfo is None:
        raise Refused("has no offset from UTC", allowed=_TIME_ALLOWED, hint=f"did you mean {text}Z?")
    return round(time.timestamp() * 1e6)


def _ago(text: str) -> int:
    try:
        return parse_span(text)
    except Refused as refused:
        raise Refused("is not a time", allowed=_TIME_ALLOWED, hint=refused.hint) from None
