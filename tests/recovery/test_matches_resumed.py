"""What is open is stored in buckets, each in its turn, and comes back with what changed since.

Through Bytewax with a recovery store and an epoch a chunk: aborted before any chunk, resumed at another number of
workers. A match that came back too old, twice or not at all would change an answer.
"""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from bytewax.testing import TestingSource

from operators.decode import Decoder, Messages
from operators.keys import MATCHES, cold_names
from operators.records import Chunk
from operators.resting import BUCKETS
from tests.harness import compiled, event, trigger
from tests.recovery.resumed import KEY_GROUPS, ORIGIN, Lives, chunks, new_store, straight

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
    items = chunks()
    items.insert(place, TestingSource.ABORT())
    lives = Lives(plan, store, items)
    for workers in (1, 3):
        lives.live(workers)
    assert lives.answers == straight(plan)


@pytest.mark.parametrize("turn", [None, lambda: 0], ids=["each epoch another bucket", "no bucket ever"])
@pytest.mark.parametrize("counts", [(1, 3, 5, 2), (2, 4, 1, 8)])
def test_stopped_again_and_again_at_changing_numbers_of_workers_it_is_the_same(counts, turn, plan, store):
    items = chunks()
    for place in (21, 14, 7):
        items.insert(place, TestingSource.EOF())
    lives = Lives(plan, store, items, turn)
    for workers in counts:
        lives.live(workers)
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
    of_bucket = {
        name: bucket for names in cold_names(KEY_GROUPS, BUCKETS, MATCHES) for bucket, name in enumerate(names)
    }
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
