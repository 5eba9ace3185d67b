"""`python -m tests.chaos --seed S --faults 30 --events 300000`: exit status 1 on any violation."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import run_chaos, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=30)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--folder", type=Path, help="keeps logs and data; by default a temporary one, kept on failure")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    print(f"seed {options.seed}; logs and data in {folder}", flush=True)
    outcome = run_chaos(folder, seed=options.seed, faults=options.faults, events=options.events)
    print(table(outcome))
    return 1 if outcome.violations else 0


sys.exit(main())
