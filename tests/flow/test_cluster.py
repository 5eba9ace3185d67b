"""Several worker processes: one that ends early ends them all, and numbers that cannot work are refused."""

import os
import threading
from datetime import timedelta

import bytewax.operators as op
import orjson
import pytest
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, cluster_main

from flows.cluster import WorkerDied, run_cluster
from flows.file_source import FileSource
from operators.decode import Decoder
from operators.detect import WorkersError, check_workers
from tests.harness import event


def dies(status: int) -> Dataflow:
    """What each process builds: its end."""
    os._exit(status)


def test_a_process_that_dies_ends_the_run_with_its_status() -> None:
    with pytest.raises(WorkerDied, match=r"worker process [01] of 2 ended with status 7"):
        run_cluster(dies, 7, workers=2, epoch=timedelta(days=1))


@pytest.mark.parametrize("workers", [7, 9, 32])
def test_flows_that_keep_their_state_refuse_workers_that_do_not_divide_240(workers: int) -> None:
    with pytest.raises(WorkersError, match=rf"cannot run on {workers} workers; allowed: 1, 2, 3, 4, 5, 6, 8, 10, 12"):
        check_workers(workers)


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 24, 30, 240])
def test_other_numbers_are_good(workers: int) -> None:
    check_workers(workers)


def test_what_a_worker_keeps_by_thread_is_there_for_its_next_chunk(tmp_path):
    """Python drops it with the lock where it has not been told to keep a thread that it did not start."""
    file = tmp_path / "events"
    file.write_bytes(b"".join(orjson.dumps(event("view", f"{minute}m")) + b"\n" for minute in range(3)))
    kept, counts = threading.local(), []

    def counted(_chunk):
        kept.chunks = getattr(kept, "chunks", 0) + 1
        return kept.chunks

    flow = Dataflow("counting")
    chunks = op.input("file", flow, FileSource(file, Decoder(), max_out_of_orderness_us=0, chunk_size=1))
    op.output("out", op.map("counted", chunks, counted), TestingSink(counts))
    cluster_main(flow, [], 0)
    assert counts == [1, 2, 3, 4]
