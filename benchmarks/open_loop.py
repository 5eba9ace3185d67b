"""Produces a traffic on its schedule, which waits for nobody: neither for Kafka nor for who reads.

    python -m benchmarks.open_loop --bootstrap-servers HOST:PORT --topic NAME --number 1 --rate 50000 --seconds 10 ...

An event is handed to librdkafka at the first look (every few milliseconds) at which it is due, and one that is late
already is still due when it was: a latency is counted from the schedule, so a stall of anything is seen by every event
that fell due in it. A traffic that began in the past is produced at once. Says when it begins, and at its end how
late it was itself, one line of JSON each.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from typing import Final, Self

import orjson

from benchmarks.cache import ROOT
from benchmarks.child import ChildError
from benchmarks.traffic import Traffic

_LOOK_S: Final = 0.002
_MOST_AT_ONCE: Final = 5_000
_BEGINS_IN_S: Final = 0.2
_FLUSH_S: Final = 60.0


@dataclass(frozen=True)
class Schedule:
    """A traffic that is being produced. `start_ms` is system time, the moment event 0 is due."""

    traffic: Traffic
    start_ms: float
    process: subprocess.Popen[bytes]

    @classmethod
    def of(cls, traffic: Traffic, process: subprocess.Popen[bytes]) -> Self:
        """When the process has said that it begins. Raises ChildError."""
        return cls(traffic, float(_said(process)["start_ms"]), process)

    def due_s(self, event: int) -> float:
        """System time at which the event is due."""
        return self.traffic.due_ms(event, self.start_ms) / 1_000

    def end_s(self) -> float:
        """System time at which the last one is."""
        return self.due_s(self.traffic.events)

    def worst_behind_ms(self) -> float:
        """Waits until all is confirmed; the longest that an event was due and not yet produced. Raises ChildError."""
        return float(_said(self.process)["worst_behind_ms"])


@contextmanager
def open_loop(
    traffic: Traffic, bootstrap_servers: str, topic: str, *, start_ms: int | None = None, event_start_ms: int = 0
) -> Iterator[Schedule]:
    """A process of its own that produces the traffic, ended with the block; see `main` for the times."""
    options: list[str] = []
    for name, value in asdict(traffic).items():
        options += [f"--{name.replace('_', '-')}", str(value)]
    if start_ms is not None:
        options += ["--start-ms", str(start_ms)]
    process = subprocess.Popen(
        [
            sys.executable,
            *("-m", "benchmarks.open_loop", "--bootstrap-servers", bootstrap_servers, "--topic", topic),
            *options,
            *("--event-start-ms", str(event_start_ms)),
        ],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        yield Schedule.of(traffic, process)
    finally:
        process.kill()
        process.wait()


def _said(process: subprocess.Popen[bytes]) -> dict[str, float]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise ChildError(f"benchmarks.open_loop ended with status {process.wait()}")
    said: dict[str, float] = orjson.loads(line)
    return said


def main() -> None:
    """`--start-ms`: system time of event 0, soon if not said; `--event-start-ms`: its event time, the same if 0."""
    # numpy and librdkafka are for this process alone: who watches it stays small.
    from benchmarks.open_loop_lines import Lines, LoopProducer

    parser = argparse.ArgumentParser(prog="python -m benchmarks.open_loop")
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--start-ms", type=int)
    parser.add_argument("--event-start-ms", type=int, default=0)
    for each in fields(Traffic):
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=int, required=True)
    asked = vars(parser.parse_args())
    traffic = Traffic(**{each.name: asked[each.name] for each in fields(Traffic)})
    producer = LoopProducer(asked["bootstrap_servers"], asked["topic"])
    start_ms = asked["start_ms"] or (time.time() + _BEGINS_IN_S) * 1_000
    lines = Lines(traffic, asked["event_start_ms"] or int(start_ms))
    print(orjson.dumps({"start_ms": start_ms}).decode(), flush=True)
    worst_behind_ms, sent = 0.0, 0
    while sent < traffic.events:
        now_ms = time.time() * 1_000
        due = min(int((now_ms - start_ms) * traffic.rate / 1_000) + 1, traffic.events, sent + _MOST_AT_ONCE)
        if due > sent:
            producer.produce(lines.between(sent, due))
            worst_behind_ms = max(worst_behind_ms, time.time() * 1_000 - traffic.due_ms(sent, start_ms))
            sent = due
        if traffic.due_ms(sent, start_ms) > time.time() * 1_000:
            time.sleep(_LOOK_S)
    producer.flush(_FLUSH_S)
    print(orjson.dumps({"worst_behind_ms": round(worst_behind_ms, 1)}).decode(), flush=True)


if __name__ == "__main__":
    main()
