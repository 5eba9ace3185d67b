"""The figures of a contest: medians over the rounds, and ours against each peer's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.peers.result import PeerResult


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Medians of one entrant over the rounds. `ours_faster_*` is its time by ours; null without ours."""

    name: str
    events: int
    matches: int
    rounds: int
    seconds_job: float
    seconds_process: float
    cpu_seconds: float
    peak_rss_bytes: int
    events_per_second_job: int
    events_per_second_process: int
    ours_faster_job: float | None
    ours_faster_process: float | None
    every_seconds_job: list[float]
    every_seconds_process: list[float]


def figures(events: int, results: Mapping[str, Sequence[PeerResult]], *, ours: str) -> list[Figures]:
    """In the order given; `ours` is the name that the others are measured against, where it is among them."""
    ours_job = median(run.seconds_job for run in results[ours]) if ours in results else None
    ours_process = median(run.seconds_process for run in results[ours]) if ours in results else None
    rows = []
    for name, runs in results.items():
        job = median(run.seconds_job for run in runs)
        process = median(run.seconds_process for run in runs)
        rows.append(
            Figures(
                name=name,
                events=events,
                matches=len(runs[0].answer),
                rounds=len(runs),
                seconds_job=round(job, 3),
                seconds_process=round(process, 3),
                cpu_seconds=round(median(run.cpu_seconds for run in runs), 3),
                peak_rss_bytes=int(median(run.peak_rss_bytes for run in runs)),
                events_per_second_job=round(events / job),
                events_per_second_process=round(events / process),
                ours_faster_job=_ratio(job, ours_job),
                ours_faster_process=_ratio(process, ours_process),
                every_seconds_job=[round(run.seconds_job, 3) for run in runs],
                every_seconds_process=[round(run.seconds_process, 3) for run in runs],
            )
        )
    return rows


def _ratio(theirs: float, ours: float | None) -> float | None:
    return None if ours is None else round(theirs / ours, 2)


def as_json(rows: Sequence[Figures]) -> list[dict[str, object]]:
    return [asdict(row) for row in rows]


def show(title: str, rows: Sequence[Figures]) -> None:
    """Prints the table."""
    table = Table(title=title, title_justify="left")
    table.add_column("engine", no_wrap=True)
    for column in (
        "job s",
        "process s",
        "CPU s",
        "events/s job",
        "… process",
        "peak MB",
        "ours faster: job",
        "… process",
    ):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.seconds_job:.2f}",
            f"{row.seconds_process:.2f}",
            f"{row.cpu_seconds:.2f}",
            f"{row.events_per_second_job:,}",
            f"{row.events_per_second_process:,}",
            f"{row.peak_rss_bytes / 1e6:,.0f}",
            _times(row.ours_faster_job),
            _times(row.ours_faster_process),
        )
    Console(width=132).print(table)


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.2f} ×"
