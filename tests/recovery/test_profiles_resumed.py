"""Profiles are stored under keys of their own, and come back with the state of the group that they belong to.

Through Bytewax with a recovery store and an epoch a chunk: aborted before any chunk, resumed at another number of
workers. A profile that came back too old, too new or not at all would change an answer.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import bytewax.operators as op
import orjson
import pytest
from bytewax.dataflow import Dataflow
from bytewax.errors import BytewaxRuntimeError
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, TestingSource, cluster_main

from operators.clock import PartitionClock
from operators.decode import Decoder, Messages
from operators.detect import Detection, detect
from operators.keys import cold_names
from operators.profiles.store import BUCKETS
from operators.records import END_OF_TIME, Chunk, Decision
from tests.harness import compiled, event, run, trigger

KEY_GROUPS = 8
ORIGIN = ("events", 0)
HORIZON_US = 3_600_000_000
TRAITS = "trait: orders\nevent: purchase\ncount: '*'\nwithin: 20m\n"
TRIGGERS = (
    trigger("steps: [{event: a, where: {$customer.tier: {eq: gold}}}, {absent: b, within: 3m}]", name="gold"),
    trigger("steps: [{event: a, where: {$customer.orders: {gte: 2}}}]", name="orders"),
    trigger("on_repeat: overlap\nsteps: [{event: a}, {event: b, where: {properties.n: {gt: $customer.n}}}]", name="n"),
)
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


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "orders.yaml").write_text(TRAITS)
    return compiled(*TRIGGERS, traits=tmp_path, wants_expired=False)


@pytest.fixture
def store(tmp_path) -> Path:
    folder = tmp_path / "recovery"
    folder.mkdir()
    init_db_dir(folder, 2)
    return folder


class Lives:
    """One flow over one recovery store, life after life."""

    def __init__(self, plan, store, items):
        self.store, self.items, self.told = store, items, []
        self.plan = plan

    def live(self, workers):
        """Runs until the source aborts or ends."""
        detection = Detection(self.plan, KEY_GROUPS, HORIZON_US)
        flow = Dataflow("resumed")
        found = detect("detect", op.input("in", flow, TestingSource(self.items)), detection)
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


def straight(plan):
    found = run(plan, events(), max_out_of_orderness="1m", at_end="flush", key_groups=KEY_GROUPS)
    return {(each.action_id, each.trigger, each.key, each.event_time_us) for each in found.decisions}


def test_the_answer_is_that_of_a_run_without_bytewax(plan, store):
    lives = Lives(plan, store, chunks())
    lives.live(1)
    assert lives.answers == straight(plan)
    assert {trigger for _, trigger, _, _ in lives.answers} == {"gold", "orders", "n"}
    assert len(lives.answers) > 40


@pytest.mark.parametrize("place", range(0, 29, 2))
def test_aborted_before_any_chunk_and_resumed_at_another_number_of_workers_it_is_the_same(place, plan, store):
    items = chunks()
    items.insert(place, TestingSource.ABORT())
    lives = Lives(plan, store, items)
    for workers in (1, 3):
        lives.live(workers)
    assert lives.answers == straight(plan)


@pytest.mark.parametrize("counts", [(1, 3, 5, 2), (2, 4, 1, 8)])
def test_stopped_again_and_again_at_changing_numbers_of_workers_it_is_the_same(counts, plan, store):
    items = chunks()
    for place in (21, 14, 7):
        items.insert(place, TestingSource.EOF())
    lives = Lives(plan, store, items)
    for workers in counts:
        lives.live(workers)
    assert lives.answers == straight(plan)


def test_a_bucket_is_written_in_the_epochs_of_its_profile_events_alone(plan, store):
    quiet = [event("a", f"{minute}m", customer=customer) for minute in range(60, 80) for customer in CUSTOMERS]
    log = chunks()[:-1]
    decoded = Decoder().decode(Messages(ORIGIN, [orjson.dumps(each) for each in quiet], list(range(240)), [0] * 240))
    for i in range(0, 240, 12):
        part = slice(i, i + 12)
        times = decoded.event_times_us[part]
        log.append(
            Chunk(
                ORIGIN, (ORIGIN,), decoded.records[part], times, decoded.offsets[part], [0] * 12, [0] * 12, [0] * 12,
                [], [], times[0] - 60_000_000,
            )
        )  # fmt: skip
    # At the end of its input Bytewax wakes every key: this one has no end.
    lives = Lives(plan, store, [*log, TestingSource.ABORT()])
    lives.live(1)
    cold = {name for names in cold_names(KEY_GROUPS, BUCKETS) for name in names}
    written = lives.written()
    last = max(epoch for epoch, _ in written)
    in_quiet = [key for epoch, key in written if epoch > last - 15]
    assert in_quiet
    assert not cold & set(in_quiet)
    assert len(cold & {key for _, key in written}) >= len(CUSTOMERS) // 2


def test_a_number_of_workers_that_would_part_what_belongs_together_is_refused_at_start(plan, store):
    with pytest.raises(BytewaxRuntimeError) as refused:
        Lives(plan, store, chunks()).live(7)
    cause, texts = refused.value, []
    while cause is not None:
        texts.append(str(cause))
        cause = cause.__cause__
    assert any("cannot run on 7 workers; allowed: 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16" in text for text in texts)


def test_without_a_trigger_that_reads_a_profile_any_number_of_workers_will_do(store):
    plan = compiled(trigger("steps: [{event: a}]"))
    lives = Lives(plan, store, chunks())
    lives.live(7)
    assert len(lives.answers) == 48
