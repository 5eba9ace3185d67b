"""Logs in order of arrival."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.moments import START_US
from tests.property.strategies.grid import GRID_US, TIMES, WAITS, P, X, sometimes

OPENING = 3
BESIDE_MS = st.sampled_from([0, 0, 0, 0, 0, 1, -1])


@st.composite
def streams(draw: Any, *, late: bool = True, copies: bool = True) -> list[dict[str, Any]]:
    """Canonical events, ids by their place, some repeated, some far out of order. ``OPENING`` of them stand first and
    are the oldest: one for each Kafka partition of a test, which has watched since then whatever else is in it."""
    count = draw(st.integers(2, 8) | st.integers(6, 18))
    log: list[dict[str, Any]] = []
    for place in range(count):
        properties: dict[str, Any] = {
            "x": draw(X),
            "p": draw(P),
            "items": [{"p": draw(P), "q": draw(X)} for _ in range(draw(st.integers(0, 2)))],
            "wait": draw(WAITS),
            "at": draw(TIMES),
        }
        time = draw(st.integers(0, 9)) * GRID_US // 1_000 + draw(BESIDE_MS)
        found: dict[str, Any] = {
            "event_id": f"e{place}",
            "type": draw(st.sampled_from(["a", "a", "a", "b", "b", "c", "d", "x"])),
            "event_time": START_US // 1_000 + max(time, 0),
            "customer_id": draw(st.sampled_from(["c1", "c1", "c1", "c1", "c2"])),
            "properties": {name: value for name, value in properties.items() if value is not None},
        }
        if sometimes(draw, 6):
            found["context"] = {"kind": "system"}
        log.append(found)
    if not late or draw(st.integers(0, 2)):
        log.sort(key=lambda each: each["event_time"])
    opening = {"type": "x", "event_time": START_US // 1_000 - GRID_US // 1_000, "customer_id": "c9"}
    log[:0] = [opening | {"event_id": f"opening{place}"} for place in range(OPENING)]
    if copies and sometimes(draw):
        copy = draw(st.sampled_from(log))
        log.insert(draw(st.integers(log.index(copy) + 1, len(log))), copy)
    return log
