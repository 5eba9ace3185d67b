"""Actions as the answer of the abandonment rule: stamped with the deadline, the cart first in the evidence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson

from benchmarks.answers import Answer
from benchmarks.event_file import epoch_ms


def answer_of(actions: Iterable[bytes]) -> Answer:
    """Sorted; `actions` are JSON, of a backtest's `--out` or of the actions topic."""
    answer: Answer = []
    for text in actions:
        action = orjson.loads(text)
        key = action["key"]
        customer = key[0] if isinstance(key, list) else key
        answer.append((epoch_ms(action["event_time"]), customer, action["evidence"][0]["event_id"]))
    answer.sort()
    return answer


def answer_in(out: Path) -> Answer:
    """What a backtest wrote."""
    with out.open("rb") as file:
        return answer_of(file)
