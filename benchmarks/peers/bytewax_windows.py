"""The abandonment rule as Bytewax's own windows say it, for comparison: `restart`, by sessions.

    python -m benchmarks.peers.bytewax_windows EVENTS OUT

A session is a customer's carts and purchases with less than 30 minutes from one to the next; it is
abandoned when it ends with a cart. That is `restart` exactly: the newest cart counts, and nothing came
after it in [A, A + 30m).

Choices in Bytewax's favour: other events are dropped before they are keyed (with them in the session, a
page view would keep it open, which is another rule); a session is folded to its last event, not collected;
orjson.

- `SessionWindower` joins events exactly `gap` apart; the trigger language's interval is half-open. Event
  times are whole milliseconds, so a gap one microsecond short makes it the same.
- `EventClock` lets the watermark follow the system clock too, for each key. In a replay it has no time to
  run ahead, but an event may in principle become late by it: any late event fails the run.
- `overlap` cannot be said with a session: a customer has one open window, and it has one end. It takes a
  window for each cart, which is what `stateful_batch` is for.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import bytewax.operators as op
import bytewax.operators.windowing as win
import orjson
from bytewax.connectors.files import FileSink, FileSource
from bytewax.dataflow import Dataflow
from bytewax.testing import run_main

from benchmarks.answers import read_answer

WITHIN = timedelta(minutes=30)
GAP = WITHIN - timedelta(microseconds=1)
MAX_OUT_OF_ORDERNESS = timedelta(seconds=2)
BATCH_SIZE = 1000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Event(NamedTuple):
    """What the rule reads of one event."""

    time: datetime
    is_cart: bool
    event_id: str


class Counts:
    """Of this process: the flow runs in one worker, in this thread."""

    def __init__(self) -> None:
        self.events = 0
        self.late = 0


def abandonment_flow(events: Path, out: Path, counts: Counts) -> Dataflow:
    """Reads JSON lines, writes a line a match: deadline in epoch ms, customer, event id of the cart."""

    def parse(line: str) -> tuple[str, Event] | None:
        counts.events += 1
        fields = orjson.loads(line)
        kind = fields["type"]
        if kind not in ("cart_add", "purchase"):
            return None
        return fields["customer_id"], Event(
            datetime.fromisoformat(fields["event_time"]), kind == "cart_add", fields["event_id"]
        )

    def count_late(_step_id: str, _late: object) -> None:
        counts.late += 1

    flow = Dataflow("abandonment_by_sessions")
    lines = op.input("read", flow, FileSource(events, batch_size=BATCH_SIZE))
    keyed = op.filter_map("parse", lines, parse)
    sessions = win.fold_window(
        "sessions",
        keyed,
        win.EventClock(lambda event: event.time, wait_for_system_duration=MAX_OUT_OF_ORDERNESS),
        win.SessionWindower(gap=GAP),
        builder=_nothing,
        folder=_newest,
        merger=_newest,
    )
    op.inspect("late", sessions.late, count_late)
    matches = op.filter_map("abandoned", sessions.down, _abandoned)
    op.output("write", matches, FileSink(out))
    return flow


def _nothing() -> Event | None:
    return None


def _newest(_older: Event | None, newer: Event | None) -> Event | None:
    """Values come in order of time, equal times in order of arrival."""
    return newer


def _abandoned(session: tuple[str, tuple[int, Event | None]]) -> tuple[str, str] | None:
    customer, (_window_id, last) = session
    if last is None or not last.is_cart:
        return None
    deadline_ms = (last.time + WITHIN - _EPOCH) // timedelta(milliseconds=1)
    return customer, f"{deadline_ms}\t{customer}\t{last.event_id}"


def main() -> None:
    events, out = Path(sys.argv[1]), Path(sys.argv[2])
    counts = Counts()
    flow = abandonment_flow(events, out, counts)
    started = time.perf_counter()
    run_main(flow)  # type: ignore[no-untyped-call]  # the engine is a compiled module
    seconds = time.perf_counter() - started
    if counts.late:
        raise SystemExit(f"{counts.late} events were late by the system clock: the answer is not whole")
    report = {"events": counts.events, "seconds": round(seconds, 3), "matches": len(read_answer(out))}
    print(orjson.dumps(report).decode())


if __name__ == "__main__":
    main()
