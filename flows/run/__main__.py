"""``python -m flows.run FLOW --processes N [--workers W] [-r PATH]``: a flow, kept running.

Starts the processes of a Bytewax cluster on this machine. When one dies all end (a cluster cannot go on without one),
and all start again from the last closed epoch: after a wait that doubles with each failure. Exit status: 0 when
stopped by SIGINT or SIGTERM, 2 where somebody has to change something first, else that of the last failure.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from config.durations import parse_duration
from config.errors import Refused
from flows.exit_status import ExitStatus
from flows.run.patience import Patience
from flows.run.process_set import Asked
from flows.run.store import StoreRefused, hold_store, prepare_store
from flows.run.supervisor import Supervisor
from flows.stop import GRACE_S

FLOWS: Final = ("pipeline", "triggers", "archive")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    options = _parser().parse_args(arguments)
    # Bytewax writes a dataflow.json where its process stands, which may be read-only.
    os.environ.setdefault("BYTEWAX_DATAFLOW_API_CACHE_PATH", tempfile.gettempdir())
    asked = Asked(
        flow=options.flow,
        processes=options.processes,
        workers=options.workers,
        recovery=options.recovery_directory,
        epoch_s=options.snapshot_interval,
        backup_s=options.backup_interval,
        grace_s=options.grace,
    )
    patience = Patience(
        options.backoff, options.longest_backoff, options.healthy_after, options.failures, options.window
    )
    held = None
    if asked.recovery is not None:
        try:
            prepare_store(asked.recovery, options.recovery_partitions)
            held = hold_store(asked.recovery, patience_s=asked.grace_s)
        except (StoreRefused, OSError) as error:
            print(error, file=sys.stderr)
            return ExitStatus.BAD_CONFIGURATION
    supervisor = Supervisor(asked, patience, held=held)
    supervisor.on_signals()
    return supervisor.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows.run", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("flow", type=_flow, metavar="FLOW", help=f"{', '.join(FLOWS)}, or with flows. before it")
    parser.add_argument("--processes", type=_count, default=1, help="of the cluster, on this machine (default 1)")
    parser.add_argument("-w", "--workers", type=_count, default=1, help="of each process (default 1)")
    recovery = parser.add_argument_group("recovery, in Bytewax's words")
    recovery.add_argument(
        "-r", "--recovery-directory", type=Path, help="the recovery store, made if missing; without one a new start "
        "reads everything from the earliest offset",
    )  # fmt: skip
    recovery.add_argument("--recovery-partitions", type=_count, help="of a store that is made (default 4)")
    recovery.add_argument("-s", "--snapshot-interval", type=_seconds, default=10.0, help="an epoch (default 10s)")
    recovery.add_argument(
        "-b", "--backup-interval", type=_seconds, default=0.0,
        help="how long old snapshots are kept for backups of the store (default 0s: the store stays smallest)",
    )  # fmt: skip
    ends = parser.add_argument_group("starting again, and stopping")
    ends.add_argument("--backoff", type=_seconds, default=1.0, help="the wait after a failure (default 1s), doubled")
    ends.add_argument("--longest-backoff", type=_seconds, default=60.0, help="at most (default 60s)")
    ends.add_argument("--healthy-after", type=_seconds, default=60.0, help="ran so long: the first wait again (60s)")
    ends.add_argument("--failures", type=_count, default=10, help="as many ... (default 10)")
    ends.add_argument("--window", type=_seconds, default=1_800.0, help="... within this are the end (default 30m)")
    ends.add_argument(
        "--grace", type=_seconds, default=GRACE_S,
        help=f"how long a stop waits for the open epoch to close (default {GRACE_S:g}s); otherwise it is given up: "
        "what it had read is read again at the next start",
    )  # fmt: skip
    return parser


def _flow(text: str) -> str:
    name = text.removeprefix("flows.")
    if name not in FLOWS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a flow; allowed: {', '.join(FLOWS)}")
    return name


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _seconds(text: str) -> float:
    """Seconds as Bytewax's flags have them, or with a unit: ``10``, ``10s``, ``500ms``, ``5m``."""
    try:
        return float(int(text)) if text.isdecimal() else parse_duration(text) / 1e6
    except Refused as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} {error.message}; allowed: seconds, or with a unit, e.g. 500ms"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
