"""What one run of one engine gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, cast

from benchmarks.answers import Answer
from benchmarks.child import Cost


@dataclass(frozen=True, kw_only=True)
class PeerResult:
    """`matches` is what the job says, `answer` what it wrote.

    `seconds_job` is the job's own measure, from its start to its end; `seconds_process` the whole process
    by the wall, with the start of its runtime.
    """

    seconds_job: float
    seconds_process: float
    cpu_seconds: float
    events: int
    matches: int
    peak_rss_bytes: int
    answer: Answer

    @classmethod
    def of(cls, cost: Cost, report: dict[str, object], answer: Answer) -> Self:
        """`report` is the JSON line that the process ended with: events, seconds, matches."""
        return cls(
            seconds_job=cast(float, report["seconds"]),
            seconds_process=cost.seconds,
            cpu_seconds=cost.cpu_seconds,
            events=cast(int, report["events"]),
            matches=cast(int, report["matches"]),
            peak_rss_bytes=cost.peak_rss_bytes,
            answer=answer,
        )
