"""One more event for each customer who put something in a cart, after every deadline: JSON lines.

    python -m benchmarks.peers.ticks EVENTS OUT

An engine without timers finds nothing about a customer who does not come again. All that race on a topic get these,
so that the reference's whole answer (`flush`) can be asserted. A process of its own, because a child's peak memory
starts at its parent's.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from benchmarks.asked import OUT_OF_ORDERNESS_MS
from benchmarks.event_file import read_events
from benchmarks.reference import WITHIN_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def main() -> None:
    events, out = Path(sys.argv[1]), Path(sys.argv[2])
    customers: set[str] = set()
    largest_ms = 0
    for event in read_events(events):
        largest_ms = max(largest_ms, event.time_ms)
        if event.type == "cart_add":
            customers.add(event.customer)
    at = _EPOCH + timedelta(milliseconds=largest_ms + WITHIN_MS + OUT_OF_ORDERNESS_MS + 1)
    time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with out.open("wb") as file:
        for customer in sorted(customers):
            tick = {"event_id": f"tick-{customer}", "type": "tick", "customer_id": customer, "event_time": time}
            file.write(orjson.dumps(tick | {"properties": {}}, option=orjson.OPT_APPEND_NEWLINE))
    print(orjson.dumps({"ticks": len(customers)}).decode())


if __name__ == "__main__":
    main()
