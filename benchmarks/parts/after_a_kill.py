"""How long from `kill -9` of one process of two to the first new action, with a million open matches in state?

`flows.triggers` under its supervisor reads the carts of N customers, all of them open. In the moment of the kill
messages arrive that make the oldest carts due; the first action on its topic after that can only come when the
supervisor has noticed, both processes have started again and all state is loaded. Heartbeats are off (the workload's
times are long past), so time moves by these messages alone.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from benchmarks.answers import WrongAnswerError
from benchmarks.asked import OUT_OF_ORDERNESS_MS, Asked, say
from benchmarks.broker import broker, create_topic, why_no_kafka
from benchmarks.cache import workload_file
from benchmarks.expected import TRIGGER
from benchmarks.live_flow import FlowFailedError
from benchmarks.produce import produce_file
from benchmarks.recipe import Workload
from benchmarks.report import PartReport, middle
from benchmarks.supervised import SupervisedRun
from benchmarks.workload import START_MS, WITHIN_MS

BAR_S = 15.0
PROCESSES = 2
KAFKA_PARTITIONS = 4
EPOCH_S = 10
_FILLED_WITHIN_S = 600.0
_BACK_WITHIN_S = 300.0
_POLL_S = 0.05
_ARGUMENTS = ("-s", str(EPOCH_S))


@dataclass(frozen=True, kw_only=True)
class Return:
    """One kill. Seconds from it."""

    open_matches: int
    noticed_s: float
    """The supervisor starts all processes again."""
    serving_s: float
    """Both serve their metrics: interpreter, imports, Kafka and ClickHouse asked. What follows is loading the state."""
    first_action_s: float
    store_bytes: int


def measure(asked: Asked) -> PartReport:
    """Raises WrongAnswerError, FlowFailedError, ChildError."""
    skipped = why_no_kafka()
    if skipped is not None:
        return PartReport(title="after_a_kill: skipped", notes=[skipped], data={"skipped": skipped})
    with TemporaryDirectory(prefix="customer-triggers-bench-") as place:
        returns = _returns(asked, Path(place))
    worst = max(each.first_action_s for each in returns)
    return PartReport(
        title=(
            f"after_a_kill: kill -9 of one process of {PROCESSES}, {returns[0].open_matches:,} open matches, epochs of "
            f"{EPOCH_S} s, median of {len(returns)}"
        ),
        columns=("seconds from the kill to", "median", "slowest"),
        rows=[
            (name, f"{middle(values):.2f}", f"{max(values):.2f}")
            for name, values in (
                ("all started again", [each.noticed_s for each in returns]),
                ("both serve metrics", [each.serving_s for each in returns]),
                ("the first new action", [each.first_action_s for each in returns]),
            )
        ],
        notes=[
            f"slowest: {worst:.1f} s ({'within' if worst < BAR_S else 'OVER'} the bar of {BAR_S:g} s)",
            f"the recovery store: {middle([each.store_bytes for each in returns]) / 1e6:,.0f} MB",
        ],
        data={"bar_s": BAR_S, "rounds": [asdict(each) for each in returns]},
    )


def _returns(asked: Asked, folder: Path) -> list[Return]:
    events = workload_file(
        Workload(events=0, open_matches=asked.many, seed=asked.seed, disorder_ms=OUT_OF_ORDERNESS_MS)
    )
    gateway = import_module("tests.clickhouse_gateway").ClickHouseGateway(folder / "clickhouse")
    with broker(folder / "kafka") as kafka, gateway:
        for name, partitions in (("events", KAFKA_PARTITIONS), ("actions", 1), ("dead-letters", 1)):
            create_topic(kafka, name, partitions=partitions)
        say("after_a_kill: producing")
        produce_file(events, kafka, "events")
        settings = _settings(kafka, gateway.url, folder)
        with SupervisedRun("triggers", settings, folder=folder, processes=PROCESSES, arguments=_ARGUMENTS) as run:
            lines = sum(1 for _ in events.open("rb"))
            _wait(run, lambda: run.total("events_read_total") >= lines, "all events read", _FILLED_WITHIN_S, poll_s=5.0)
            returns: list[Return] = []
            for number in range(1, asked.rounds + 1):
                say(f"after_a_kill: round {number} of {asked.rounds}")
                returns.append(_one(run, kafka, folder, number, asked.many))
    return returns


def _one(run: SupervisedRun, kafka: str, folder: Path, number: int, wanted: int) -> Return:
    begun_s = time.monotonic()
    _wait(run, lambda: time.monotonic() - begun_s > 2.5 * EPOCH_S, "two epochs", 10.0 * EPOCH_S)
    opened = int(run.total("open_matches"))
    if abs(opened - wanted) > 0.1 * wanted:
        raise WrongAnswerError(f"{opened} matches are open, not about {wanted}")
    store = sum(file.stat().st_size for file in (folder / "recovery").iterdir())
    first_action = _FirstAction(kafka)
    starts = len(run.starts())
    os.kill(run.process_ids[0], signal.SIGKILL)
    killed_s = time.monotonic()
    _tick(kafka, START_MS + WITHIN_MS + OUT_OF_ORDERNESS_MS + number * 1_000)
    moments: dict[str, float] = {}

    def looked() -> bool:
        if len(run.starts()) > starts:
            moments.setdefault("noticed", run.starts()[-1])
            if "serving" not in moments and run.serves():
                moments["serving"] = time.monotonic()
        if first_action.seen():
            moments["action"] = time.monotonic()
        return "action" in moments

    _wait(run, looked, "an action", _BACK_WITHIN_S)
    first_action.close()
    done = moments["action"]
    return Return(
        open_matches=opened,
        noticed_s=round(moments["noticed"] - killed_s, 3),
        serving_s=round(moments.get("serving", done) - killed_s, 3),
        first_action_s=round(done - killed_s, 3),
        store_bytes=store,
    )


class _FirstAction:
    """Whether anything has come to the actions topic since this was made."""

    def __init__(self, kafka: str) -> None:
        self._consumer = Consumer({"bootstrap.servers": kafka, "group.id": "nobody", "fetch.wait.max.ms": 20})
        at = TopicPartition("actions", 0)
        _, end = self._consumer.get_watermark_offsets(at, timeout=20)
        self._consumer.assign([TopicPartition("actions", 0, end or OFFSET_BEGINNING)])

    def seen(self) -> bool:
        message = self._consumer.poll(0)
        return message is not None and message.error() is None

    def close(self) -> None:
        self._consumer.close()


def _tick(kafka: str, time_ms: int) -> None:
    """One event to each partition, which moves its watermark."""
    producer = Producer({"bootstrap.servers": kafka})
    for partition in range(KAFKA_PARTITIONS):
        event = {
            "event_id": f"tick-{partition}-{time_ms}",
            "type": "page_view",
            "customer_id": f"nobody-{partition}",
            "event_time": datetime.fromtimestamp(time_ms / 1_000, UTC).isoformat(timespec="milliseconds"),
        }
        producer.produce("events", orjson.dumps(event), partition=partition, timestamp=time_ms)
    producer.flush(20)


def _wait(
    run: SupervisedRun, condition: Callable[[], bool], what: str, within_s: float, *, poll_s: float = _POLL_S
) -> None:
    deadline_s = time.monotonic() + within_s
    while not condition():
        run.check()
        if time.monotonic() > deadline_s:
            raise FlowFailedError(f"not within {within_s} s: {what}. The last it said: {run.said[-5:]}")
        time.sleep(poll_s)


def _settings(kafka: str, clickhouse: str, folder: Path) -> dict[str, str]:
    triggers = folder / "triggers"
    triggers.mkdir()
    copy(TRIGGER, triggers)
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "CLICKHOUSE_URL": clickhouse,
        "CT_TRIGGERS_FOLDER": str(triggers),
        "CT_MAX_OUT_OF_ORDERNESS": f"{OUT_OF_ORDERNESS_MS}ms",
        "CT_IDLE_AFTER": "1d",
    }
