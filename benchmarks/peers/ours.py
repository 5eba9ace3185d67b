"""Runs our own backtest over the events, in a process of its own, as any user would."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from benchmarks.answers import Answer
from benchmarks.child import last_json, run_child
from benchmarks.event_file import epoch_ms
from benchmarks.peers.result import PeerResult

ROOT = Path(__file__).parent.parent.parent
TRIGGERS = Path(__file__).parent.parent / "triggers"


def run(trigger: str, events: Path, *, out: Path, out_of_orderness_ms: int, workers: int = 1) -> PeerResult:
    """`trigger` is the name of a file in `benchmarks/triggers/`. Raises ChildError."""
    out.unlink(missing_ok=True)
    cost = run_child(
        [
            sys.executable,
            *("-m", "flows.backtest"),
            *("--triggers", TRIGGERS / f"{trigger}.yaml", "--events", events, "--out", out),
            *("--max-out-of-orderness", _duration(out_of_orderness_ms), "--at-end", "flush"),
            *("--workers", str(workers), "--summary", "json"),
        ],
        cwd=ROOT,
    )
    return PeerResult.of(cost, last_json(cost.stdout), _read_actions(out))


def _duration(ms: int) -> str:
    """As the trigger language writes it: in whole seconds where it can."""
    return f"{ms // 1000}s" if ms % 1000 == 0 else f"{ms}ms"


def _read_actions(out: Path) -> Answer:
    """An action of the abandonment rule is stamped with its deadline, and its first evidence is the cart."""
    answer: Answer = []
    with out.open("rb") as file:
        for line in file:
            action = orjson.loads(line)
            key = action["key"]
            customer = key[0] if isinstance(key, list) else key
            answer.append((epoch_ms(action["event_time"]), customer, action["evidence"][0]["event_id"]))
    answer.sort()
    return answer
