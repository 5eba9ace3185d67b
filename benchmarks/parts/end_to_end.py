"""The flows as users run them: from a full Kafka topic to actions on Kafka and every event in embedded ClickHouse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.broker import broker, create_topic, why_no_kafka
from benchmarks.cache import workload_file
from benchmarks.expected import expected
from benchmarks.live_flow import EPOCH_S
from benchmarks.live_run import Backlog, LiveRun, catch_up
from benchmarks.produce import produce_file
from benchmarks.recipe import Workload
from benchmarks.report import Figure, PartReport, middle

FLOWS = ("pipeline", "triggers", "archive")
KAFKA_PARTITIONS = 4
BAR = 100_000
"""Events a second of the pipeline: Kafka, detection, Kafka and ClickHouse."""


def measure(asked: Asked) -> PartReport:
    """The flows take turns over the same topic. Raises WrongAnswerError, FlowFailedError, ChildError."""
    skipped = why_no_kafka()
    if skipped is not None:
        return PartReport(title="end_to_end: skipped", notes=[skipped], data={"skipped": skipped})
    runs: dict[str, list[LiveRun]] = {name: [] for name in FLOWS}
    with TemporaryDirectory(prefix="customer-triggers-bench-") as place, full_topic(asked, Path(place)) as backlog:
        for number in range(1, asked.live_rounds + 1):
            for name in FLOWS:
                say(f"end_to_end: round {number} of {asked.live_rounds}, flows.{name}")
                with TemporaryDirectory(dir=place) as folder:
                    runs[name].append(catch_up(name, backlog, Path(folder)))
    lines = backlog.expected.counts.lines
    return PartReport(
        title=(
            f"end_to_end: {lines:,} events on {KAFKA_PARTITIONS} Kafka partitions, one worker, epochs of {EPOCH_S} s,"
            f" median of {asked.live_rounds}"
        ),
        columns=(
            "flow",
            "read s",
            "all done s",
            "decided s",
            "events/s",
            "CPU s",
            "CPU µs/event",
            "start CPU s",
            "peak MB",
        ),
        rows=[_row(of_flow, lines) for of_flow in runs.values()],
        notes=[
            "all done, events/s, CPU: from the first read until every event is archived (triggers: has its fate)",
            "decided: the last action delivered and its row in ClickHouse, after silence has moved the clock",
            "every event archived, every fate and action the reference's; broker and flow share the machine's cores",
        ],
        figures=[
            Figure(
                f"flows.{name}, from Kafka, one worker",
                lines / middle([run.worked_seconds for run in of_flow]),
                "events/s",
                at_least=BAR if name == "pipeline" else None,
            )
            for name, of_flow in runs.items()
        ],
        data={"lines": lines, "rounds": [asdict(run) for of_flow in runs.values() for run in of_flow]},
    )


@contextmanager
def full_topic(
    asked: Asked, folder: Path, *, events: int | None = None, shares: Sequence[int] = ()
) -> Iterator[Backlog]:
    """A broker with the whole workload on one topic; `shares` as of `benchmarks.produce`."""
    workload = Workload(events=events or asked.live_events, seed=asked.seed, disorder_ms=OUT_OF_ORDERNESS_MS)
    made = workload_file(workload)
    wanted = expected(made, at_end="flush")
    with broker(folder / "kafka") as bootstrap_servers:
        topic = f"events-{uuid4().hex}"
        create_topic(bootstrap_servers, topic, partitions=KAFKA_PARTITIONS)
        say(f"producing {wanted.counts.lines:,} events")
        produce_file(made, bootstrap_servers, topic, shares=shares)
        yield Backlog(bootstrap_servers, topic, wanted)


def _row(runs: Sequence[LiveRun], lines: int) -> tuple[str, ...]:
    done = middle([run.worked_seconds for run in runs])
    cpu = middle([run.cpu_seconds for run in runs])
    return (
        runs[0].flow,
        f"{middle([run.read_seconds for run in runs]):.2f}",
        f"{done:.2f}",
        _seconds([run.decided_seconds for run in runs]),
        f"{lines / done:,.0f}",
        f"{cpu:.2f}",
        f"{cpu / lines * 1e6:.2f}",
        f"{middle([run.start_cpu_seconds for run in runs]):.2f}",
        f"{middle([run.peak_rss_bytes for run in runs]) / 1e6:,.0f}",
    )


def _seconds(values: Sequence[float]) -> str:
    seconds = middle(values)
    return f"{seconds:.2f}" if seconds else "–"
