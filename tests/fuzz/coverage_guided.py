"""atheris over the decoder: `python -m tests.fuzz` starts this as a process of its own, which libFuzzer ends."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import atheris

# What is imported here is watched for the branches it takes; so nothing may have imported it before.
with atheris.instrument_imports(include=["operators.decode", "config.vocabulary", "config.events"]):
    from tests.fuzz.decoding import ENVELOPES, Message, check
from tests.fuzz.messages import BINARY, ODD_JSON, SEEDS


def one_input(data: bytes) -> None:
    """The first byte says how the rest comes: in which envelope, and whether with the headers of binary mode."""
    if not data:
        return
    how, value = data[0], data[1:]
    check(Message(ENVELOPES[how % len(ENVELOPES)], value, headers=BINARY if how & 0x80 else ()))


def write_corpus(folder: Path) -> None:
    """What it begins with: every valid message and every odd value, in every envelope."""
    for place, value in enumerate([*[json.dumps(each).encode() for _, each in SEEDS], *ODD_JSON]):
        for envelope in range(len(ENVELOPES)):
            (folder / f"{place}-{envelope}").write_bytes(bytes([envelope]) + value)


def main(seconds: str, seed: str) -> None:
    """Does not return."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        write_corpus(corpus)
        words = Path(folder, "words")
        names = {name for _, each in SEEDS if isinstance(each, dict) for name in each}
        words.write_text("".join(f'"\\"{name}\\":"\n' for name in sorted(names)))
        limits = [f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=4096", "-rss_limit_mb=4096"]
        atheris.Setup([sys.argv[0], *limits, f"-dict={words}", "-print_final_stats=1", str(corpus)], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
