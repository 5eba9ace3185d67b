"""The real week, or its beginning, for live flows: its messages, and what the backtest finds in it."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from flows.backtest import Backtest, run
from tests.integration.live_topics import Sent


@dataclass(frozen=True)
class Week:
    """Events, and by `action_id` the backtest's line for each action.

    The backtest's time is flushed at the end of its file: a live flow that has read these years-old events follows
    the clock from there, which is far beyond every deadline.
    """

    events: list[dict[str, Any]]
    actions: dict[str, dict[str, Any]]

    def messages(self) -> list[Sent]:
        """By customer, each at Kafka the moment it happened."""
        return [
            Sent(json.dumps(event).encode(), event["customer_id"].encode(), time_ms(event["event_time"]))
            for event in self.events
        ]


def read_week(file: Path, triggers: Path, folder: Path, *, limit: int | None = None) -> Week:
    """The first `limit` events; `folder` takes the backtest's files."""
    with gzip.open(file, "rt") as lines:
        some = list(islice(lines, limit))
    part, out = folder / "part.jsonl", folder / "backtest.jsonl"
    part.write_text("".join(some))
    run(Backtest((triggers,), part, out=out, at_end="flush"))
    decisions = [json.loads(line) for line in out.read_text().splitlines()]
    return Week([json.loads(line) for line in some], {each["action_id"]: each for each in decisions})


def time_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
