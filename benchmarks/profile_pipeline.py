"""`python -m benchmarks --profile FILE`: the end-to-end pipeline once, under cProfile; for `snakeviz` or `pstats`."""

from __future__ import annotations

import os
import pstats
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.asked import Asked, say
from benchmarks.broker import why_no_kafka
from benchmarks.live_run import catch_up
from benchmarks.parts.end_to_end import full_topic

_LINES = 30


def profile_pipeline(asked: Asked, out: Path) -> int:
    """Writes the profile and prints its dearest functions; gives an exit status."""
    skipped = why_no_kafka()
    if skipped is not None:
        say(skipped)
        return 1
    os.environ["BENCHMARK_PROFILE"] = str(out.absolute())
    with TemporaryDirectory(prefix="customer-triggers-bench-") as place, full_topic(asked, Path(place)) as backlog:
        catch_up("pipeline", backlog, Path(place) / "flow", target="benchmarks.profiled:flow")
    pstats.Stats(str(out)).strip_dirs().sort_stats("tottime").print_stats(_LINES)
    return 0
