"""Detection alone: a file of events through `flows.backtest`, from the start of the process to its answer on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.backtest_run import BacktestRun, run_backtest
from benchmarks.cache import workload_file
from benchmarks.recipe import Workload
from benchmarks.report import Figure, PartReport, middle


def measure(asked: Asked) -> PartReport:
    """Both sizes take turns. Raises WrongAnswerError, ChildError."""
    files = {
        events: workload_file(Workload(events=events, seed=asked.seed, disorder_ms=OUT_OF_ORDERNESS_MS))
        for events in (asked.small_events, asked.events)
    }
    runs: dict[int, list[BacktestRun]] = {events: [] for events in files}
    for number in range(1, asked.rounds + 1):
        for events, file in files.items():
            say(f"detection: round {number} of {asked.rounds}, {events:,} events")
            runs[events].append(run_backtest(file, at_end="flush"))
    return PartReport(
        title=f"detection: flows.backtest, abandonment with overlap, one worker, median of {asked.rounds}",
        columns=("events", "matches", "job s", "process s", "CPU s", "events/s job", "… process", "peak MB"),
        rows=[_row(of_size) for of_size in runs.values()],
        notes=["read, matched, duplicate, late and every action are the reference's"],
        figures=[
            Figure(
                f"detection from file, {asked.events:,} events",
                runs[asked.events][0].lines / middle([run.job_seconds for run in runs[asked.events]]),
                "events/s",
            )
        ],
        data={"rounds": [asdict(run) for of_size in runs.values() for run in of_size]},
    )


def _row(runs: Sequence[BacktestRun]) -> tuple[str, ...]:
    job = middle([run.job_seconds for run in runs])
    process = middle([run.process_seconds for run in runs])
    return (
        f"{runs[0].lines:,}",
        f"{runs[0].matches:,}",
        f"{job:.2f}",
        f"{process:.2f}",
        f"{middle([run.cpu_seconds for run in runs]):.2f}",
        f"{runs[0].lines / job:,.0f}",
        f"{runs[0].lines / process:,.0f}",
        f"{middle([run.peak_rss_bytes for run in runs]) / 1e6:,.0f}",
    )
