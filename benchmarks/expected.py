"""What the brute-force reference says about a workload file, worked out once a file and kept beside it.

    python -m benchmarks.expected EVENTS OUT --at-end hold

The process of its own is what keeps the caller small: a child's peak memory starts at its parent's.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson

from benchmarks.answers import Answer, read_answer, write_answer
from benchmarks.cache import ROOT, cache_folder
from benchmarks.child import run_child
from benchmarks.event_file import Event, read_events
from benchmarks.reference import WITHIN_MS, AtEnd, OnRepeat, abandonments

ON_REPEAT: Final[OnRepeat] = "overlap"
TRIGGER = Path(__file__).parent / "triggers" / "abandonment_overlap.yaml"
"""The rule that the reference answers with `ON_REPEAT`."""


@dataclass(frozen=True)
class Counts:
    """`open_at_end` are the matches whose deadline lies beyond the largest event time: with `hold`, still pending."""

    lines: int
    duplicates: int
    matches: int
    open_at_end: int


@dataclass(frozen=True)
class Expected:
    """The answer, sorted, and the counts."""

    answer: Answer
    counts: Counts


def trigger_within(within_ms: int) -> Path:
    """The rule with another time to buy in."""
    text, usual = TRIGGER.read_text(), "within: 30m\n"
    assert text.count(usual) == 1
    path = cache_folder() / f"{TRIGGER.stem}-{within_ms}ms.yaml"
    path.write_text(text.replace(usual, f"within: {within_ms}ms\n"))
    return path


def expected(events: Path, *, at_end: AtEnd, within_ms: int = WITHIN_MS) -> Expected:
    """The answer for a file of `benchmarks.cache`, whose name says all that is in it."""
    out = cache_folder() / f"{events.stem}-{at_end}-{within_ms}-{_fingerprint()}.expected"
    counts = out.with_suffix(".counts.json")
    if not counts.exists():
        asking = ["--at-end", at_end, "--within-ms", str(within_ms)]
        run_child([sys.executable, "-m", "benchmarks.expected", events, out, *asking], cwd=ROOT)
    return Expected(read_answer(out), Counts(**orjson.loads(counts.read_bytes())))


def _fingerprint() -> str:
    """Of the code that answers."""
    digest = hashlib.sha256()
    for source in ("reference.py", "event_file.py", "expected.py"):
        digest.update((Path(__file__).parent / source).read_bytes())
    return digest.hexdigest()[:8]


class _Watched(Iterable[Event]):
    """Passes events on and remembers what the counts need of them."""

    def __init__(self, events: Path) -> None:
        self.largest_ms = 0
        self.lines = 0
        self.ids: set[str] = set()
        self._events = events

    def __iter__(self) -> Iterator[Event]:
        for event in read_events(self._events):
            self.lines += 1
            self.largest_ms = max(self.largest_ms, event.time_ms)
            self.ids.add(event.event_id)
            yield event


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.expected")
    parser.add_argument("events", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--at-end", choices=("hold", "flush"), required=True)
    parser.add_argument("--within-ms", type=int, default=WITHIN_MS)
    asked = parser.parse_args()
    # Nothing here is ever garbage, and ten million carts are walked again and again in search of some.
    gc.disable()
    events = _Watched(asked.events)
    all_time = abandonments(events, on_repeat=ON_REPEAT, at_end="flush", within_ms=asked.within_ms)
    due = [match for match in all_time if match[0] <= events.largest_ms]
    answer = due if asked.at_end == "hold" else all_time
    counts = Counts(
        lines=events.lines,
        duplicates=events.lines - len(events.ids),
        matches=len(answer),
        open_at_end=len(all_time) - len(due),
    )
    write_answer(answer, asked.out)
    # Last, because it is what says that the answer is whole.
    asked.out.with_suffix(".counts.json").write_bytes(orjson.dumps(asdict(counts)))


if __name__ == "__main__":
    main()
