"""The small world of generated triggers and streams: times meet, types repeat, values compare."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from config.durations import UNITS_US

GRID_US = 10 * UNITS_US["m"]
"""Every span and every time is a multiple of this, some a millisecond beside it."""

SPANS = st.sampled_from(["10m", "10m", "20m", "20m", "30m", "599999ms", "600001ms", "1199999ms"])
TYPES = st.sampled_from(["a", "b", "c", "d"])
X = st.sampled_from([1, 1, 1, 0, 2, 3, "1", None])
P = st.sampled_from(["p1", "p1", "p1", "p2", None])
WAITS = st.sampled_from([600, 1200, 0, 599.999, "10m", "20m", "1200001ms", -1, "soon", True, None])
TIMES = st.sampled_from(
    [
        *(1_767_607_200_000 + minutes * 60_000 for minutes in (-60, 0, 10, 20, 40)),
        *("2026-01-05T10:20:00Z", "2026-01-05T11:30:00+01:00", "2026-01-05", "2026-01-06"),
        *("2026-01-05T10:30:00", "soon", True, None),
    ]
)
LOCAL_TIMES = st.sampled_from(["10:00", "10:10", "10:30", "09:50", "mon 10:20", "mon 09:00", "tue 10:10"])


def sometimes(draw: Any, one_in: int = 3) -> bool:
    """Whether to do what is done once in so many."""
    return draw(st.integers(0, one_in - 1)) == one_in - 1
