"""What it costs: `make bench`, or

    python -m benchmarks --only detection --only stages --events 100000 --rounds 1

Each part asserts its answers against the brute-force reference before a number of it is kept. The tables come at
the end, and after them one of all figures beside the bars they are held against; `benchmarks/results/latest.json` has
every round, the machine and the commit. Others' engines are measured by `python -m benchmarks.peers`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict

import orjson

from benchmarks.answers import WrongAnswerError
from benchmarks.asked import Asked, read_arguments, say
from benchmarks.child import ChildError
from benchmarks.live_flow import FlowFailedError
from benchmarks.machine import machine_facts
from benchmarks.parts import (
    after_a_kill,
    catch_up,
    density,
    detection,
    end_to_end,
    epochs,
    latency,
    many_triggers,
    open_matches,
    payload,
    stages,
    workers,
)
from benchmarks.profile_pipeline import profile_pipeline
from benchmarks.report import PartReport, show, show_summary

PARTS: dict[str, Callable[[Asked], PartReport]] = {
    "detection": detection.measure,
    "open_matches": open_matches.measure,
    "density": density.measure,
    "stages": stages.measure,
    "many_triggers": many_triggers.measure,
    "payload": payload.measure,
    "workers": workers.measure,
    "end_to_end": end_to_end.measure,
    "epochs": epochs.measure,
    "latency": latency.measure,
    "catch_up": catch_up.measure,
    "after_a_kill": after_a_kill.measure,
}
"""Those that read files first: what the live ones import makes this process larger, and a child's peak memory begins
at its parent's."""
LONG = ("catch_up", "after_a_kill")


def main() -> int:
    """The exit status: 1 where a part gave a wrong answer or none."""
    asked = read_arguments(tuple(PARTS), LONG)
    if asked.profile is not None:
        return profile_pipeline(asked, asked.profile)
    facts = machine_facts(seed=asked.seed)
    reports: dict[str, PartReport] = {}
    failed = False
    by_default = tuple(name for name in PARTS if asked.all or name not in LONG)
    for name in asked.only or by_default:
        started = time.perf_counter()
        try:
            reports[name] = PARTS[name](asked)
        except (WrongAnswerError, ChildError, FlowFailedError) as error:
            failed = True
            reports[name] = PartReport(title=f"{name}: FAILED", notes=[str(error)], data={"failed": str(error)})
        say(f"{name}: {time.perf_counter() - started:.0f} s")
    print()
    for report in reports.values():
        show(report)
    figures = [figure for report in reports.values() for figure in report.figures]
    show_summary(figures)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    result = {
        "machine": facts,
        "asked": {name: value for name, value in vars(asked).items() if name not in ("profile", "out")},
        "summary": [asdict(figure) | {"is_met": figure.is_met} for figure in figures],
        "parts": {
            name: {"title": report.title, "notes": report.notes} | report.data for name, report in reports.items()
        },
    }
    asked.out.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    say(f"written: {asked.out}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
