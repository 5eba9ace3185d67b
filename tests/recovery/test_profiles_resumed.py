"""Profiles are stored under keys of their own, and come back with the state of the group that they belong to.

Through Bytewax with a recovery store and an epoch a chunk: aborted before any chunk, resumed at another number of
workers. A profile that came back too old, too new or not at all would change an answer.
"""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from bytewax.errors import BytewaxRuntimeError
from bytewax.testing import TestingSource

from operators.decode import Decoder, Messages
from operators.keys import PROFILES, cold_names
from operators.records import Chunk
from tests.harness import compiled, event, trigger
from tests.recovery.resumed import CUSTOMERS, KEY_GROUPS, ORIGIN, Lives, chunks, interrupted, new_store, straight

TRAITS = "trait: orders\nevent: purchase\ncount: '*'\nwithin: 20m\n"
TRIGGERS = (
    trigger("steps: [{event: a, where: {$customer.tier: {eq: gold}}}, {absent: b, within: 3m}]", name="gold"),
    trigger("steps: [{event: a, where: {$customer.orders: {gte: 2}}}]", name="orders"),
    trigger("on_repeat: overlap\nsteps: [{event: a}, {event: b, where: {properties.n: {gt: $customer.n}}}]", name="n"),
)


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "orders.yaml").write_text(TRAITS)
    return compiled(*TRIGGERS, traits=tmp_path, wants_expired=False)


@pytest.fixture
def store(tmp_path) -> Path:
    return new_store(tmp_path / "recovery")


def test_the_answer_is_that_of_a_run_without_bytewax(plan, store):
    lives = Lives(plan, store, chunks())
    lives.live(1)
    assert lives.answers == straight(plan)
    assert {trigger for _, trigger, _, _ in lives.answers} == {"gold", "orders", "n"}
    assert len(lives.answers) > 40


@pytest.mark.parametrize("place", range(0, 29, 2))
def test_aborted_before_any_chunk_and_resumed_at_another_number_of_workers_it_is_the_same(place, plan, store):
    lives = interrupted(plan, store, TestingSource.ABORT, [place], (1, 3))
    assert lives.answers == straight(plan)


@pytest.mark.parametrize("counts", [(1, 3, 5, 2), (2, 4, 1, 8)])
def test_stopped_again_and_again_at_changing_numbers_of_workers_it_is_the_same(counts, plan, store):
    lives = interrupted(plan, store, TestingSource.EOF, (7, 14, 21), counts)
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
    cold = {name for names in cold_names(KEY_GROUPS, PROFILES) for name in names}
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
