"""History in, what would have fired out: the live graph over a file, without Kafka and without a wall clock.

    python -m flows.backtest --triggers PATH... --events FILE [--out FILE]

The same input gives the same bytes, whatever the chunk size and the number of workers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import bytewax.operators as op
from bytewax.dataflow import Dataflow

from config.common_policy import SHIPPED
from config.durations import parse_duration
from config.errors import ConfigError, Refused
from config.events import load_event_schemas
from config.vocabulary import load_vocabularies
from flows import steps
from flows.backtest_report import ReadCount, ReportSink, Summary, read_summary
from flows.cluster import WorkerDied, run_cluster
from flows.file_source import AtEnd, FileSource
from flows.loading import planned
from flows.progress import Progress
from operators.decide_host import Deciding, decide
from operators.decode import Decoder
from operators.detect import Detection, Output, detect
from operators.identity_host import Identity, detect_identified
from operators.plan import Plan
from operators.records import Chunk

CONFIG: Final = Path(__file__).parent.parent / "config"
BAD_INPUT: Final = 2
"""Exit status where a trigger, an option or the file is at fault."""
DEDUPE_HORIZON_US: Final = 7 * 86_400_000_000
IDENTITY_HORIZON_US: Final = 86_400_000_000
KEY_GROUPS: Final = 24
"""Of a run that keeps no state for a later one, the number changes no answer where event ids are unique, and fewer
cost less a chunk; these give every usual number of workers an even share."""
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

    def plan(self) -> Plan:
        """The triggers, compiled. Raises ``ConfigError``."""
        return planned(
            self.triggers,
            policy=self.policy,
            traits=self.traits,
            scores=self.scores,
            wants_expired=self.with_expired,
        )

    def flow(self, plan: Plan) -> Dataflow:
        """The graph; its answer and its summary are written when the file has ended."""
        vocabularies = load_vocabularies(CONFIG / "vocabulary")
        source = FileSource(
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
        names = tuple(program.name for program in plan.programs)
        detection = Detection(plan, KEY_GROUPS, DEDUPE_HORIZON_US, keeps_snapshots=False, has_identity=self.identity)
        flow = Dataflow("backtest")
        chunks = op.input(steps.SOURCE, flow, source)
        if detection.has_identity:
            identity = Identity(detection, self.identity_horizon_us)
            told = detect_identified(steps.DETECT, steps.IDENTITY, chunks, identity)
        else:
            told = detect(steps.DETECT, chunks, detection)
        reports = KEY_GROUPS + detection.identity_groups
        if not plan.decides_at_home:
            told = decide(steps.DECIDE, told, Deciding(detection))
            reports += KEY_GROUPS
        report = ReportSink(self.out, self.summary, names, reports, self.with_expired)
        found = op.map("report_found", told, _of_report)
        read = op.map("report_read", chunks, _read_count)
        op.output(steps.OUTPUTS, op.merge("report", found, read), report)
        return flow


def _of_report(keyed: tuple[str, Output]) -> tuple[str, Output]:
    return ReportSink.PART, keyed[1]


def _read_count(chunk: Chunk) -> tuple[str, ReadCount]:
    return ReportSink.PART, ReadCount(len(chunk.records), len(chunk.dead), chunk.final)


def build(backtest: Backtest) -> Dataflow:
    """The graph in a worker process."""
    return backtest.flow(backtest.plan())


def run(backtest: Backtest, *, workers: int = 1) -> Summary:
    """Runs it to the end in ``workers`` processes.

    Raises ``ConfigError`` for a bad trigger, ``OSError`` for a file that cannot be read, ``WorkerDied``.
    """
    backtest.plan()
    with backtest.events.open("rb"):
        pass
    with tempfile.TemporaryDirectory() as folder:
        asked = Backtest(**(vars(backtest) | {"summary": Path(folder) / "summary.json"}))
        seconds = run_cluster(build, asked, workers=workers, epoch=NO_EPOCHS)
        summary = read_summary(asked.summary)
    summary.seconds = seconds
    return summary


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit status."""
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
        identity=options.identity,
        identity_horizon_us=options.identity_horizon,
        traits=options.traits,
        scores=options.scores,
    )
    try:
        summary = run(backtest, workers=options.workers)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"{options.events}: cannot be read: {error.strerror or error}", file=sys.stderr)
        return BAD_INPUT
    except WorkerDied as error:
        print(error, file=sys.stderr)
        return 1
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
    sys.exit(main())
