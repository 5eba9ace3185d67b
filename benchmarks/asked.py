"""What a run of the benchmark was asked for. Every size can be made small, to try a change of the benchmark itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RESULT = Path(__file__).parent / "results" / "latest.json"

OUT_OF_ORDERNESS_MS = 2_000
"""Of the reader and of the workload alike, so that no event is late."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`live_events` and `backlog_events` go through Kafka; `steady_events` follow the filling of open matches.

    The defaults are such that `make bench` takes less than 15 minutes on two slow cores.
    """

    only: tuple[str, ...] = ()
    all: bool = False
    rounds: int = 2
    seed: int = 1
    small_events: int = 300_000
    events: int = 1_000_000
    one_type_events: int = 100_000
    few: int = 10_000
    many: int = 1_000_000
    ten_million: bool = False
    steady_events: int = 1_000_000
    worker_events: int = 2_000_000
    live_events: int = 1_000_000
    backlog_events: int = 5_000_000
    live_rounds: int = 1
    epoch_rate: int = 5_000
    epochs: int = 5
    sustainable: int = 0
    latency_seconds: int = 12
    latency_backlog: int = 500_000
    latency_flow: str = "triggers"
    profile: Path | None = None
    out: Path = RESULT

    @property
    def sizes(self) -> tuple[int, ...]:
        """Open matches: from few, ten times as many each, to many."""
        sizes = [self.few]
        while sizes[-1] * 10 < self.many:
            sizes.append(sizes[-1] * 10)
        return (*sizes, self.many) if self.few < self.many else (self.many,)


def read_arguments(parts: Sequence[str], long: Sequence[str], arguments: Sequence[str] | None = None) -> Asked:
    """The options of `python -m benchmarks`; `parts` are the names that `--only` takes, `long` those of `--all`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What customer triggers cost.")
    add = parser.add_argument
    add("--only", action="append", choices=parts, default=[], help="this part; may be said several times")
    add("--all", action="store_true", help=f"also {' and '.join(long)}: 10 minutes more")
    add("--rounds", type=_positive, default=Asked.rounds, help="of the parts that read a file; figures are medians")
    add("--seed", type=int, default=Asked.seed)
    add("--small-events", type=_positive, default=Asked.small_events, help="detection: the smaller file; payload")
    add("--one-type-events", type=_positive, default=Asked.one_type_events, help="many_triggers: of those on one type")
    add("--events", type=_positive, default=Asked.events, help="detection: the larger file; stages; many_triggers")
    add("--few", type=_positive, default=Asked.few, help="open_matches, epochs: the curve's first")
    add("--many", type=_positive, default=Asked.many, help="the curve's last; after_a_kill")
    add(
        "--ten-million",
        action="store_true",
        help="open_matches: ten million too; 6 GB of disk, 10 GB of memory, some minutes a round",
    )
    add("--steady-events", type=_positive, default=Asked.steady_events, help="open_matches: while they are open")
    add("--live-events", type=_positive, default=Asked.live_events, help="end_to_end, workers: produced to Kafka")
    add("--worker-events", type=_positive, default=Asked.worker_events, help="workers: from file")
    add("--backlog-events", type=_positive, default=Asked.backlog_events, help="catch_up: produced to Kafka")
    add("--live-rounds", type=_positive, default=Asked.live_rounds, help="of the parts that run a live flow")
    add("--epoch-rate", type=_positive, default=Asked.epoch_rate, help="epochs: events/s while they close")
    add("--epochs", type=_positive, default=Asked.epochs, help="epochs: how many are measured at each size")
    add("--sustainable", type=_positive, default=0, metavar="RATE", help="latency: events/s; measured if not given")
    add("--latency-seconds", type=_positive, default=Asked.latency_seconds, help="latency: at each rate")
    add("--latency-backlog", type=_positive, default=Asked.latency_backlog, help="latency: events of a full topic")
    add("--latency-flow", choices=("triggers", "pipeline"), default=Asked.latency_flow, help="latency: which flow")
    add("--profile", type=Path, metavar="FILE", help="run flows.pipeline once under cProfile, and nothing else")
    add("--out", type=Path, default=RESULT, metavar="FILE")
    values = vars(parser.parse_args(arguments))
    return Asked(**(values | {"only": tuple(values["only"])}))


def say(what: str) -> None:
    """Progress, beside the tables and not among them."""
    print(what, file=sys.stderr, flush=True)


def _positive(text: str) -> int:
    if not text.replace("_", "").isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)
