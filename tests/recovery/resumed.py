"""A log in chunks, and a flow over one recovery store that lives through it again and again: an epoch a chunk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

import bytewax.operators as op
import orjson
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, TestingSource, cluster_main

from operators.clock import PartitionClock
from operators.decide_host import Deciding, decide
from operators.decode import Decoder, Messages
from operators.detect import Detection, detect
from operators.records import END_OF_TIME, Chunk, Decision
from tests.harness import event, run

KEY_GROUPS = 8
ORIGIN = ("events", 0)
HORIZON_US = 3_600_000_000
CUSTOMERS = [f"c{i}" for i in range(12)]


def events():
    """Of every customer: profile events, purchases and what asks for them, in nearly the order of time."""
    found = []
    for i, customer in enumerate(CUSTOMERS):
        for round_ in range(4):
            minute = 6 * round_ + i % 5
            tier = ["gold", "silver"][(i + round_) % 2]
            found += [
                event("purchase", f"{minute}m", customer=customer),
                event("identify", f"{minute}m+10s", customer=customer, tier=tier, n=i + round_),
                event("a", f"{minute}m+20s", customer=customer),
                event("b", f"{minute + i % 4}m+30s", customer=customer, n=2 * round_ + 6),
            ]
    return sorted(found, key=lambda each: (each["event_time"] // 90_000, each["type"]))


def chunks(size=7):
    """The log in chunks, as a source would give them."""
    clock, decoder, log = PartitionClock(60_000_000), Decoder(), events()
    found, ended = [], False
    for start in range(0, len(log) + size, size):
        values = [orjson.dumps(each) for each in log[start : start + size]]
        ended = not values
        offsets = list(range(start, start + len(values)))
        decoded = decoder.decode(Messages(ORIGIN, values, offsets, [0] * len(values)))
        stamps, late = clock.stamp(decoded.event_times_us)
        found.append(
            Chunk(
                ORIGIN, (ORIGIN,), decoded.records, decoded.event_times_us, offsets, decoded.indexes,
                decoded.record_times_us, stamps, late, [], END_OF_TIME if ended else clock.watermark_us, final=ended,
            )
        )  # fmt: skip
    assert ended
    return found


def new_store(folder: Path) -> Path:
    """An empty recovery store of two partitions."""
    folder.mkdir()
    init_db_dir(folder, 2)
    return folder


class Lives:
    """One flow over one recovery store, life after life."""

    def __init__(self, plan, store, items, turn: Callable[[], int] | None = None) -> None:
        """``turn``: of buckets of open matches; without it the next has its turn at every chunk."""
        self.store, self.items, self.told = store, items, []
        self.plan = plan
        self.turn = turn or count().__next__

    def live(self, workers):
        """Runs until the source aborts or ends."""
        detection = self.latest = Detection(self.plan, KEY_GROUPS, HORIZON_US, turn=self.turn)
        flow = Dataflow("resumed")
        found = detect("detect", op.input("in", flow, TestingSource(self.items)), detection)
        if not self.plan.decides_at_home:
            found = decide("decide", found, Deciding(detection))
        op.output("out", op.map("value", found, lambda keyed: keyed[1]), TestingSink(self.told))
        cluster_main(
            flow, [], 0, epoch_interval=timedelta(0), worker_count_per_proc=workers,
            recovery_config=RecoveryConfig(str(self.store)),
        )  # fmt: skip

    @property
    def answers(self):
        return {
            (each.action_id, each.trigger, each.key, each.event_time_us)
            for each in self.told
            if isinstance(each, Decision)
        }

    def written(self):
        """(epoch, key) of every snapshot of detection in the store."""
        rows = []
        for file in self.store.glob("*.sqlite3"):
            with sqlite3.connect(file) as database:
                rows += database.execute("SELECT snap_epoch, state_key FROM snaps WHERE step_id LIKE '%detect%'")
        return rows


def interrupted(plan, store, how: Callable[[], object], places, counts, turn=None) -> Lives:
    """A flow that ends as ``how`` says before the chunks at ``places``, first to last, each life of so many workers."""
    items = chunks()
    for place in sorted(places, reverse=True):
        items.insert(place, how())
    lives = Lives(plan, store, items, turn)
    for workers in counts:
        lives.live(workers)
    return lives


def straight(plan):
    found = run(plan, events(), max_out_of_orderness="1m", at_end="flush", key_groups=KEY_GROUPS)
    return {(each.action_id, each.trigger, each.key, each.event_time_us) for each in found.decisions}
