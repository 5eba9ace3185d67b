"""What having many triggers costs: on types that do not occur, and on one type that does.

- *on other types*: the abandonment rule alone, and beside 10, 50 and 200 triggers that listen to other event types.
  What the most of them add to the cost of an event is held against the first bar;
- *on one type*: 1, 10, 50 and 200 abandonment triggers on `cart_add` and `purchase`, each with a wait and a condition
  of its own, so that every cart opens a match of each. The cost of an event with 50 by that with one is held against
  the second.

The cost is that of the whole path, from file to answer: the job's seconds by the lines, without the time it takes to
load the trigger files.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.answers import WrongAnswerError
from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.backtest_run import BacktestRun, run_backtest
from benchmarks.cache import ROOT, cache_folder, workload_file
from benchmarks.child import last_json, run_child
from benchmarks.expected_carts import assert_carts, expected_carts, found_carts
from benchmarks.recipe import Workload
from benchmarks.report import Figure, PartReport, middle
from benchmarks.trigger_texts import on_carts, others, write_texts

OTHERS: Final = (0, 10, 50, 200)
OTHERS_BAR: Final = 0.05
"""What the most others may add to the cost of an event, as a share of it."""
COUNTS: Final = (1, 10, 50, 200)
HELD: Final = 50
SAME_BAR: Final = 15.0
"""The most that an event may cost with `HELD` triggers on one type, by its cost with one."""


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One backtest with so many triggers."""

    lines: int
    matches: int
    job_seconds: float
    peak_rss_bytes: int

    @property
    def event_ns(self) -> float:
        return self.job_seconds / self.lines * 1e9


def measure(asked: Asked) -> PartReport:
    """All counts take turns. Raises WrongAnswerError, ChildError."""
    with TemporaryDirectory(prefix="customer-triggers-bench-") as place:
        other_files = write_texts(others(OTHERS[-1]), Path(place) / "others")
        cart_files = write_texts(on_carts(COUNTS[-1]), Path(place) / "carts")
        beside = _on_other_types(asked, other_files)
        same = _on_one_type(asked, cart_files)
    by_others = {count: _ratio(runs, beside[OTHERS[0]]) for count, runs in beside.items()}
    by_same = {count: _ratio(runs, same[COUNTS[0]]) for count, runs in same.items()}
    added = (by_others[OTHERS[-1]] - 1) * 100
    return PartReport(
        title=f"many_triggers: flows.backtest, one worker, median of {asked.rounds}",
        columns=("triggers", "lines", "matches", "job s", "ns/event", "by one", "peak MB"),
        rows=[
            *(_row(f"1 beside {count} on other types", runs, beside[OTHERS[0]]) for count, runs in beside.items()),
            *(_row(f"{count} on one type", runs, same[COUNTS[0]]) for count, runs in same.items()),
        ],
        notes=["every trigger's matches are the reference's"],
        figures=[
            Figure(f"{OTHERS[-1]} triggers on other types add to an event", added, "%", at_most=OTHERS_BAR * 100),
            Figure(f"cost of an event, {HELD} triggers on one type by one", by_same[HELD], "×", at_most=SAME_BAR),
            Figure(f"cost of an event, {COUNTS[-1]} triggers on one type by one", by_same[COUNTS[-1]], "×"),
        ],
        data={
            "beside_others_by_alone": {str(count): round(ratio, 3) for count, ratio in by_others.items()},
            "others_bar": OTHERS_BAR,
            "on_one_type_by_one": {str(count): round(ratio, 3) for count, ratio in by_same.items()},
            "on_one_type_bar": SAME_BAR,
            "rounds": {
                "beside_others": {str(count): [asdict(run) for run in runs] for count, runs in beside.items()},
                "on_one_type": {str(count): [asdict(run) for run in runs] for count, runs in same.items()},
            },
        },
    )


def _on_other_types(asked: Asked, other_files: Sequence[Path]) -> dict[int, list[_Run]]:
    """By number of others, its runs."""
    events = workload_file(Workload(events=asked.events, seed=asked.seed, disorder_ms=OUT_OF_ORDERNESS_MS))
    runs: dict[int, list[_Run]] = {count: [] for count in OTHERS}
    for number in range(1, asked.rounds + 1):
        for count in OTHERS:
            say(f"many_triggers: round {number} of {asked.rounds}, one trigger beside {count} others")
            runs[count].append(_of(run_backtest(events, at_end="flush", beside=other_files[:count])))
    return runs


def _on_one_type(asked: Asked, cart_files: Sequence[Path]) -> dict[int, list[_Run]]:
    """By number of triggers, its runs."""
    events = workload_file(Workload(events=asked.one_type_events, seed=asked.seed, disorder_ms=OUT_OF_ORDERNESS_MS))
    runs: dict[int, list[_Run]] = {count: [] for count in COUNTS}
    for number in range(1, asked.rounds + 1):
        for count in COUNTS:
            say(f"many_triggers: round {number} of {asked.rounds}, {count} on one type")
            runs[count].append(_run_carts(events, cart_files[:count]))
    return runs


def _run_carts(events: Path, triggers: Sequence[Path]) -> _Run:
    """Raises WrongAnswerError where a trigger's matches are not the reference's."""
    everything = expected_carts(events, triggers=COUNTS[-1])
    wanted = {file.stem: everything[file.stem] for file in triggers}
    out = cache_folder() / "actions.jsonl"
    out.unlink(missing_ok=True)
    cost = run_child(
        [
            sys.executable,
            *("-m", "flows.backtest", "--events", events, "--out", out),
            "--triggers",
            *triggers,
            *("--max-out-of-orderness", f"{OUT_OF_ORDERNESS_MS}ms", "--at-end", "flush", "--summary", "json"),
        ],
        cwd=ROOT,
    )
    assert_carts(found_carts(out), wanted, who=f"{len(triggers)} triggers over {events.name}")
    summary: dict[str, Any] = last_json(cost.stdout)
    if (summary["late"], summary["dead"]) != (0, 0):
        raise WrongAnswerError(f"{events.name}: {summary['late']} late, {summary['dead']} dead")
    return _Run(
        lines=summary["read"],
        matches=summary["matches"],
        job_seconds=summary["seconds"],
        peak_rss_bytes=cost.peak_rss_bytes,
    )


def _of(run: BacktestRun) -> _Run:
    return _Run(lines=run.lines, matches=run.matches, job_seconds=run.job_seconds, peak_rss_bytes=run.peak_rss_bytes)


def _ratio(runs: Sequence[_Run], base: Sequence[_Run]) -> float:
    return middle([run.event_ns for run in runs]) / middle([run.event_ns for run in base])


def _row(name: str, runs: Sequence[_Run], base: Sequence[_Run]) -> tuple[str, ...]:
    return (
        name,
        f"{runs[0].lines:,}",
        f"{runs[0].matches:,}",
        f"{middle([run.job_seconds for run in runs]):.2f}",
        f"{middle([run.event_ns for run in runs]):,.0f}",
        f"{_ratio(runs, base):.2f}",
        f"{middle([run.peak_rss_bytes for run in runs]) / 1e6:,.0f}",
    )
