"""Memory while a long backlog is read: under the limit that README states, of even partitions and of uneven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.answers import WrongAnswerError
from benchmarks.asked import Asked, say
from benchmarks.broker import why_no_kafka
from benchmarks.live_run import LiveRun, catch_up
from benchmarks.parts.end_to_end import full_topic
from benchmarks.report import Figure, PartReport

LIMIT_BYTES = 2_500_000_000
"""Of `flows.pipeline` with the embedded ClickHouse in its process, one worker."""
SHARES: dict[str, Sequence[int]] = {"even": (), "uneven": (49, 17, 17, 17)}
"""Percent of the customers by partition. Read in turns, a third of the uneven backlog would wait for the longest."""


def measure(asked: Asked) -> PartReport:
    """One run of each: what counts is the peak. Raises WrongAnswerError, FlowFailedError, ChildError."""
    skipped = why_no_kafka()
    if skipped is not None:
        return PartReport(title="catch_up: skipped", notes=[skipped], data={"skipped": skipped})
    runs: dict[str, LiveRun] = {}
    for name, shares in SHARES.items():
        with (
            TemporaryDirectory(prefix="customer-triggers-bench-") as place,
            full_topic(asked, Path(place), events=asked.backlog_events, shares=shares) as backlog,
        ):
            say(f"catch_up: {name} partitions")
            runs[name] = catch_up("pipeline", backlog, Path(place) / "flow")
            lines = backlog.expected.counts.lines
        if runs[name].peak_rss_bytes > LIMIT_BYTES:
            raise WrongAnswerError(f"{name} partitions: a peak of {runs[name].peak_rss_bytes:,} bytes, over the limit")
    return PartReport(
        title=f"catch_up: flows.pipeline over a backlog of {lines:,} events, one worker, embedded ClickHouse",
        columns=("partitions", "all done s", "peak MB"),
        rows=[(name, f"{run.worked_seconds:.1f}", f"{run.peak_rss_bytes / 1e6:,.0f}") for name, run in runs.items()],
        notes=[
            f"the limit is {LIMIT_BYTES / 1e6:,.0f} MB, about half of it ClickHouse's",
            f"uneven: {', '.join(f'{share} %' for share in SHARES['uneven'])} of the customers on the four partitions",
        ],
        figures=[
            Figure(
                f"peak memory over a backlog of {lines:,} events",
                max(run.peak_rss_bytes for run in runs.values()) / 1e6,
                "MB",
                at_most=LIMIT_BYTES / 1e6,
            )
        ],
        data={"lines": lines, "limit_bytes": LIMIT_BYTES, "runs": {name: asdict(run) for name, run in runs.items()}},
    )
