"""What a live flow needs around it, as its users have it: Kafka with its topics, a ClickHouse server, trigger files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from shutil import copy
from typing import Final, Protocol

import orjson
from confluent_kafka import Producer

from benchmarks.asked import OUT_OF_ORDERNESS_MS
from benchmarks.broker import broker, create_topic
from benchmarks.live_flow import FlowFailedError

KAFKA_PARTITIONS: Final = 4
EVENTS: Final = "events"
ACTIONS: Final = "actions"
_POLL_S: Final = 0.05


@dataclass(frozen=True)
class Place:
    """`settings` are the environment of a flow here. The embedded ClickHouse of tests is a process of its own here,
    behind HTTP, so rows of `flows.triggers` go by way of the spool."""

    kafka: str
    settings: dict[str, str]
    folder: Path


class Watched(Protocol):
    """A flow that runs."""

    def check(self) -> None:
        """Raises FlowFailedError where it has ended."""


@contextmanager
def live_place(
    folder: Path, triggers: Sequence[Path], *, max_out_of_orderness_ms: int = OUT_OF_ORDERNESS_MS
) -> Iterator[Place]:
    """Heartbeats are off until `CT_IDLE_AFTER` says otherwise: a workload's times are long past."""
    gateway = import_module("tests.clickhouse_gateway").ClickHouseGateway(folder / "clickhouse")
    own_triggers = folder / "triggers"
    own_triggers.mkdir(parents=True)
    for trigger in triggers:
        copy(trigger, own_triggers)
    with broker(folder / "kafka") as kafka, gateway:
        for name, partitions in ((EVENTS, KAFKA_PARTITIONS), (ACTIONS, 1), ("dead-letters", 1), ("spool", 1)):
            create_topic(kafka, name, partitions=partitions)
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "CLICKHOUSE_URL": gateway.url,
            "CT_TRIGGERS_FOLDER": str(own_triggers),
            "CT_MAX_OUT_OF_ORDERNESS": f"{max_out_of_orderness_ms}ms",
            "CT_IDLE_AFTER": "1d",
        }
        yield Place(kafka, settings, folder)


def tick(kafka: str, time_ms: int) -> None:
    """One event to each partition, which moves its watermark."""
    producer = Producer({"bootstrap.servers": kafka})
    for partition in range(KAFKA_PARTITIONS):
        event = {
            "event_id": f"tick-{partition}-{time_ms}",
            "type": "page_view",
            "customer_id": f"nobody-{partition}",
            "event_time": datetime.fromtimestamp(time_ms / 1_000, UTC).isoformat(timespec="milliseconds"),
        }
        producer.produce(EVENTS, orjson.dumps(event), partition=partition, timestamp=time_ms)
    producer.flush(20)


def wait_until(
    condition: Callable[[], bool], what: str, *, run: Watched, within_s: float, poll_s: float = _POLL_S
) -> None:
    """Raises FlowFailedError where the flow ends, or the time does."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        run.check()
        if time.monotonic() > deadline_s:
            raise FlowFailedError(f"not within {within_s:g} s: {what}")
        time.sleep(poll_s)


def sleep_until(system_time_s: float, *, run: Watched) -> None:
    """As `wait_until`, for a moment of system time."""
    left_s = system_time_s - time.time()
    if left_s > 0:
        wait_until(lambda: time.time() >= system_time_s, "time goes by", run=run, within_s=left_s + 60)
