"""What an event costs by how many lie within `max_out_of_orderness` of it: the same number of events in less time.

They wait for the watermark, and their ids may still be copied: both grow with the traffic. As many matches are open and
as many are decided at every rate: the time that the rule gives to buy is the shorter. In one process, from a file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.backtest_run import BacktestRun, run_backtest
from benchmarks.cache import workload_file
from benchmarks.parts.open_matches import BOUGHT_WITHIN_MS
from benchmarks.recipe import Workload
from benchmarks.report import Figure, PartReport, middle, rounded

RATES = (1_000, 10_000, 100_000)
"""Events a second of event time."""
OPEN_MATCHES = 10_000


@dataclass
class _Rate:
    """One file, with the runs over it."""

    rate: int
    within_ms: int
    file: Path
    runs: list[BacktestRun] = field(default_factory=list)

    def event_ns(self) -> float:
        return middle([run.job_seconds for run in self.runs]) / self.runs[0].lines * 1e9


def measure(asked: Asked) -> PartReport:
    """The rates take turns. Raises WrongAnswerError, ChildError."""
    rates = [_rate(asked, rate) for rate in RATES]
    for number in range(1, asked.rounds + 1):
        for each in rates:
            say(f"density: round {number} of {asked.rounds}, {each.rate:,} events/s")
            each.runs.append(run_backtest(each.file, at_end="hold", readers=0, within_ms=each.within_ms))
    least, most = rates[0], rates[-1]
    ratios = [each.event_ns() / least.event_ns() for each in rates]
    between = f"{most.rate:,} events/s of event time by {least.rate:,}"
    return PartReport(
        title=f"density: flows.backtest, {asked.events:,} events, one process, median of {asked.rounds}",
        columns=(
            "events/s of event time",
            "rule's within s",
            "within 2 s",
            "lines",
            "job s",
            "ns/event",
            "by least",
            "peak MB",
        ),
        rows=[_row(each, least) for each in rates],
        notes=[f"about {OPEN_MATCHES:,} matches are open; read, duplicate, late and every action are the reference's"],
        figures=[Figure(f"cost of an event from file, {between}", ratios[-1], "×")],
        data={
            "ratios": rounded(ratios),
            "rates": [{"rate": each.rate, "rounds": [asdict(run) for run in each.runs]} for each in rates],
        },
    )


def _rate(asked: Asked, rate: int) -> _Rate:
    within_ms = round(OPEN_MATCHES / (rate * Workload.match_rate) * 1_000)
    file = workload_file(
        Workload(
            events=asked.events,
            open_matches=OPEN_MATCHES,
            within_ms=within_ms,
            bought_within_ms=BOUGHT_WITHIN_MS,
            seed=asked.seed,
            disorder_ms=OUT_OF_ORDERNESS_MS,
        )
    )
    return _Rate(rate, within_ms, file)


def _row(each: _Rate, least: _Rate) -> tuple[str, ...]:
    return (
        f"{each.rate:,}",
        f"{each.within_ms / 1_000:,.0f}",
        f"{each.rate * OUT_OF_ORDERNESS_MS // 1_000:,}",
        f"{each.runs[0].lines:,}",
        f"{middle([run.job_seconds for run in each.runs]):.2f}",
        f"{each.event_ns():,.0f}",
        f"{each.event_ns() / least.event_ns():.2f}",
        f"{middle([run.peak_rss_bytes for run in each.runs]) / 1e6:,.0f}",
    )
