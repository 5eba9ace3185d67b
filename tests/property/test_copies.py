"""Copies told apart in one place for all key groups are those that each group would tell apart by itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from operators.clock import PartitionClock
from operators.copies import Copies
from operators.records import Chunk, Record
from operators.seen import SeenIds

HOMES = 3
MESSAGES = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(0, HOMES - 1), st.integers(0, 12)), min_size=1, max_size=40
)
"""(event id, home, event time)."""


def chunk_of(messages: list[tuple[str, int, int]], clock: PartitionClock) -> Chunk:
    times_us = [time_us for *_, time_us in messages]
    stamps, late = clock.stamp(times_us)
    return Chunk(
        origin=("events", 0),
        origins=(("events", 0),),
        records=[Record(event_id, "view", time_us) for event_id, _, time_us in messages],
        event_times_us=times_us,
        offsets=list(range(len(messages))),
        indexes=[0] * len(messages),
        record_times_us=[0] * len(messages),
        watermarks_us=stamps,
        late=late,
        dead=[],
        watermark_us=clock.watermark_us,
    )


@given(messages=MESSAGES, sizes=st.lists(st.integers(1, 8), min_size=40, max_size=40), bound_us=st.integers(0, 10))
def test_what_is_a_copy_is_what_the_key_group_says(messages, sizes, bound_us):
    clock, copies = PartitionClock(bound_us), Copies(HOMES)
    groups = [SeenIds(0) for _ in range(HOMES)]
    for size in sizes:
        some, messages = messages[:size], messages[size:]
        if not some:
            break
        chunk = chunk_of(some, clock)
        said = [
            place
            for place, ((event_id, home, time_us), watermark_us) in enumerate(
                zip(some, chunk.watermarks_us, strict=True)
            )
            if groups[home].is_duplicate(event_id, time_us, watermark_us)
        ]
        homes = np.array([home for _, home, _ in some], np.uint8)
        assert copies.of(chunk, [event_id for event_id, *_ in some], homes) == said
        for group in groups:
            group.forget(chunk.watermark_us)
