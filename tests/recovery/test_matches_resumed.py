"""What is open is stored in buckets, each in its turn, and comes back with what changed since.

Through Bytewax with a recovery store and an epoch a chunk: aborted before any chunk, resumed at another number of
workers. A match that came back too old, twice or not at all would change an answer.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

import bytewax.operators as op
import orjson
import pytest
from bytewax.dataflow import Dataflow
from bytewax.errors import BytewaxRuntimeError
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from bytewax.recovery import RecoveryConfig
from bytewax.testing import TestingSource, cluster_main

from operators.decode import Decoder, Messages
from operators.detect import Detection, detect
from operators.keys import BUCKETS, MATCHES, cold_names
from operators.records import Chunk, Decision
from tests.harness import compiled, event, trigger
from tests.recovery.resumed import HORIZON_US, KEY_GROUPS, ORIGIN, Lives, chunks, interrupted, new_store, straight

TRIGGERS = (
    trigger("steps: [{event: a}, {absent: b, within: 2m}]", name="left"),
    trigger("on_repeat: overlap\nsteps: [{event: a}, {event: b, where: {properties.n: {gt: 7}}}]", name="overlap"),
    trigger(
        "key: [customer_id, properties.tier]\nsteps: [{event: identify}, {absent: purchase, within: 30m, key: "
        "[customer_id, properties.other]}]",
        name="composite",
    ),
    trigger("key: properties.tier\nper: customer_id\nsteps: [{event: identify}, {wait: 7m}]", name="apart"),
)


@pytest.fixture
def plan():
    return compiled(*TRIGGERS, wants_expired=False)


@pytest.fixture
def store(tmp_path) -> Path:
    return new_store(tmp_path / "recovery")


def test_the_answer_is_that_of_a_run_without_bytewax(plan, store):
    lives = Lives(plan, store, chunks())
    lives.live(1)
    assert lives.answers == straight(plan)
    assert {trigger for _, trigger, _, _ in lives.answers} == {"left", "overlap", "composite", "apart"}
    assert len(lives.answers) > 100


@pytest.mark.parametrize("place", range(1, 29, 3))
def test_aborted_before_any_chunk_and_resumed_at_another_number_of_workers_it_is_the_same(place, plan, store):
    lives = interrupted(plan, store, TestingSource.ABORT, [place], (1, 3))
    assert lives.answers == straight(plan)


@pytest.mark.parametrize("turn", [None, lambda: 0], ids=["each epoch another bucket", "no bucket ever"])
@pytest.mark.parametrize("counts", [(1, 3, 5, 2), (2, 4, 1, 8)])
def test_stopped_again_and_again_at_changing_numbers_of_workers_it_is_the_same(counts, turn, plan, store):
    lives = interrupted(plan, store, TestingSource.EOF, (7, 14, 21), counts, turn)
    assert lives.answers == straight(plan)


def of_other_customers(chunk: int) -> Chunk:
    """Five that nobody has heard of leave something, seconds after those of the chunk before."""
    values = [orjson.dumps(event("a", f"{chunk}s", customer=f"new-{chunk}-{i}", id=f"{chunk}-{i}")) for i in range(5)]
    decoded = Decoder().decode(Messages(ORIGIN, values, [5 * chunk + i for i in range(5)], [0] * 5))
    times = decoded.event_times_us
    return Chunk(
        ORIGIN, (ORIGIN,), decoded.records, times, decoded.offsets, [0] * 5, [0] * 5, [0] * 5, [], [], times[0] - 1
    )  # fmt: skip


def test_an_epoch_writes_one_bucket_of_each_group_and_what_changed(store):
    plan = compiled(trigger("steps: [{event: a}, {absent: b, within: 30d}]"))
    # At the end of its input Bytewax wakes every key: this one has no end.
    lives = Lives(plan, store, [*map(of_other_customers, range(3 * BUCKETS)), TestingSource.ABORT()])
    lives.live(1)
    of_bucket = {name: bucket for names in cold_names(KEY_GROUPS, MATCHES) for bucket, name in enumerate(names)}
    by_epoch: dict[int, set[int]] = {}
    for epoch, key in lives.written():
        if key in of_bucket:
            by_epoch.setdefault(epoch, set()).add(of_bucket[key])
    assert len(by_epoch) >= BUCKETS, "the store keeps the latest of each, from as many epochs as there are buckets"
    assert all(len(buckets) == 1 for buckets in by_epoch.values())
    assert len(lives.latest.groups) == KEY_GROUPS
    for group in lives.latest.groups:
        assert group.open_matches > BUCKETS
        for automaton in group.automata:
            changed, _ = automaton.states.buckets.changed()
            assert 0 < len(changed) < group.open_matches


class FailingSink(FixedPartitionedSink):
    """Takes decisions; where it is to fail, it does so as the epoch closes in which one of ``whom`` came."""

    def __init__(self, whom: str | None) -> None:
        self.whom, self.taken = whom, []

    def list_parts(self):
        return ["all"]

    def build_part(self, step_id, for_part, resume_state):
        return FailingPartition(self)


class FailingPartition(StatefulSinkPartition):
    def __init__(self, sink: FailingSink) -> None:
        self._sink = sink

    def write_batch(self, values):
        self._sink.taken += [each.key for each in values if isinstance(each, Decision)]

    def snapshot(self):
        if self._sink.whom in self._sink.taken:
            raise RuntimeError("delivery failed")


def live(plan, store, items, *, at_once: int, turn, fails_with: str | None = None) -> list[str]:
    """One life of a flow with one key group, ``at_once`` chunks an epoch; gives whom it decided something for."""
    sink = FailingSink(fails_with)
    flow = Dataflow("resumed")
    chunks = op.input("in", flow, TestingSource(items, batch_size=at_once))
    found = detect("detect", chunks, Detection(plan, 1, HORIZON_US, turn=turn))
    op.output("out", op.map("one", found, lambda keyed: ("all", keyed[1])), sink)
    with suppress(BytewaxRuntimeError):
        cluster_main(flow, [], 0, epoch_interval=timedelta(0), recovery_config=RecoveryConfig(str(store)))
    return sink.taken


def chunk_of(number: int, type_: str, moment: str, customer: str) -> Chunk:
    """One event."""
    value = orjson.dumps(event(type_, moment, customer=customer, id=f"{type_}-{number}"))
    decoded = Decoder().decode(Messages(ORIGIN, [value], [number], [0]))
    (time_us,) = decoded.event_times_us
    return Chunk(
        ORIGIN, (ORIGIN,), decoded.records, [time_us], [number], [0], [0], [time_us - 1], [], [], time_us
    )  # fmt: skip


def test_what_an_epoch_left_that_never_closed_is_not_taken_for_that_of_a_later_life(store):
    """Bytewax writes the state of an epoch before its sinks have closed it, and never takes that back."""
    plan = compiled(trigger("steps: [{event: a}, {absent: b, within: 2m}]"))
    left = [chunk_of(i, "a", f"{i}s", f"c{i}") for i in range(36)]
    later = [chunk_of(36 + i, "z", moment, "z") for i, moment in enumerate(["40s", "41s", "42s", "2m+1s", "2m+2s"])]
    abort = TestingSource.ABORT
    each_turn, no_turn = count().__next__, lambda: 0
    # All buckets are stored.
    assert live(plan, store, [*left, abort(), *later], at_once=1, turn=each_turn) == []
    # In one epoch everything is read and c0 decided; it is stored and does not close.
    assert "c0" in live(plan, store, [*left, *later], at_once=40, turn=each_turn, fails_with="c0")
    # Closes epochs of that number and beyond, and comes less far.
    assert live(plan, store, [*left, *later[:3], abort(), *later[3:]], at_once=1, turn=no_turn) == []
    assert live(plan, store, [*left, *later], at_once=1, turn=no_turn)[:2] == ["c0", "c1"]
