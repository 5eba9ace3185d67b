"""One live flow over a topic that is already full: how long it takes to catch up, and that nothing is missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from uuid import uuid4

from benchmarks.action_answer import answer_of
from benchmarks.answers import WrongAnswerError, assert_equal
from benchmarks.asked import OUT_OF_ORDERNESS_MS
from benchmarks.broker import create_topic
from benchmarks.expected import TRIGGER, Expected
from benchmarks.live_flow import FlowFailedError, LiveFlow, Scrape
from benchmarks.topic_values import topic_values

_POLL_S = 0.1
"""How exact a time is; a scrape costs the flow about a millisecond."""
_DEADLINE_S = 300.0
_SLOWEST_EVENTS_A_SECOND = 5_000
"""On however busy a machine: of a large backlog it is the deadline."""
FATES = ("matched", "duplicate", "late")


@dataclass(frozen=True, kw_only=True)
class LiveRun:
    """Seconds from the last look that found nothing read."""

    flow: str
    read_seconds: float
    """Until the source has given everything on."""
    worked_seconds: float
    """Until every event is archived; where the flow has no archive, until each has its fate."""
    decided_seconds: float
    """Until the last action is out, which takes silence to move the clock; 0 where the flow has no triggers."""
    cpu_seconds: float
    """Of the process during `worked_seconds`."""
    decided_cpu_seconds: float
    """Of the process during `decided_seconds`."""
    start_cpu_seconds: float
    peak_rss_bytes: int


@dataclass(frozen=True)
class Backlog:
    """A topic with a workload on it, and what must come of that."""

    bootstrap_servers: str
    topic: str
    expected: Expected


def settings(backlog: Backlog, folder: Path) -> dict[str, str]:
    """Of a flow over the backlog, with topics and an embedded ClickHouse of its own in `folder`."""
    names = {"actions": f"actions-{uuid4().hex}", "dead": f"dead-letters-{uuid4().hex}"}
    for name in names.values():
        create_topic(backlog.bootstrap_servers, name, partitions=1)
    triggers = folder / "triggers"
    triggers.mkdir(parents=True)
    copy(TRIGGER, triggers)
    return {
        "KAFKA_BOOTSTRAP_SERVERS": backlog.bootstrap_servers,
        "CLICKHOUSE_URL": f"chdb://{folder / 'clickhouse'}",
        f"CT_TOPICS__{backlog.topic}__ENVELOPE": "canonical",
        "CT_ACTIONS_TOPIC": names["actions"],
        "CT_DEAD_LETTER_TOPIC": names["dead"],
        "CT_TRIGGERS_FOLDER": str(triggers),
        "CT_MAX_OUT_OF_ORDERNESS": f"{OUT_OF_ORDERNESS_MS}ms",
    }


def catch_up(name: str, backlog: Backlog, folder: Path, *, target: str | None = None) -> LiveRun:
    """Runs `flows.NAME` (or another `target` that is like it) until it has caught up, and stops it.

    Raises WrongAnswerError, FlowFailedError.
    """
    lines, actions = backlog.expected.counts.lines, len(backlog.expected.answer)
    archives, decides = name != "triggers", name != "archive"
    environment = settings(backlog, folder)

    def is_read(scrape: Scrape) -> bool:
        return scrape.of("events_read_total") >= lines

    def is_archived(scrape: Scrape) -> bool:
        return scrape.of("rows_inserted_total", "events") >= lines

    def is_detected(scrape: Scrape) -> bool:
        return sum(scrape.of("events_total", fate) for fate in FATES) >= lines

    def is_decided(scrape: Scrape) -> bool:
        return (
            scrape.of("messages_delivered_total", environment["CT_ACTIONS_TOPIC"]) >= actions
            and scrape.of("rows_inserted_total", "decisions") >= actions
        )

    with LiveFlow(target or f"flows.{name}", environment, folder=folder) as flow:
        began = _last_idle(flow)
        within_s = max(_DEADLINE_S, lines / _SLOWEST_EVENTS_A_SECOND)
        read = _first(flow, is_read, within_s)
        worked = _first(flow, is_archived if archives else is_detected, within_s)
        decided = _first(flow, is_decided, within_s) if decides else None
        last = decided or worked
        peak = flow.peak_rss_bytes()
        flow.stop()
    _assert_fates(name, last, lines, backlog.expected.counts.duplicates, archives=archives, decides=decides)
    if decides:
        found = answer_of(topic_values(backlog.bootstrap_servers, environment["CT_ACTIONS_TOPIC"]))
        assert_equal(found, backlog.expected.answer, who=f"flows.{name}")
    return LiveRun(
        flow=name,
        read_seconds=read.at_s - began.at_s,
        worked_seconds=worked.at_s - began.at_s,
        decided_seconds=decided.at_s - began.at_s if decided else 0.0,
        cpu_seconds=worked.cpu_seconds - began.cpu_seconds,
        decided_cpu_seconds=decided.cpu_seconds - began.cpu_seconds if decided else 0.0,
        start_cpu_seconds=began.cpu_seconds,
        peak_rss_bytes=peak,
    )


def _last_idle(flow: LiveFlow) -> Scrape:
    """The last look that found nothing read; looks more often, because this is where the clock starts."""
    idle = flow.scrape()
    while (now := flow.scrape()).of("events_read_total") == 0:
        idle = now
        time.sleep(_POLL_S / 5)
    return idle


def _first(flow: LiveFlow, condition: Callable[[Scrape], bool], within_s: float) -> Scrape:
    """The first look for which the condition holds."""
    deadline_s = time.perf_counter() + within_s
    while not condition(now := flow.scrape()):
        if time.perf_counter() > deadline_s:
            raise FlowFailedError(f"not done within {within_s:g} s, at {dict(now.values)}. {flow.tail()}")
        time.sleep(_POLL_S)
    return now


def _assert_fates(name: str, scrape: Scrape, lines: int, duplicates: int, *, archives: bool, decides: bool) -> None:
    counted = {"read": scrape.of("events_read_total")}
    right = {"read": lines}
    if archives:
        counted["archived"], right["archived"] = scrape.of("rows_inserted_total", "events"), lines
    if decides:
        counted |= {fate: scrape.of("events_total", fate) for fate in FATES}
        right |= {"matched": lines - duplicates, "duplicate": duplicates, "late": 0}
    if counted != right:
        raise WrongAnswerError(f"flows.{name} counted {counted}, the reference {right}")
