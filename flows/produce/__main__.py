"""A file of events on a Kafka topic, in its order, keyed by customer, every delivery confirmed.

    python -m flows.produce --events FILE --topic T [--speed 60x | --rate N] [--bootstrap-servers HOST:PORT]

Connection and security are those of the flows (``KAFKA_BOOTSTRAP_SERVERS``, ``CT_KAFKA__…``, ``CT_SETTINGS``).

An old file and a live flow: while its partitions are silent a live flow takes today for the time (a heartbeat), and
what comes after with a date of the past is late. As fast as possible that happens once, behind the last event. Spaced
out it may happen in any pause longer than ``idle_after``: then either move the file to today (``--shift-to now``), or
tell the flow that this topic may be that far behind: ``CT_TOPICS__EVENTS__MAX_DELAY=36500d``, and no heartbeat counts.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

from config.errors import ConfigError
from config.settings import load_settings
from flows.event_files import EventFile
from flows.produce.delivery import Delivery, NotDelivered
from flows.produce.line import Line, keyed_line, read_line, shifted
from flows.produce.pace import Schedule, at_once, at_rate, by_event_time
from flows.progress import Progress
from operators.clock import system_time_us

NOT_DELIVERED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
_EARLY_S: Final = 0.001
"""A line may go so much before its time: librdkafka waits in whole milliseconds."""
_LONGEST_WAIT_S: Final = 0.1
"""How soon Ctrl-C is noticed, and the progress bar moves, while nothing is due."""
_SHOWN_EVERY_S: Final = 0.1


@dataclass
class Replay:
    """One file on its way to one topic. ``speed`` and ``rate`` None: as fast as possible."""

    file: EventFile
    delivery: Delivery
    progress: Progress
    speed: float | None = None
    rate: float | None = None
    shift: bool = False
    interrupted: bool = False
    """Set by whoever wants it to end; what was sent is still delivered."""
    _read: float = field(default=0.0, init=False)
    _shown_s: float = field(default=0.0, init=False)

    def run(self) -> None:
        """Sends the file to its end. Raises ``NotDelivered``, and ``OSError`` or ``EOFError`` for a broken file."""
        started_s = time.monotonic()
        elapsed_s = 0.0
        send = self.delivery.send
        try:
            for due_s, line in self._schedule():
                while due_s - elapsed_s > _EARLY_S and not self.interrupted:
                    elapsed_s = time.monotonic() - started_s
                    self._wait(due_s - elapsed_s)
                if self.interrupted:
                    break
                send(line.value, line.key)
        finally:
            self.progress(self.file.size, self.file.size)

    def _wait(self, left_s: float) -> None:
        if left_s > _EARLY_S:
            self._show()
            self.delivery.poll(min(left_s, _LONGEST_WAIT_S))

    def _schedule(self) -> Schedule:
        if self.speed is not None:
            return by_event_time(self._timed_lines(), self.speed)
        lines = (keyed_line(value) for value in self._values())
        return at_once(lines) if self.rate is None else at_rate(lines, self.rate)

    def _timed_lines(self) -> Iterator[Line]:
        lines = (read_line(value) for value in self._values())
        return shifted(lines, system_time_us) if self.shift else lines

    def _values(self) -> Iterator[bytes]:
        """The lines; a block of them is read long before its last is sent, so progress is shared out over it."""
        before = 0
        for block in self.file.blocks():
            self.delivery.poll()
            self._show()
            step = (self.file.position - before) / max(1, len(block))
            for value in block:
                self._read += step
                yield value
            before = self.file.position

    def _show(self) -> None:
        now_s = time.monotonic()
        if now_s - self._shown_s > _SHOWN_EVERY_S:
            self._shown_s = now_s
            self.progress(min(int(self._read), self.file.size - 1), self.file.size)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit status."""
    options = _options(arguments)
    environment = dict(os.environ)
    if options.bootstrap_servers is not None:
        environment["KAFKA_BOOTSTRAP_SERVERS"] = options.bootstrap_servers
    try:
        connection = load_settings(environment).kafka.librdkafka()
        file = EventFile(options.events)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        return _unreadable(options.events, error)
    try:
        delivery = Delivery(connection, options.topic)
    except NotDelivered as error:
        print(error, file=sys.stderr)
        return NOT_DELIVERED
    replay = Replay(
        file, delivery, Progress(options.events.name), options.speed, options.rate, options.shift_to is not None
    )
    return _run(replay, options.events, options.topic)


def _run(replay: Replay, path: Path, topic: str) -> int:
    def interrupt(signal_number: int, frame: FrameType | None) -> None:
        replay.interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second one does not wait for deliveries

    started_s = time.monotonic()
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        status = _deliver(replay, path)
    except KeyboardInterrupt:
        status = INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, before)
    sent, delivered = replay.delivery.sent, replay.delivery.delivered
    seconds = time.monotonic() - started_s
    rate = delivered / max(seconds, 1e-9)
    how = f"produced {delivered:,} messages to {topic} in {seconds:.1f} s ({rate:,.0f} a second)"
    if delivered < sent:
        print(f"{how}; {sent - delivered:,} more were NOT delivered", file=sys.stderr)
        return status or NOT_DELIVERED
    if replay.interrupted:
        print(f"interrupted: {how}, all delivered", file=sys.stderr)
        return INTERRUPTED
    print(how)
    return status


def _deliver(replay: Replay, path: Path) -> int:
    status = 0
    try:
        try:
            replay.run()
        except (OSError, EOFError) as error:
            status = _unreadable(path, error)
        replay.delivery.settle()
    except NotDelivered as error:
        print(error, file=sys.stderr)
        status = NOT_DELIVERED
        with suppress(NotDelivered):  # what else is under way may yet arrive, and is counted
            replay.delivery.settle()
    return status


def _unreadable(path: Path, error: BaseException) -> int:
    print(f"{path}: cannot be read: {error}", file=sys.stderr)
    return BAD_INPUT


def _options(arguments: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(
        prog="python -m flows.produce", description="Puts a file of events on a Kafka topic, in its order."
    )
    add = parser.add_argument
    add("--events", type=Path, required=True, metavar="FILE", help="JSON lines (also .gz, .zst) or .parquet")
    add("--topic", required=True, metavar="T")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--speed", type=_speed, metavar="60x", help="spaced as event times are, so many times as fast")
    pace.add_argument("--rate", type=_above_zero, metavar="N", help="events a second; neither: as fast as possible")
    add(
        "--shift-to", choices=("now",), metavar="now", dest="shift_to",
        help="rewrite event times so that the first is now; with --speed 1x, its default then",
    )  # fmt: skip
    add("--bootstrap-servers", metavar="HOST:PORT,…", help="instead of KAFKA_BOOTSTRAP_SERVERS")
    options = parser.parse_args(arguments)
    if options.shift_to is not None:
        if options.rate is not None or options.speed not in (None, 1.0):
            parser.error("--shift-to now goes with --speed 1x: times that run faster than the clock are in the future")
        options.speed = 1.0
    return options


def _speed(text: str) -> float:
    return _above_zero(text.removesuffix("x"))


def _above_zero(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text) or float(text) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return float(text)


if __name__ == "__main__":
    sys.exit(main())
