"""What an event costs by how many matches are open, from ten thousand to a million, or to ten; and what each takes.

The workload first opens N matches, then keeps N open while `steady_events` more pass: as many new carts are left as
old ones time out (`benchmarks.workload --open-matches`). The cost is that of the whole path, from file to answer, in
one process, by event while N are open: the seconds from where the opening ends in the file to the file's end, by the
lines between.

What is open is how many carts are left in the time that the rule gives to buy. That time grows with N, from half a
minute for the fewest, and nothing else does: the same traffic, 17 000 events/s with the usual share of carts left, and
as many matches decided. (With one time to buy in, traffic would have to grow a thousandfold, and with it what waits
for the watermark and the ids that may be copied; what that costs is `density`'s to tell.)

That N are open is asserted at both ends of the steady part: `--at-end hold` reports what is pending, once of a file
that only opens, and at the end of each run.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.answers import WrongAnswerError
from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.backtest_run import BacktestRun, run_backtest
from benchmarks.cache import workload_file
from benchmarks.recipe import Workload
from benchmarks.report import Figure, PartReport, middle, rounded

BAR = 1.5
"""Of the cost of an event with the most open, by its cost with the fewest."""
BYTES_BAR = 400.0
FEWEST_WITHIN_MS = 30_000
"""The rule's time to buy in where the fewest are open."""
BOUGHT_WITHIN_MS = 4_000
"""Buyers are so quick that their carts, which are open too, are few beside N."""
TEN_MILLION = 10_000_000
TOLERANCE = 0.05
"""How far the open matches may be from N: carts are left at random. The exact number is the reference's."""


@dataclass
class _Size:
    """One N: its files, the run that only opens, and those of the whole."""

    open_matches: int
    within_ms: int
    filled: Path
    whole: Path
    filling: BacktestRun
    runs: list[BacktestRun] = field(default_factory=list)

    def while_open_ns(self) -> float:
        steady = self.runs[0].lines - self.filling.lines
        return middle([run.rest_seconds or 0.0 for run in self.runs]) / steady * 1e9

    def peak_bytes(self) -> float:
        return middle([run.peak_rss_bytes for run in self.runs])

    def bytes_each(self, few: _Size) -> float:
        """Peak memory by open match, beyond what the fewest take."""
        return (self.peak_bytes() - few.peak_bytes()) / (self.open_matches - few.open_matches)


def measure(asked: Asked) -> PartReport:
    """The sizes take turns. Raises WrongAnswerError, ChildError."""
    counts = (*asked.sizes, TEN_MILLION) if asked.ten_million else asked.sizes
    sizes = [_size(asked, open_matches, FEWEST_WITHIN_MS * open_matches // counts[0]) for open_matches in counts]
    for number in range(1, asked.rounds + 1):
        for size in sizes:
            say(f"open_matches: round {number} of {asked.rounds}, {size.open_matches:,} open")
            size.runs.append(_run(size.whole, size.open_matches, size.within_ms, size.filled.stat().st_size))
    few, most = sizes[0], sizes[-1]
    ratios = [size.while_open_ns() / few.while_open_ns() for size in sizes]
    between = f"{most.open_matches:,} open by {few.open_matches:,}"
    return PartReport(
        title=f"open_matches: flows.backtest, {asked.steady_events:,} events while open, median of {asked.rounds}",
        columns=(
            "open matches",
            "within s",
            "lines",
            "job s",
            "with them open s",
            "ns/event",
            "events/s",
            "by few",
            "peak MB",
            "bytes each",
        ),
        rows=[_row(size, few) for size in sizes],
        notes=[
            "ns/event and events/s: of what follows the opening; bytes each: peak memory beyond that of the fewest",
            "how many are open at both ends, read, duplicate, late and every action are the reference's",
        ],
        figures=[
            Figure(f"cost of an event from file, {between}", ratios[-1], "×", at_most=BAR),
            Figure(f"memory an open match, {most.open_matches:,} open", most.bytes_each(few), "B", at_most=BYTES_BAR),
        ],
        data={
            "ratios": rounded(ratios),
            "bar": BAR,
            "sizes": [
                {
                    "open_matches": size.open_matches,
                    "within_ms": size.within_ms,
                    "while_open_ns": round(size.while_open_ns(), 1),
                    "bytes_an_open_match": None if size is few else round(size.bytes_each(few), 1),
                    "whole_path_ns": rounded([run.job_seconds / run.lines * 1e9 for run in size.runs], 1),
                    "opening": asdict(size.filling),
                    "rounds": [asdict(run) for run in size.runs],
                }
                for size in sizes
            ],
        },
    )


def _size(asked: Asked, open_matches: int, within_ms: int) -> _Size:
    def file(events: int) -> Path:
        return workload_file(
            Workload(
                events=events,
                open_matches=open_matches,
                within_ms=within_ms,
                bought_within_ms=BOUGHT_WITHIN_MS,
                seed=asked.seed,
                disorder_ms=OUT_OF_ORDERNESS_MS,
            )
        )

    filled = file(0)
    say(f"open_matches: opening {open_matches:,}")
    whole, filling = file(asked.steady_events), _run(filled, open_matches, within_ms)
    return _Size(open_matches, within_ms, filled, whole, filling)


def _run(file: Path, open_matches: int, within_ms: int, from_offset: int = 0) -> BacktestRun:
    run = run_backtest(file, at_end="hold", readers=0, from_offset=from_offset, within_ms=within_ms)
    if abs(run.pending - open_matches) > TOLERANCE * open_matches:
        raise WrongAnswerError(f"{run.pending} matches are open at the end of {file.name}, not about {open_matches}")
    return run


def _row(size: _Size, few: _Size) -> tuple[str, ...]:
    return (
        f"{size.runs[0].pending:,}",
        f"{size.within_ms / 1_000:,.0f}",
        f"{size.runs[0].lines:,}",
        f"{middle([run.job_seconds for run in size.runs]):.2f}",
        f"{middle([run.rest_seconds or 0.0 for run in size.runs]):.2f}",
        f"{size.while_open_ns():,.0f}",
        f"{1e9 / size.while_open_ns():,.0f}",
        f"{size.while_open_ns() / few.while_open_ns():.2f}",
        f"{size.peak_bytes() / 1e6:,.0f}",
        "–" if size is few else f"{size.bytes_each(few):,.0f}",
    )
