"""What the brute-force reference says about `trigger_texts.on_carts`, worked out once a file and kept beside it.

    python -m benchmarks.expected_carts EVENTS OUT --triggers 50

Answers of fifty triggers are long: what is kept and compared is how many matches each has, and their digest.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import orjson

from benchmarks.answers import Answer, WrongAnswerError
from benchmarks.cache import ROOT, cache_folder
from benchmarks.child import run_child
from benchmarks.event_file import epoch_ms, read_events
from benchmarks.reference import abandonments
from benchmarks.trigger_texts import cart_trigger, wait_ms

Found = dict[str, tuple[int, str]]
"""By trigger, the number of its matches and their digest."""


def expected_carts(events: Path, *, triggers: int) -> Found:
    """For a file of `benchmarks.cache`, with `on_repeat: restart` and all time told."""
    out = cache_folder() / f"{events.stem}-carts-{triggers}-{_fingerprint()}.json"
    if not out.exists():
        run_child(
            [sys.executable, "-m", "benchmarks.expected_carts", events, out, "--triggers", str(triggers)], cwd=ROOT
        )
    return {name: (count, digest) for name, (count, digest) in orjson.loads(out.read_bytes()).items()}


def found_carts(out: Path) -> Found:
    """The same of what a backtest wrote."""
    answers: dict[str, Answer] = {}
    with out.open("rb") as file:
        for line in file:
            row = orjson.loads(line)
            match = (epoch_ms(row["event_time"]), row["key"], row["evidence"][0]["event_id"])
            answers.setdefault(row["trigger"], []).append(match)
    return {name: _short(sorted(answer)) for name, answer in answers.items()}


def assert_carts(found: Found, expected: Found, *, who: str) -> None:
    """Raises WrongAnswerError with the first trigger whose matches are others."""
    for name in sorted(expected | found):
        if found.get(name) != expected.get(name):
            raise WrongAnswerError(f"{who}: {name} has {found.get(name)}, the reference {expected.get(name)}")


def _short(answer: Answer) -> tuple[int, str]:
    return len(answer), hashlib.sha256(orjson.dumps(answer)).hexdigest()


def _fingerprint() -> str:
    """Of the code that answers."""
    digest = hashlib.sha256()
    for source in ("reference.py", "event_file.py", "trigger_texts.py", "expected_carts.py"):
        digest.update((Path(__file__).parent / source).read_bytes())
    return digest.hexdigest()[:8]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.expected_carts")
    parser.add_argument("events", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--triggers", type=int, required=True)
    asked = parser.parse_args()
    events = [event for event in read_events(asked.events) if event.type in ("cart_add", "purchase")]
    found = {
        cart_trigger(number): _short(
            abandonments(events, on_repeat="restart", at_end="flush", within_ms=wait_ms(number))
        )
        for number in range(asked.triggers)
    }
    making = asked.out.with_suffix(".part")
    making.write_bytes(orjson.dumps(found))
    making.replace(asked.out)


if __name__ == "__main__":
    main()
