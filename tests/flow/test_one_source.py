"""Sources that are awake at other times, as one: they close each epoch together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bytewax import operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.testing import TestingSink, run_main

from flows.one_source import OneSource

EPOCHS = 25
EPOCH = timedelta(milliseconds=20)
ASKED, CLOSED = "asked", "closed"


class Waking(FixedPartitionedSource[int, int]):
    """Gives nothing, every ``awake_ms``, and tells when it is asked and when its epochs close."""

    def __init__(self, name: str, awake_ms: int, told: list[str]) -> None:
        self.name, self.awake, self.told = name, timedelta(milliseconds=awake_ms), told

    def list_parts(self) -> list[str]:
        return [self.name]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> WakingPartition:
        return WakingPartition(self, resume_state or 0)


class WakingPartition(StatefulSourcePartition[int, int]):
    def __init__(self, source: Waking, closed: int) -> None:
        self.source = source
        self.closed = closed

    def next_batch(self) -> list[int]:
        if self.closed == EPOCHS:
            raise StopIteration
        self.source.told.append(ASKED)
        return []

    def next_awake(self) -> datetime:
        return datetime.now(UTC) + self.source.awake

    def snapshot(self) -> int:
        self.source.told.append(CLOSED)
        self.closed += 1
        return self.closed


def often_and_seldom(told: list[str]) -> list[Waking]:
    return [Waking("often", 1, told), Waking("seldom", 7, told)]


def asked_between(told: Sequence[str]) -> list[int]:
    """By epoch: how often one was still asked after the other had closed."""
    closings = [place for place, what in enumerate(told) if what == CLOSED][: 2 * (EPOCHS - 1)]
    return [last - first - 1 for first, last in zip(closings[::2], closings[1::2], strict=True)]


def test_the_partitions_of_several_sources_close_each_epoch_together() -> None:
    """The other's turn comes at once, and that may be to be asked before it closes; never again after that."""
    told: list[str] = []
    flow = Dataflow("together")
    op.output("out", op.input("in", flow, OneSource(often_and_seldom(told))), TestingSink([]))
    run_main(flow, epoch_interval=EPOCH)
    between = asked_between(told)
    assert len(between) == EPOCHS - 1
    assert max(between) <= 1


def test_each_source_builds_its_own_partitions_with_their_states() -> None:
    told: list[str] = []
    sources = often_and_seldom(told)
    source = OneSource(sources)
    assert source.list_parts() == ["often", "seldom"]
    built: Any = source.build_part("in", "seldom", 3)
    assert (built.source, built.closed) == (sources[1], 3)


def test_a_name_that_two_sources_have_is_refused() -> None:
    with pytest.raises(ValueError, match="two partitions are named 'often'"):
        OneSource([Waking("often", 1, []), Waking("often", 1, [])])
