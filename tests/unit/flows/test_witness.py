"""What a step raises is seen where it is raised, whatever the engine makes of it."""

from typing import Any

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import TestingSink, TestingSource, run_main

from flows.run.witness import witness


class Boom(Exception):
    pass


def boom(*_: Any) -> Any:
    raise Boom


class BoomPartition(StatefulSourcePartition[int, None]):
    next_batch = boom

    def snapshot(self) -> None:
        return None


class BoomSource(FixedPartitionedSource[int, None]):
    def list_parts(self) -> list[str]:
        return ["one"]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> BoomPartition:
        return BoomPartition()


class BoomLogic(StatefulBatchLogic[int, int, None]):
    on_batch = boom

    def snapshot(self) -> None:
        return None


class BoomSinkPartition(StatelessSinkPartition[Any]):
    write_batch = boom


class BoomSink(DynamicSink[Any]):
    def build(self, step_id: str, worker_index: int, worker_count: int) -> BoomSinkPartition:
        return BoomSinkPartition()


def source_raises(flow: Dataflow) -> None:
    op.output("out", op.input("in", flow, BoomSource()), TestingSink([]))


def builder_raises(flow: Dataflow) -> None:
    keyed = op.key_on("key", op.input("in", flow, TestingSource([1])), str)
    op.output("out", op.stateful_batch("state", keyed, boom), TestingSink([]))


def logic_raises(flow: Dataflow) -> None:
    keyed = op.key_on("key", op.input("in", flow, TestingSource([1])), str)
    op.output("out", op.stateful_batch("state", keyed, lambda state: BoomLogic()), TestingSink([]))


def mapper_raises(flow: Dataflow) -> None:
    op.output("out", op.map("map", op.input("in", flow, TestingSource([1])), boom), TestingSink([]))


def sink_raises(flow: Dataflow) -> None:
    op.output("out", op.input("in", flow, TestingSource([1])), BoomSink())


@pytest.mark.parametrize("wire", [source_raises, builder_raises, logic_raises, mapper_raises, sink_raises])
def test_it_is_seen_and_ends_the_flow_all_the_same(wire: Any):
    flow = Dataflow("raises")
    wire(flow)
    seen: list[BaseException] = []
    witness(flow, seen.append)
    with pytest.raises(Exception):  # noqa: B017, PT011 - the engine's own
        run_main(flow)
    assert isinstance(seen[0], Boom)


def test_the_end_of_an_input_is_nothing_to_be_seen_and_changes_nothing():
    out: list[int] = []
    flow = Dataflow("ends")
    op.output("out", op.map("map", op.input("in", flow, TestingSource(range(5))), lambda n: n + 1), TestingSink(out))
    seen: list[BaseException] = []
    witness(flow, seen.append)
    run_main(flow)
    assert (out, seen) == ([1, 2, 3, 4, 5], [])
