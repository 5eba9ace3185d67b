"""One `python -m flows.backtest` in a process of its own: what it cost, and that its answer is the reference's."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.action_answer import answer_in
from benchmarks.answers import WrongAnswerError, assert_equal
from benchmarks.asked import OUT_OF_ORDERNESS_MS
from benchmarks.cache import ROOT, cache_folder
from benchmarks.child import last_json, run_child
from benchmarks.expected import TRIGGER, expected, trigger_within
from benchmarks.reference import WITHIN_MS, AtEnd


@dataclass(frozen=True, kw_only=True)
class BacktestRun:
    """`job_seconds` is the backtest's own measure; `process_seconds` has the interpreter's start and imports too.

    `rest_seconds` is what it took from an offset of the file that was asked for to its end.
    """

    lines: int
    matches: int
    pending: int
    job_seconds: float
    process_seconds: float
    cpu_seconds: float
    peak_rss_bytes: int
    rest_seconds: float | None = None


def run_backtest(
    events: Path,
    *,
    at_end: AtEnd,
    beside: Sequence[Path] = (),
    workers: int = 1,
    readers: int | None = None,
    from_offset: int = 0,
    within_ms: int = WITHIN_MS,
) -> BacktestRun:
    """The abandonment rule, `beside` triggers that the file has no events for, in so many processes.

    `readers` None: whether a process of its own reads is the command's choice. Of several processes,
    `peak_rss_bytes` is that of the largest. `from_offset` is where `rest_seconds` begin, with no reader of its own.
    `within_ms` is the rule's time to buy in.

    Raises WrongAnswerError where actions, duplicates, late events or open matches are not the reference's.
    """
    wanted = expected(events, at_end=at_end, within_ms=within_ms)
    out = cache_folder() / "actions.jsonl"
    out.unlink(missing_ok=True)
    size = events.stat().st_size
    cost = run_child(
        [
            sys.executable,
            *("-m", "flows.backtest", "--events", events, "--out", out),
            "--triggers",
            TRIGGER if within_ms == WITHIN_MS else trigger_within(within_ms),
            *beside,
            *("--max-out-of-orderness", f"{OUT_OF_ORDERNESS_MS}ms", "--at-end", at_end, "--summary", "json"),
            *("--workers", str(workers), *(() if readers is None else ("--readers", str(readers)))),
        ],
        cwd=ROOT,
        watched=events if from_offset else None,
        offsets=(from_offset, size),
    )
    summary: dict[str, Any] = last_json(cost.stdout)
    assert_equal(answer_in(out), wanted.answer, who=f"flows.backtest over {events.name}")
    counted = {name: summary[name] for name in ("read", "duplicate", "late", "dead", "pending")}
    pending = wanted.counts.open_at_end if at_end == "hold" else 0
    right = {"read": wanted.counts.lines, "duplicate": wanted.counts.duplicates, "late": 0, "dead": 0}
    if counted != right | {"pending": pending}:
        raise WrongAnswerError(f"flows.backtest counted {counted}, the reference {right | {'pending': pending}}")
    return BacktestRun(
        lines=wanted.counts.lines,
        matches=wanted.counts.matches,
        pending=pending,
        job_seconds=summary["seconds"],
        process_seconds=cost.seconds,
        cpu_seconds=cost.cpu_seconds,
        peak_rss_bytes=cost.peak_rss_bytes,
        rest_seconds=cost.reached_s[size] - cost.reached_s[from_offset] if from_offset else None,
    )
