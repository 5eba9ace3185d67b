"""Who runs against whom: the same rule, the same file, the same answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.answers import read_answer
from benchmarks.child import last_json, run_child
from benchmarks.peers import esper, flink, ours
from benchmarks.peers.maven import MavenProject
from benchmarks.peers.result import PeerResult
from benchmarks.reference import OnRepeat

OUT_OF_ORDERNESS_MS = 2_000

Run = Callable[[Path, Path], PeerResult]
"""(events, where to write) → what it gave."""


@dataclass(frozen=True)
class Entrant:
    """One engine in a contest; `project` is built first."""

    name: str
    run: Run
    project: MavenProject | None = None


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The first entrant is ours; the others are what it is measured against.

    `max_events` cuts the workload where a peer's cost grows with the square of it.
    """

    name: str
    on_repeat: OnRepeat
    entrants: tuple[Entrant, ...]
    max_events: int | None = None
    traffic: Mapping[str, float] = field(default_factory=dict)
    """Fields of the workload that are this contest's own."""


def _ours(trigger: str) -> Entrant:
    def run(events: Path, out: Path) -> PeerResult:
        return ours.run(trigger, events, out=out, out_of_orderness_ms=OUT_OF_ORDERNESS_MS)

    return Entrant("ours", run)


def _flink(name: str, job: str, *, on_repeat: OnRepeat, prefilter: bool = True, parallelism: int = 1) -> Entrant:
    def run(events: Path, out: Path) -> PeerResult:
        return flink.run(
            job,
            events,
            out=out,
            parallelism=parallelism,
            out_of_orderness_ms=OUT_OF_ORDERNESS_MS,
            on_repeat=on_repeat,
            prefilter=prefilter,
        )

    return Entrant(name, run, flink.FLINK)


def _esper(events: Path, out: Path) -> PeerResult:
    return esper.run(events, out=out, out_of_orderness_ms=OUT_OF_ORDERNESS_MS)


def _bytewax_windows(events: Path, out: Path) -> PeerResult:
    cost = run_child([sys.executable, "-m", "benchmarks.peers.bytewax_windows", events, out], cwd=ours.ROOT)
    return PeerResult.of(cost, last_json(cost.stdout), read_answer(out))


CONTESTS = (
    Contest(
        name="cep",
        on_repeat="overlap",
        entrants=(
            _ours("abandonment_overlap"),
            _flink("Flink CEP, filtered by hand", "CepAbandonment", on_repeat="overlap"),
            _flink("Flink CEP", "CepAbandonment", on_repeat="overlap", prefilter=False),
            Entrant("Esper pattern", _esper, esper.ESPER),
        ),
    ),
    Contest(
        name="process-function",
        on_repeat="restart",
        entrants=(
            _ours("abandonment_restart"),
            _flink("Flink KeyedProcessFunction", "ProcessFunctionAbandonment", on_repeat="restart"),
        ),
    ),
    Contest(
        name="bytewax-windows",
        on_repeat="restart",
        entrants=(
            _ours("abandonment_restart"),
            Entrant("Bytewax session windows", _bytewax_windows),
        ),
        max_events=300_000,
    ),
    # What its windows cost grows with the customers that ever had one: here with few that come again.
    Contest(
        name="bytewax-windows-busy",
        on_repeat="restart",
        entrants=(
            _ours("abandonment_restart"),
            Entrant("Bytewax session windows", _bytewax_windows),
        ),
        max_events=300_000,
        traffic={"zipf": 0.0, "cart_add": 0.2, "purchase": 0.1},
    ),
)
