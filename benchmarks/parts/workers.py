"""Several processes against one: `flows.backtest` over a file, and `flows.triggers` over a full Kafka topic.

From file one process reads and detects; two are a reader and a worker, three a reader and two workers. The cost is the
whole command by the wall, for that is where several of them pay for their start. From Kafka it is the rate between a
fifth and four fifths of the topic; the broker shares the cores, so that two processes on two cores have less than one
each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from benchmarks.action_answer import answer_of
from benchmarks.answers import assert_equal
from benchmarks.arrivals import Arrivals
from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.backtest_run import BacktestRun, run_backtest
from benchmarks.broker import create_topic, why_no_kafka
from benchmarks.cache import workload_file
from benchmarks.live_flow import EPOCH_S
from benchmarks.live_place import wait_until
from benchmarks.live_rate import Pace, pace
from benchmarks.live_run import Backlog, settings
from benchmarks.parts.end_to_end import KAFKA_PARTITIONS, full_topic
from benchmarks.recipe import Workload
from benchmarks.report import Figure, PartReport, middle
from benchmarks.supervised import SupervisedRun

FROM_FILE = {1: (1, 0), 2: (1, 1), 3: (2, 1)}
"""By number of processes: (workers, readers)."""
FROM_KAFKA = (1, 2)
BAR = 1.6
_ANSWERED_WITHIN_S = 120.0


def measure(asked: Asked) -> PartReport:
    """One, two, one, two … Raises WrongAnswerError, FlowFailedError, ChildError."""
    runs = _from_file(asked)
    lines = runs[1][0].lines
    paces = {
        "file": {
            count: [Pace(lines / run.process_seconds, run.cpu_seconds / lines * 1e6) for run in of_count]
            for count, of_count in runs.items()
        }
    }
    skipped = why_no_kafka()
    if skipped is None:
        paces["Kafka"] = _from_kafka(asked)
    ratios = {name: _ratio(of_count) for name, of_count in paces.items()}
    figures = [Figure("two processes by one, detection from file", ratios["file"], "×", at_least=BAR)]
    if skipped is None:
        figures.append(Figure("two processes of flows.triggers by one, from Kafka", ratios["Kafka"], "×"))
    return PartReport(
        title=f"workers: {lines:,} events from file, median of {asked.rounds}; flows.triggers over a full topic of "
        f"{KAFKA_PARTITIONS} partitions, median of {asked.live_rounds}",
        columns=("from", "processes", "events/s", "by one", "CPU µs/event"),
        rows=[
            (
                name,
                str(count),
                f"{_rate(of_count[count]):,.0f}",
                f"{_rate(of_count[count]) / _rate(of_count[1]):.2f}",
                f"{middle([each.cpu_us_an_event for each in of_count[count]]):.2f}",
            )
            for name, of_count in paces.items()
            for count in of_count
        ],
        notes=[skipped or "broker and processes share the machine's cores", "every action is the reference's"],
        figures=figures,
        data={
            "ratios": {name: round(ratio, 3) for name, ratio in ratios.items()},
            "bar": BAR,
            "file": {str(count): [asdict(run) for run in of_count] for count, of_count in runs.items()},
            "paces": {
                name: {str(count): [asdict(each) for each in rounds] for count, rounds in of_count.items()}
                for name, of_count in paces.items()
            },
        },
    )


def _rate(paces: Sequence[Pace]) -> float:
    return middle([each.events_a_second for each in paces])


def _ratio(paces: Mapping[int, Sequence[Pace]]) -> float:
    return _rate(paces[2]) / _rate(paces[1])


def _from_file(asked: Asked) -> dict[int, list[BacktestRun]]:
    events = workload_file(Workload(events=asked.worker_events, seed=asked.seed, disorder_ms=OUT_OF_ORDERNESS_MS))
    runs: dict[int, list[BacktestRun]] = {count: [] for count in FROM_FILE}
    for number in range(1, asked.rounds + 1):
        for count, (workers, readers) in FROM_FILE.items():
            say(f"workers: round {number} of {asked.rounds}, {count} from file")
            runs[count].append(run_backtest(events, at_end="flush", workers=workers, readers=readers))
    return runs


def _from_kafka(asked: Asked) -> dict[int, list[Pace]]:
    paces: dict[int, list[Pace]] = {count: [] for count in FROM_KAFKA}
    with TemporaryDirectory(prefix="customer-triggers-bench-") as place, full_topic(asked, Path(place)) as backlog:
        for number in range(1, asked.live_rounds + 1):
            for count in FROM_KAFKA:
                say(f"workers: round {number} of {asked.live_rounds}, {count} from Kafka")
                with TemporaryDirectory(dir=place) as folder:
                    paces[count].append(_live(backlog, Path(folder), processes=count))
    return paces


def _live(backlog: Backlog, folder: Path, *, processes: int) -> Pace:
    """Raises WrongAnswerError, FlowFailedError."""
    kafka, wanted = backlog.bootstrap_servers, backlog.expected
    spool = f"spool-{uuid4().hex}"
    create_topic(kafka, spool, partitions=1)
    with import_module("tests.clickhouse_gateway").ClickHouseGateway(folder / "clickhouse") as gateway:
        own = settings(backlog, folder) | {"CLICKHOUSE_URL": gateway.url, "CT_SPOOL_TOPIC": spool}
        with (
            Arrivals(kafka, own["CT_ACTIONS_TOPIC"]) as arrivals,
            SupervisedRun("triggers", own, folder=folder, processes=processes, arguments=("-s", str(EPOCH_S))) as run,
        ):
            found = pace(lambda: run.total("events_total"), wanted.counts.lines, run=run)
            wait_until(
                lambda: len(arrivals.messages) >= len(wanted.answer),
                "every action",
                run=run,
                within_s=_ANSWERED_WITHIN_S,
            )
    arrivals.check()
    assert_equal(
        answer_of(text for _, text in arrivals.messages), wanted.answer, who=f"flows.triggers, {processes} processes"
    )
    return found
