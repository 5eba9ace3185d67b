"""Does an event cost more where a million matches are open than where ten thousand are?

The workload first opens N matches, then keeps N open while `steady_events` more pass: as many new carts are left as
old ones time out (`benchmarks.workload --open-matches`). The cost is that of the whole path, from file to answer, by
event while N are open: (the whole job − a job that only opens) by the steady lines.

With a fixed share of carts left, a million open matches come with a hundred times the traffic of ten thousand, so a
hundred times as many events lie within `max_out_of_orderness` of each other, and all their ids are remembered: that is
part of what is measured here. With the same traffic and a hundredth of the carts left, a hundredth as many matches
would be decided, which is no fair comparison either.

That N are open is asserted at both ends of the steady part: `--at-end hold` reports what is pending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.answers import WrongAnswerError
from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.backtest_run import BacktestRun, run_backtest
from benchmarks.cache import workload_file
from benchmarks.recipe import Workload
from benchmarks.report import PartReport, middle, rounded

BAR = 1.3
BOUGHT_WITHIN_MS = 4_000
"""Buyers are so quick that their carts, which are open too, are few beside N."""
TOLERANCE = 0.05
"""How far the open matches may be from N: carts are left at random. The exact number is the reference's."""


@dataclass
class _Size:
    """One N: its files, and its runs in pairs."""

    open_matches: int
    filled: Path
    whole: Path
    filling: list[BacktestRun] = field(default_factory=list)
    runs: list[BacktestRun] = field(default_factory=list)

    def while_open_ns(self) -> float:
        """From medians: a difference of single runs carries the noise of two."""
        seconds = middle([run.job_seconds for run in self.runs])
        opening_s = middle([run.job_seconds for run in self.filling])
        return (seconds - opening_s) / (self.runs[0].lines - self.filling[0].lines) * 1e9

    def peak_bytes(self) -> float:
        return middle([run.peak_rss_bytes for run in self.runs])


def measure(asked: Asked) -> PartReport:
    """Few, many, few, many … Raises WrongAnswerError, ChildError."""
    few, many = (_size(asked, open_matches) for open_matches in (asked.few, asked.many))
    for number in range(1, asked.rounds + 1):
        for size in (few, many):
            say(f"open_matches: round {number} of {asked.rounds}, {size.open_matches:,} open")
            size.filling.append(_run(size.filled, size.open_matches))
            size.runs.append(_run(size.whole, size.open_matches))
    ratio = many.while_open_ns() / few.while_open_ns()
    bytes_each = (many.peak_bytes() - few.peak_bytes()) / (many.open_matches - few.open_matches)
    return PartReport(
        title=f"open_matches: flows.backtest, {asked.steady_events:,} events while open, median of {asked.rounds}",
        columns=("open matches", "lines", "job s", "opening s", "ns/event while open", "peak MB"),
        rows=[_row(size) for size in (few, many)],
        notes=[
            f"ratio while open: {ratio:.3f} × ({'within' if ratio <= BAR else 'OVER'} the bar of {BAR} ×)",
            f"peak memory an open match: {bytes_each:,.0f} bytes",
        ],
        data={
            "ratio": round(ratio, 3),
            "bar": BAR,
            "bytes_an_open_match": round(bytes_each, 1),
            "sizes": [
                {
                    "open_matches": size.open_matches,
                    "whole_path_ns": rounded([run.job_seconds / run.lines * 1e9 for run in size.runs], 1),
                    "opening": [asdict(run) for run in size.filling],
                    "rounds": [asdict(run) for run in size.runs],
                }
                for size in (few, many)
            ],
        },
    )


def _size(asked: Asked, open_matches: int) -> _Size:
    def file(events: int) -> Path:
        return workload_file(
            Workload(
                events=events,
                open_matches=open_matches,
                bought_within_ms=BOUGHT_WITHIN_MS,
                seed=asked.seed,
                disorder_ms=OUT_OF_ORDERNESS_MS,
            )
        )

    return _Size(open_matches, filled=file(0), whole=file(asked.steady_events))


def _run(file: Path, open_matches: int) -> BacktestRun:
    run = run_backtest(file, at_end="hold")
    if abs(run.pending - open_matches) > TOLERANCE * open_matches:
        raise WrongAnswerError(f"{run.pending} matches are open at the end of {file.name}, not about {open_matches}")
    return run


def _row(size: _Size) -> tuple[str, ...]:
    def seconds(runs: Sequence[BacktestRun]) -> str:
        return f"{middle([run.job_seconds for run in runs]):.2f}"

    return (
        f"{size.runs[0].pending:,}",
        f"{size.runs[0].lines:,}",
        seconds(size.runs),
        seconds(size.filling),
        f"{size.while_open_ns():,.0f}",
        f"{size.peak_bytes() / 1e6:,.0f}",
    )
