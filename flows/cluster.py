"""Runs a bounded flow in this process, or in several on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import TypeVar

from bytewax.dataflow import Dataflow
from bytewax.errors import BytewaxRuntimeError
from bytewax.testing import cluster_main

from flows.collector import keep_freed_memory, relax_collector
from flows.loopback import free_addresses

Asked = TypeVar("Asked")


class WorkerDied(Exception):
    """A process of a run ended before the flow did; what it printed says why."""


def run_cluster(build: Callable[[Asked], Dataflow], asked: Asked, *, workers: int, epoch: timedelta) -> None:
    """Builds ``build(asked)`` in each of ``workers`` processes (one: this one) and runs it to its end.

    Raises ``OSError`` that a step raised in this process, ``WorkerDied`` if another process ended early.
    """
    if workers == 1:
        _work(build, asked, [], 0, epoch)
        return
    addresses = free_addresses(workers)
    context = get_context("spawn")
    processes: list[BaseProcess] = [
        context.Process(target=_work_in_child, args=(build, asked, addresses, index, epoch), daemon=True)
        for index in range(workers)
    ]
    for process in processes:
        process.start()
    running = dict(enumerate(processes))
    while running:
        wait([process.sentinel for process in running.values()])
        for index, process in list(running.items()):
            if process.exitcode is None:
                continue
            del running[index]
            if process.exitcode:
                for other in running.values():
                    other.kill()
                raise WorkerDied(f"worker process {index} of {workers} ended with status {process.exitcode}")


def _work(build: Callable[[Asked], Dataflow], asked: Asked, addresses: list[str], index: int, epoch: timedelta) -> None:
    flow = build(asked)
    relax_collector()
    keep_freed_memory()
    try:
        cluster_main(  # type: ignore[no-untyped-call]
            flow, addresses, index, epoch_interval=epoch, worker_count_per_proc=1
        )
    except BytewaxRuntimeError as error:
        # The engine wraps what a step raised; what concerns the file concerns the caller.
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, OSError | WorkerDied):
                raise cause from None
            cause = cause.__cause__
        raise


def _work_in_child(
    build: Callable[[Asked], Dataflow], asked: Asked, addresses: list[str], index: int, epoch: timedelta
) -> None:
    """As ``_work``; the parent tells that this process ended, so one line says why it did."""
    try:
        _work(build, asked, addresses, index, epoch)
    except BaseException as error:
        print(f"worker process {index}: {error}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(1)
