"""`flows.pipeline` under cProfile: `python -m bytewax.run benchmarks.profiled:flow`, BENCHMARK_PROFILE names the file.

A worker is a thread that Bytewax makes, not Python, so that no hook of `threading` sees it: its profile begins where
it builds the first partition of the source. Threads of Python's own (the archive's writer) begin by themselves. The
profiler makes calls dearer than loops: read the order of the lines, not their seconds. They are CPU seconds of the
thread itself: waiting is none, and neither is what librdkafka's and ClickHouse's own threads do.
"""

from __future__ import annotations

import atexit
import cProfile
import os
import pstats
import sys
import threading
import time
from types import FrameType
from typing import Any

from bytewax.dataflow import Dataflow

from flows import pipeline
from flows.kafka_source import KafkaPartition, KafkaSource, State

_profiles: dict[int, cProfile.Profile] = {}


def flow() -> Dataflow:
    """The pipeline; its profile is written when the process ends."""
    build_part = KafkaSource.build_part

    def profiled(self: KafkaSource, step_id: str, for_part: str, resume_state: State | None) -> KafkaPartition:
        _begin()
        return build_part(self, step_id, for_part, resume_state)

    KafkaSource.build_part = profiled  # type: ignore[method-assign]
    threading.setprofile(_on_first_call)
    atexit.register(_write)
    return pipeline.flow()


def _on_first_call(frame: FrameType, event: str, argument: Any) -> None:
    sys.setprofile(None)
    _begin()


def _begin() -> None:
    thread = threading.get_ident()
    if thread not in _profiles:
        _profiles[thread] = cProfile.Profile(time.thread_time)
        _profiles[thread].enable()


def _write() -> None:
    profiles = list(_profiles.values())
    if profiles:
        stats = pstats.Stats(profiles[0])
        for profile in profiles[1:]:
            stats.add(profile)
        stats.dump_stats(os.environ["BENCHMARK_PROFILE"])
