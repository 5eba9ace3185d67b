"""What an event costs by its size: the same events, with more or less of a user agent behind what triggers read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.backtest_run import BacktestRun, run_backtest
from benchmarks.cache import workload_file
from benchmarks.recipe import Workload
from benchmarks.report import Figure, PartReport, middle

PAYLOADS = (150, 282, 1_000, 4_000)
"""Bytes asked for. An event whose fields alone are longer is as long as they are."""


@dataclass
class _Size:
    """One file, with the runs over it. `bytes_each` is the mean length of its lines."""

    asked_bytes: int
    file: Path
    runs: list[BacktestRun] = field(default_factory=list)

    def seconds(self) -> float:
        return middle([run.job_seconds for run in self.runs])

    def bytes_each(self) -> float:
        return self.file.stat().st_size / self.runs[0].lines

    def events_a_second(self) -> float:
        return self.runs[0].lines / self.seconds()


def measure(asked: Asked) -> PartReport:
    """The sizes take turns. Raises WrongAnswerError, ChildError."""
    sizes = [
        _Size(
            payload,
            workload_file(
                Workload(
                    events=asked.small_events, payload_bytes=payload, seed=asked.seed, disorder_ms=OUT_OF_ORDERNESS_MS
                )
            ),
        )
        for payload in PAYLOADS
    ]
    for number in range(1, asked.rounds + 1):
        for size in sizes:
            say(f"payload: round {number} of {asked.rounds}, {size.asked_bytes:,} bytes")
            size.runs.append(run_backtest(size.file, at_end="flush"))
    most = sizes[-1]
    return PartReport(
        title=f"payload: flows.backtest, one worker, median of {asked.rounds}",
        columns=("bytes asked for", "bytes an event", "lines", "job s", "ns/event", "events/s", "MB/s", "peak MB"),
        rows=[_row(size) for size in sizes],
        notes=["read, matched, duplicate, late and every action are the reference's"],
        figures=[Figure(f"from file at {most.asked_bytes:,} bytes an event", most.events_a_second(), "events/s")],
        data={
            "sizes": [
                {
                    "payload_bytes": size.asked_bytes,
                    "bytes_each": round(size.bytes_each(), 1),
                    "rounds": [asdict(run) for run in size.runs],
                }
                for size in sizes
            ]
        },
    )


def _row(size: _Size) -> tuple[str, ...]:
    return (
        f"{size.asked_bytes:,}",
        f"{size.bytes_each():,.0f}",
        f"{size.runs[0].lines:,}",
        f"{size.seconds():.2f}",
        f"{1e9 / size.events_a_second():,.0f}",
        f"{size.events_a_second():,.0f}",
        f"{size.events_a_second() * size.bytes_each() / 1e6:,.0f}",
        f"{middle([run.peak_rss_bytes for run in size.runs]) / 1e6:,.0f}",
    )
