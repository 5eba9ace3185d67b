"""Ours and the peers from the same full Kafka topic to actions on Kafka, one process each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from benchmarks.asked import say
from benchmarks.broker import broker, create_topic, why_no_kafka
from benchmarks.cache import ROOT, workload_file
from benchmarks.child import last_json, run_child
from benchmarks.expected import expected
from benchmarks.live_run import Backlog, catch_up
from benchmarks.peers import flink, quix
from benchmarks.peers.caught_up import CaughtUp
from benchmarks.peers.maven import MavenProject
from benchmarks.produce import produce_file
from benchmarks.recipe import Workload
from benchmarks.report import PartReport, middle

NAME = "end-to-end"
KAFKA_PARTITIONS = 4
OURS = ("triggers", "pipeline")
"""The flow that does what the peers do, and the one that also archives every event."""


@dataclass(frozen=True)
class LiveEntrant:
    """`project` is built before; `prepare` raises RuntimeError where the engine cannot be had."""

    name: str
    run: Callable[[Backlog, Path], CaughtUp]
    project: MavenProject | None = None
    prepare: Callable[[], None] = lambda: None
    versions: Callable[[], dict[str, str]] = dict


def _ours(flow: str) -> LiveEntrant:
    def run(backlog: Backlog, folder: Path) -> CaughtUp:
        ran = catch_up(flow, backlog, folder)
        return CaughtUp(
            seconds=ran.decided_seconds, cpu_seconds=ran.decided_cpu_seconds, peak_rss_bytes=ran.peak_rss_bytes
        )

    return LiveEntrant(f"ours, flows.{flow}", run)


def _quix(name: str, *, prefilter: bool) -> LiveEntrant:
    return LiveEntrant(name, partial(quix.run, prefilter=prefilter), prepare=quix.install, versions=quix.versions)


def _flink(name: str, job: str) -> LiveEntrant:
    return LiveEntrant(name, partial(flink.run_live, job), flink.FLINK, versions=flink.FLINK.versions)


ENTRANTS = (
    *(_ours(flow) for flow in OURS),
    _quix("Quix Streams, filtered by hand", prefilter=True),
    _quix("Quix Streams", prefilter=False),
    _flink("Flink KeyedProcessFunction", "ProcessFunctionAbandonment"),
    _flink("Flink CEP, filtered by hand", "CepAbandonment"),
)


def measure(workload: Workload, rounds: int, without: Sequence[str]) -> PartReport:
    """The entrants take turns over the same topic; who cannot be had is left out, and the notes say so.

    Raises WrongAnswerError, FlowFailedError, ChildError.
    """
    skipped = why_no_kafka()
    if skipped is not None:
        return PartReport(title=f"{NAME}: skipped", notes=[skipped], data={"contest": NAME, "skipped": skipped})
    present, notes = _who_is_there([entrant for entrant in ENTRANTS if entrant.name not in without])
    results: dict[str, list[CaughtUp]] = {entrant.name: [] for entrant in present}
    with TemporaryDirectory(prefix="customer-triggers-peers-") as place, _full_topic(workload, Path(place)) as backlog:
        for number in range(1, rounds + 1):
            for entrant in present:
                say(f"{NAME}: round {number} of {rounds}, {entrant.name}")
                with TemporaryDirectory(dir=place) as folder:
                    results[entrant.name].append(entrant.run(backlog, Path(folder)))
        counts = backlog.expected.counts
    ours = [results.get(entrant.name, []) for entrant in ENTRANTS[: len(OURS)]]
    return PartReport(
        title=(
            f"{NAME}: {counts.lines:,} events on {KAFKA_PARTITIONS} Kafka partitions, {counts.matches:,} matches,"
            f" overlap, median of {rounds}"
        ),
        columns=("engine", "s", "events/s", "CPU s", "CPU µs/event", "peak MB", *(f"× flows.{flow}" for flow in OURS)),
        rows=[_row(name, runs, counts.lines, ours) for name, runs in results.items()],
        notes=[
            "s: from the first event read until every action is on its topic, answers asserted; × by the seconds",
            "ours: validated, de-duplicated, decided under a policy, actions exactly once; done when its decisions are",
            "in ClickHouse too, and with flows.pipeline every event is. The broker shares the cores with each",
            *notes,
        ],
        data={
            "contest": NAME,
            "on_repeat": "overlap",
            "workload": asdict(workload),
            "events": counts.lines,
            "matches": counts.matches,
            "left_out": notes,
            "versions": {entrant.name: entrant.versions() for entrant in present},
            "rounds": {name: [asdict(run) for run in runs] for name, runs in results.items()},
        },
    )


def _who_is_there(entrants: Sequence[LiveEntrant]) -> tuple[list[LiveEntrant], list[str]]:
    present, notes = [], []
    for entrant in entrants:
        try:
            entrant.prepare()
        except RuntimeError as error:
            notes.append(f"without {entrant.name}: {error}")
        else:
            present.append(entrant)
    return present, notes


@contextmanager
def _full_topic(workload: Workload, folder: Path) -> Iterator[Backlog]:
    """A broker with the workload on one topic, and behind it a tick for each customer who needs one."""
    events, ticks = workload_file(workload), folder / "ticks.jsonl"
    made = run_child([sys.executable, "-m", "benchmarks.peers.ticks", events, ticks], cwd=ROOT)
    of_events = expected(events, at_end="flush")
    lines = of_events.counts.lines + int(str(last_json(made.stdout)["ticks"]))
    with broker(folder / "kafka") as bootstrap_servers:
        topic = f"events-{uuid4().hex}"
        create_topic(bootstrap_servers, topic, partitions=KAFKA_PARTITIONS)
        say(f"{NAME}: producing {lines:,} events")
        for file in (events, ticks):
            produce_file(file, bootstrap_servers, topic)
        yield Backlog(bootstrap_servers, topic, replace(of_events, counts=replace(of_events.counts, lines=lines)))


def _row(name: str, runs: Sequence[CaughtUp], lines: int, ours: Sequence[Sequence[CaughtUp]]) -> tuple[str, ...]:
    seconds = middle([run.seconds for run in runs])
    cpu_seconds = middle([run.cpu_seconds for run in runs])
    return (
        name,
        f"{seconds:.2f}",
        f"{lines / seconds:,.0f}",
        f"{cpu_seconds:.2f}",
        f"{cpu_seconds / lines * 1e6:.2f}",
        f"{middle([run.peak_rss_bytes for run in runs]) / 1e6:,.0f}",
        *(f"{seconds / middle([run.seconds for run in flow]):.2f}" if flow else "–" for flow in ours),
    )
