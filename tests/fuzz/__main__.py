"""Fuzzes the decoder for as long as one likes: every message has one fate with its reason, and can be written.

    python -m tests.fuzz [--seconds 300] [--engine atheris|hypothesis] [--seed N]

atheris (`pip install atheris`) looks for new paths through the decoder; Hypothesis draws messages that are wrong in the
ways messages are. Without --engine both, atheris where it is installed. What fails is printed with its message, and the
status is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time

from hypothesis import HealthCheck, Phase, given, seed, settings

from config.clickhouse_url import ClickHouseUrl
from sinks.clickhouse.embedded import release_embedded
from tests.fuzz.decoding import Message, check
from tests.fuzz.messages import messages
from tests.fuzz.rows import Rows

_EXAMPLES = 2_000
"""So many a round of Hypothesis: it does not stop by the clock."""


def main() -> int:
    """The command; gives its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=300, help="of each engine; default: 300")
    parser.add_argument("--engine", choices=("atheris", "hypothesis"))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.engine != "atheris":
        _hypothesis(options.seconds, options.seed)
    if options.engine == "hypothesis":
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: pip install atheris")
        return 0 if options.engine is None else 2
    asked = [str(options.seconds), str(options.seed)]
    return subprocess.run([sys.executable, "-m", "tests.fuzz.coverage_guided", *asked], check=False).returncode


def _hypothesis(seconds: int, first_seed: int) -> None:
    """Raises what fails, with the message as small as Hypothesis can make it."""
    until_s = time.monotonic() + seconds
    asked = rounds = 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            with Rows(ClickHouseUrl("chdb", embedded_path=f"{folder}/clickhouse")) as rows:
                while time.monotonic() < until_s:
                    asked += _round(rows, first_seed + rounds)
                    rounds += 1
                rows.flush()
                assert rows.count() == rows.written
        finally:
            release_embedded()
    print(f"Hypothesis: {asked:,} messages in {rounds} rounds, {rows.written:,} rows written; all properties hold")


def _round(rows: Rows, of_seed: int) -> int:
    asked = 0

    @seed(of_seed)
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(messages)
    def ask(message: Message) -> None:
        nonlocal asked
        asked += 1
        rows.add(message, check(message))

    ask()
    return asked


if __name__ == "__main__":
    sys.exit(main())
