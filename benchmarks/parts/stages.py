"""Where one event's time goes: each stage of detection by hand, and what the whole backtest takes on top."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.answers import assert_equal, read_answer
from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.backtest_run import BacktestRun, run_backtest
from benchmarks.cache import ROOT, cache_folder, workload_file
from benchmarks.child import last_json, run_child
from benchmarks.expected import expected
from benchmarks.recipe import Workload
from benchmarks.report import PartReport, middle, rounded
from benchmarks.stage_times import STAGES


@dataclass(frozen=True)
class Shape:
    """How events come: in chunks of so many, to so many key groups."""

    name: str
    chunk_size: int
    key_groups: int


BACKTEST = Shape("backtest: chunks of 2,048, 24 groups", 2_048, 24)
LIVE = Shape("live: chunks of 5,000, 256 groups", 5_000, 256)


def measure(asked: Asked) -> PartReport:
    """Shapes and the backtest take turns, one repetition each. Raises WrongAnswerError, ChildError."""
    events = workload_file(Workload(events=asked.events, seed=asked.seed, disorder_ms=OUT_OF_ORDERNESS_MS))
    spent: dict[Shape, list[dict[str, float]]] = {BACKTEST: [], LIVE: []}
    runs: list[BacktestRun] = []
    for number in range(1, asked.rounds + 1):
        say(f"stages: round {number} of {asked.rounds}")
        for shape, repetitions in spent.items():
            repetitions += _nanoseconds_an_event(events, shape, repetitions=2)
        runs.append(run_backtest(events, at_end="flush", readers=0))
    whole = [run.job_seconds / run.lines * 1e9 for run in runs]
    rows: list[tuple[str, ...]] = []
    for shape, repetitions in spent.items():
        rows += [
            (
                f"{shape.name}: {stage}" if stage == STAGES[0] else f"  {stage}",
                *_figures([r[stage] for r in repetitions]),
            )
            for stage in STAGES
        ]
        rows.append(("  all of these", *_figures([sum(r.values()) for r in repetitions])))
    by_hand = [sum(repetition.values()) for repetition in spent[BACKTEST]]
    rows.append(("flows.backtest in one process, its job", *_figures(whole)))
    rows.append(
        (
            "  of which Bytewax, start, report",
            f"{min(whole) - min(by_hand):,.0f}",
            f"{middle(whole) - middle(by_hand):,.0f}",
        )
    )
    return PartReport(
        title=f"stages: {asked.events:,} events, {2 * asked.rounds} repetitions",
        columns=("stage", "min ns/event", "median ns/event"),
        rows=rows,
        notes=["key group = dedupe, reorder by event time, match, decide; its answer is the reference's"],
        data={
            "shapes": [
                asdict(shape)
                | {"ns_an_event": {stage: rounded([r[stage] for r in repetitions], 1) for stage in STAGES}}
                for shape, repetitions in spent.items()
            ],
            "backtest": [asdict(run) for run in runs],
        },
    )


def _nanoseconds_an_event(events: Path, shape: Shape, *, repetitions: int) -> list[dict[str, float]]:
    """By stage, for each repetition of one process."""
    out = cache_folder() / "stages.answer"
    cost = run_child(
        [
            sys.executable,
            *("-m", "benchmarks.stage_times", events, out, "--repetitions", str(repetitions)),
            *("--chunk-size", str(shape.chunk_size), "--key-groups", str(shape.key_groups)),
        ],
        cwd=ROOT,
    )
    assert_equal(read_answer(out), expected(events, at_end="flush").answer, who=f"stages, {shape.name}")
    report: dict[str, Any] = last_json(cost.stdout)
    return [{stage: spent[stage] / report["events"] for stage in STAGES} for spent in report["repetitions"]]


def _figures(values: list[float]) -> tuple[str, str]:
    return f"{min(values):,.0f}", f"{middle(values):,.0f}"
