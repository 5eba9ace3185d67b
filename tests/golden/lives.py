"""A golden file lived through Bytewax on a recovery store, an epoch a chunk: aborted, and resumed on other workers.

What it does not simulate: a process that dies (``tests/recovery`` kills real ones), Kafka, and sinks that ask what is
there already. So a decision of an epoch that did not close is told again, and must be the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.dataflow import Dataflow
from bytewax.inputs import AbortExecution, FixedPartitionedSource, StatefulSourcePartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, cluster_main

from flows.backtest_report import render
from flows.file_source import FileSource
from operators.decide_host import Deciding, decide
from operators.decode import Decoder
from operators.detect import Detection, detect
from operators.records import Chunk, Decision
from tests.golden.cases import MAX_OUT_OF_ORDERNESS, SCHEMAS, Row, events_file, trigger_file
from tests.harness import compiled, us

KEY_GROUPS = 8
DEDUPE_HORIZON = "7d"


def lived(name: str, folder: Path, *, workers: Sequence[int], chunks: int) -> list[Row]:
    """The rows that all lives told, each once.

    The file comes in about so many ``chunks``, parted evenly among lives with so many ``workers`` each. A life on one
    worker is aborted, within an epoch; one on several is stopped (an abort would leave the other workers waiting).
    """
    log = _chunks(name, chunks)
    store = folder / "recovery"
    store.mkdir()
    init_db_dir(store, 2)
    told: list[Any] = []
    plan = compiled(trigger_file(name).read_text(), wants_expired=False)
    for number, count in enumerate(workers, start=1):
        life = _Life(log, until=number * len(log) // len(workers), aborted=count == 1 and number < len(workers))
        flow = Dataflow("golden")
        detection = Detection(plan, KEY_GROUPS, us(DEDUPE_HORIZON))
        found = detect("detect", op.input("in", flow, life), detection)
        if not plan.decides_at_home:
            found = decide("decide", found, Deciding(detection))
        op.output("out", op.map("value", found, lambda keyed: keyed[1]), TestingSink(told))
        cluster_main(  # type: ignore[no-untyped-call]
            flow, [], 0, epoch_interval=timedelta(0), worker_count_per_proc=count,
            recovery_config=RecoveryConfig(str(store)),
        )  # fmt: skip
    return [orjson.loads(row) for row in {render(each) for each in told if isinstance(each, Decision)}]


@dataclass(frozen=True)
class _Life(FixedPartitionedSource[Chunk, int]):
    """The log up to a place, and how the life ends there.

    Not Bytewax's ``TestingSource``: after a resume beyond one of its ``ABORT`` it loses count of where it is.
    """

    log: Sequence[Chunk]
    until: int
    aborted: bool

    def list_parts(self) -> list[str]:
        return ["log"]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> _LifePartition:
        return _LifePartition(self, resume_state or 0)


class _LifePartition(StatefulSourcePartition[Chunk, int]):
    def __init__(self, life: _Life, place: int) -> None:
        self._life, self._place = life, place

    def next_batch(self) -> list[Chunk]:
        if self._place == self._life.until:
            raise AbortExecution if self._life.aborted else StopIteration
        self._place += 1
        return [self._life.log[self._place - 1]]

    def snapshot(self) -> int:
        return self._place


def _chunks(name: str, count: int) -> list[Chunk]:
    """The file as the source of a backtest gives it."""
    path = events_file(name)
    source = FileSource(
        path=path,
        decoder=Decoder(schemas=SCHEMAS),
        max_out_of_orderness_us=us(MAX_OUT_OF_ORDERNESS),
        chunk_size=max(1, len(path.read_bytes().splitlines()) // count),
    )
    partition = source.build_part("in", path.name, None)
    found: list[Chunk] = []
    while not (found and found[-1].final):
        found += partition.next_batch()
    return found
