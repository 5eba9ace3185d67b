"""Several worker processes: one that ends early ends them all, and numbers that cannot work are refused."""

import os
from datetime import timedelta

import pytest
from bytewax.dataflow import Dataflow

from flows.cluster import WorkerDied, run_cluster
from operators.detect import WorkersError, check_workers


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
