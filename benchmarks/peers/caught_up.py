"""What one engine gave that caught up with a full topic, and whether its actions are right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, cast

from benchmarks.answers import answer_from, assert_equal
from benchmarks.child import Cost
from benchmarks.live_run import Backlog
from benchmarks.topic_values import topic_values


@dataclass(frozen=True, kw_only=True)
class CaughtUp:
    """From the first event read until every action is on its topic for good; the start of a runtime is not in it."""

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int

    @classmethod
    def of(cls, cost: Cost, report: dict[str, object]) -> Self:
        """`report` is the JSON line that the process ended with."""
        return cls(
            seconds=cast(float, report["seconds"]),
            cpu_seconds=cast(float, report["cpu_seconds"]),
            peak_rss_bytes=cost.peak_rss_bytes,
        )


def check(who: str, backlog: Backlog, actions_topic: str) -> None:
    """Of a peer's actions, each a line of `benchmarks.answers`. Raises WrongAnswerError."""
    found = answer_from(value.decode() for value in topic_values(backlog.bootstrap_servers, actions_topic))
    assert_equal(found, backlog.expected.answer, who=who)
