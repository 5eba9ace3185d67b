"""History in, what would have fired out: the live graph over a file, without Kafka and without a wall clock.

    python -m flows.backtest --triggers PATH... --events FILE [--out FILE]

The same input gives the same bytes, whatever the chunk size and the number of workers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Literal

import bytewax.operators as op
from bytewax.dataflow import Dataflow, Stream
from bytewax.operators import KeyedStream

from config.common_policy import SHIPPED
from config.durations import parse_duration
from config.errors import ConfigError, Refused
from config.events import load_event_schemas
from config.vocabulary import load_vocabularies
from flows import steps
from flows.backtest_report import Item, ReadCount, ReportSink, Summary, read_summary
from flows.beside.feed import FeedSource
from flows.beside.packed import Fed
from flows.beside.reader import Reader, cores
from flows.cluster import WorkerDied, run_cluster
from flows.file_source import AtEnd, FileSource
from flows.loading import planned
from flows.progress import Progress
from operators.anonymous.group import identity_groups
from operators.decide_host import Deciding, decide
from operators.decode import Decoder
from operators.detect import Detection, Output, Routed, detect_routed
from operators.identity_host import Identity, detect_parted
from operators.plan import Plan
from operators.records import Chunk
from operators.route import Parted, copies_of, parting_router, router
from operators.shares import batches_of

CONFIG: Final = Path(__file__).parent.parent / "config"
BAD_INPUT: Final = 2
"""Exit status where a trigger, an option or the file is at fault."""
INTERRUPTED: Final = 130
"""Exit status after Ctrl-C: what shells expect of it."""
DEDUPE_HORIZON_US: Final = 7 * 86_400_000_000
IDENTITY_HORIZON_US: Final = 86_400_000_000
KEY_GROUPS: Final = 24
"""Of a run that keeps no state for a later one, the number changes no answer where event ids are unique, and fewer
cost less a chunk; these give every usual number of workers an even share."""
WORTH_A_READER_BYTES: Final = 8 * 1024 * 1024
"""Of a file: with less to read, starting another process takes as long as it saves."""
NO_EPOCHS: Final = timedelta(days=365)


@dataclass(frozen=True)
class Backtest:
    """Everything one run is asked for. Goes to worker processes as it is."""

    triggers: tuple[Path, ...]
    events: Path
    format: Literal["canonical", "segment", "cloudevents", "auto"] = "canonical"
    out: Path | None = None
    max_out_of_orderness_us: int = 5_000_000
    at_end: AtEnd = "hold"
    with_expired: bool = False
    chunk_size: int | None = None
    identity: bool = True
    identity_horizon_us: int = IDENTITY_HORIZON_US
    event_schemas: Path = CONFIG / "events"
    policy: Path = SHIPPED
    traits: Path = CONFIG / "traits"
    scores: Path = CONFIG / "scores"
    summary: Path = Path("summary.json")
    readers: int | None = None
    """1: a process of its own reads for the workers; 0: a worker reads; None: whichever is sooner done."""
    feeds: tuple[Connection, ...] = ()
    """By worker, where it hears from the reader."""
    compiled: Plan | None = field(default=None, compare=False, repr=False)
    """What ``plan`` gives; it stays in this process and those forked from it."""

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"compiled": None}

    def is_read_beside(self) -> bool:
        """Whether a process of its own reads: where there is a core for it, and enough to read."""
        if self.readers is not None:
            return self.readers > 0
        return cores() > 1 and self.events.stat().st_size >= WORTH_A_READER_BYTES

    def plan(self) -> Plan:
        """The triggers, compiled. Raises ``ConfigError``."""
        return self.compiled or planned(
            self.triggers,
            policy=self.policy,
            traits=self.traits,
            scores=self.scores,
            wants_expired=self.with_expired,
        )

    def source(self) -> FileSource:
        """The file. Raises ``ConfigError`` for a bad event schema."""
        vocabularies = {} if self.format == "canonical" else load_vocabularies(CONFIG / "vocabulary")
        return FileSource(
            path=self.events,
            decoder=Decoder(
                self.format,
                schemas=load_event_schemas(self.event_schemas),
                vocabulary=vocabularies.get("segment" if self.format == "auto" else self.format),
            ),
            max_out_of_orderness_us=self.max_out_of_orderness_us,
            at_end=self.at_end,
            chunk_size=self.chunk_size,
            progress=Progress(self.events.name),
        )

    def router(self) -> Callable[[Chunk], Parted]:
        """What a chunk has for each key group."""
        return self._router(self.plan())

    def flow(self, plan: Plan) -> Dataflow:
        """The graph; its answer and its summary are written when the file has ended."""
        flow = Dataflow("backtest")
        parted, read = self._read_beside(flow) if self.feeds else self._read_here(flow, plan)
        detection = Detection(plan, KEY_GROUPS, DEDUPE_HORIZON_US, keeps_snapshots=False, has_identity=self.identity)
        if self.identity:
            told = detect_parted(steps.DETECT, steps.IDENTITY, parted, Identity(detection, self.identity_horizon_us))
        else:
            routed: KeyedStream[Routed] = op.flat_map("route", parted, _direct)
            told = detect_routed(steps.DETECT, None, routed, detection)
        reports = KEY_GROUPS + detection.identity_groups
        if not plan.decides_at_home:
            told = decide(steps.DECIDE, told, Deciding(detection))
            reports += KEY_GROUPS
        names = tuple(program.name for program in plan.programs)
        report = ReportSink(self.out, self.summary, names, reports, self.with_expired)
        found = op.map("report_found", told, _of_report)
        op.output(steps.OUTPUTS, op.merge("report", found, read), report)
        return flow

    def _read_here(self, flow: Dataflow, plan: Plan) -> tuple[Stream[Parted], KeyedStream[Item]]:
        chunks = op.input(steps.SOURCE, flow, self.source())
        return op.map("parted", chunks, self._router(plan)), op.map("report_read", chunks, _count)

    def _read_beside(self, flow: Dataflow) -> tuple[Stream[Parted], KeyedStream[Item]]:
        fed = op.input(steps.SOURCE, flow, FeedSource(self.feeds))
        return op.map("parted", fed, _parted), op.map("report_read", fed, _count_fed)

    def _router(self, plan: Plan) -> Callable[[Chunk], Parted]:
        copies = copies_of(plan, KEY_GROUPS)
        if self.identity:
            return parting_router(plan, KEY_GROUPS, identity_groups(KEY_GROUPS), copies)
        route = router(plan, KEY_GROUPS, copies)
        return lambda chunk: Parted(route(chunk), [])


def _of_report(keyed: tuple[str, Output]) -> tuple[str, Output]:
    return ReportSink.PART, keyed[1]


def _count(chunk: Chunk) -> tuple[str, Item]:
    return ReportSink.PART, ReadCount(len(chunk.records), len(chunk.dead), chunk.final)


def _count_fed(fed: Fed) -> tuple[str, Item]:
    return ReportSink.PART, ReadCount(fed.events, fed.dead, fed.final)


def _parted(fed: Fed) -> Parted:
    return fed.parted


def _direct(parted: Parted) -> Iterable[tuple[str, Routed]]:
    return batches_of(parted.direct)


def build(backtest: Backtest) -> Dataflow:
    """The graph in a worker process."""
    return backtest.flow(backtest.plan())


def run(backtest: Backtest, *, workers: int = 1, alone: bool = False) -> Summary:
    """Runs it to the end in ``workers`` processes. ``alone``: nothing else runs in this process, not even a thread.

    Unless it is alone it may start Python anew to read beside: a script calls it under ``if __name__ == "__main__"``.
    Raises ``ConfigError`` for a bad trigger, ``OSError`` for a file that cannot be read, ``WorkerDied``.
    """
    backtest = replace(backtest, compiled=backtest.plan())
    backtest.source()  # what is wrong with a schema is told here, and not in another process
    with backtest.events.open("rb"):
        pass
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        asked = replace(backtest, summary=Path(folder) / "summary.json")
        if backtest.is_read_beside():
            asked = replace(asked, feeds=stack.enter_context(Reader(backtest, workers, alone=alone)).feeds)
        run_cluster(build, asked, workers=workers, epoch=NO_EPOCHS)
        seconds = time.perf_counter() - started
        summary = read_summary(asked.summary)
    summary.seconds = seconds
    return summary


def main(arguments: Sequence[str] | None = None, *, alone: bool = False) -> int:
    """The command; gives its exit status. ``alone`` as in ``run``."""
    options = _parser().parse_args(arguments)
    backtest = Backtest(
        triggers=tuple(options.triggers),
        events=options.events,
        format=options.format,
        out=options.out,
        max_out_of_orderness_us=options.max_out_of_orderness,
        at_end=options.at_end,
        with_expired=options.expired,
        policy=options.policy,
        chunk_size=options.chunk_size,
        readers=options.readers,
        identity=options.identity,
        identity_horizon_us=options.identity_horizon,
        traits=options.traits,
        scores=options.scores,
    )
    try:
        summary = run(backtest, workers=options.workers, alone=alone)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"{options.events}: cannot be read: {error.strerror or error}", file=sys.stderr)
        return BAD_INPUT
    except WorkerDied as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    print(json.dumps(summary.as_dict()) if options.summary == "json" else summary.as_text())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m flows.backtest", description="What triggers would have fired over a file of events."
    )
    add = parser.add_argument
    add("--triggers", type=Path, nargs="+", required=True, metavar="PATH", help="trigger files or folders of them")
    add("--events", type=Path, required=True, metavar="FILE", help="JSON lines (also .gz, .zst) or .parquet")
    add("--traits", type=Path, default=CONFIG / "traits", metavar="PATH", help="computed traits; default: the shipped")
    add("--scores", type=Path, default=CONFIG / "scores", metavar="PATH", help="model scores; default: the shipped")
    add("--format", choices=("canonical", "segment", "cloudevents", "auto"), default="canonical")
    add("--out", type=Path, metavar="FILE", help="one JSON object a line for every decision")
    add("--max-out-of-orderness", type=_duration, default=5_000_000, metavar="5s", help="default: 5s")
    add("--at-end", choices=("hold", "flush"), default="hold", help="what the end of the file does to time")
    add("--policy", type=Path, default=SHIPPED, metavar="FILE", help="limits for everybody; default: the shipped file")
    add("--expired", action="store_true", help="also write partial matches that timed out")
    add("--identity", action=argparse.BooleanOptionalAction, default=True, help="identifies claim anonymous events")
    add("--identity-horizon", type=_duration, default=IDENTITY_HORIZON_US, metavar="24h", help="default: 24h")
    add("--workers", type=_positive, default=1, metavar="N", help="processes")
    add("--readers", type=int, choices=(0, 1), help="processes that read for the workers; default: as it pays")
    add("--chunk-size", type=_positive, metavar="N", help="events a chunk; changes no answer")
    add("--summary", choices=("text", "json"), default="text", help="how the counts are printed")
    return parser


def _duration(text: str) -> int:
    try:
        return parse_duration(text)
    except Refused as refused:
        raise argparse.ArgumentTypeError(f"{text!r} {refused}") from None


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(alone=True))
