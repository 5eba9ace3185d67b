"""What a backtest found and counted: rows in one order, whatever worker found them, and a summary."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import orjson
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from operators.detect import GroupReport, Output
from operators.reasons import Fate, Outcome
from operators.records import Decision
from operators.render import iso_ms
from operators.tally import Tally, add_up


@dataclass(frozen=True)
class ReadCount:
    """What one chunk brought."""

    events: int
    dead: int
    final: bool


Item: TypeAlias = Output | ReadCount


@dataclass
class Summary:
    """The counts of a run. ``read`` is the sum of matched, late, duplicate and dead."""

    read: int = 0
    matched: int = 0
    late: int = 0
    duplicate: int = 0
    dead: int = 0
    late_cancelled: int = 0
    pending: int = 0
    """Partial matches still open at the end."""
    expired: int = 0
    fired: dict[str, int] = field(default_factory=dict)
    """Matches by trigger."""
    actions: dict[str, int] = field(default_factory=dict)
    deferred: int = 0
    """Actions that waited; some of them may wait still."""
    suppressed: dict[str, int] = field(default_factory=dict)
    """Actions held back, by reason."""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON values; ``events`` is ``read``, ``matches`` the sum of ``fired``."""
        return {"events": self.read, "matches": sum(self.fired.values())} | vars(self)

    def as_text(self) -> str:
        """The summary as lines for a person."""
        width = max((len(name) for name in self.fired), default=0)
        fired = [f"  {name:<{width}}  {count:>9,}" for name, count in self.fired.items()]
        held_back = sorted(self.suppressed.items())
        rate = self.read / self.seconds if self.seconds else 0.0
        return "\n".join(
            [
                f"read {self.read:,} events in {self.seconds:.1f} s ({rate:,.0f} events/s)",
                f"matched {self.matched:,}, late {self.late:,} (of which {self.late_cancelled:,} matches cancelled), "
                f"duplicate {self.duplicate:,}, dead {self.dead:,}",
                f"fired {sum(self.fired.values()):,}, expired {self.expired:,}, pending {self.pending:,}",
                *fired,
                *([f"sent {sum(self.actions.values()):,}, deferred {self.deferred:,}"] if self.deferred else []),
                *([f"held back: {', '.join(f'{reason} {n:,}' for reason, n in held_back)}"] if held_back else []),
            ]
        )


@dataclass(frozen=True)
class ReportSink(FixedPartitionedSink[Item, None]):
    """Collects everything into one partition; when the last key group has reported, writes rows and summary."""

    PART: ClassVar[str] = "report"

    out: Path | None
    summary: Path
    triggers: tuple[str, ...]
    reports: int
    """How many groups report at their end."""
    with_expired: bool

    def list_parts(self) -> list[str]:
        """The one partition."""
        return [self.PART]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> ReportPartition:
        """An empty report."""
        return ReportPartition(self)


class ReportPartition(StatefulSinkPartition[Item, None]):
    """The report being made."""

    def __init__(self, sink: ReportSink) -> None:
        self._sink = sink
        self._rows: list[tuple[Any, bytes]] = []
        self._tallies: list[Tally] = []
        self._summary = Summary()
        self._source_ended = False

    def write_batch(self, items: list[Item]) -> None:
        """Takes what was found; writes when nothing more can come."""
        for item in items:
            match item:
                case Decision():
                    if item.outcome != Outcome.EXPIRED or self._sink.with_expired:
                        self._rows.append((_order(item), render(item)))
                case GroupReport():
                    self._tallies.append(Tally(item.counts))
                    self._summary.pending += item.open_matches
                case ReadCount():
                    self._summary.read += item.events + item.dead
                    self._summary.dead += item.dead
                    self._source_ended |= item.final
        if self._source_ended and len(self._tallies) == self._sink.reports:
            self._write()

    def snapshot(self) -> None:
        """Nothing: a backtest starts at the beginning."""

    def _write(self) -> None:
        if self._sink.out is not None:
            self._rows.sort()
            with self._sink.out.open("wb") as file:
                file.writelines(row for _, row in self._rows)
        total, summary = add_up(self._tallies), self._summary
        summary.matched = total.of(Fate.MATCHED.value)
        summary.late = total.of(Fate.LATE.value)
        summary.duplicate = total.of(Fate.DUPLICATE.value)
        summary.late_cancelled = total.total("late_cancelled")
        summary.expired = total.total("expired")
        summary.fired = {name: total.of("matches", name) for name in self._sink.triggers}
        summary.actions = {name: total.of(Outcome.ACTION.value, name) for name in self._sink.triggers}
        summary.deferred = total.total(Outcome.DEFERRED.value)
        for (what, _), count in total.counts.items():
            outcome, _, reason = what.partition("/")
            if outcome == Outcome.SUPPRESSED:
                summary.suppressed[reason] = summary.suppressed.get(reason, 0) + count
        self._sink.summary.write_bytes(orjson.dumps(vars(summary)))


def read_summary(path: Path) -> Summary:
    """The summary that the sink wrote. Raises ``FileNotFoundError`` if the run did not reach its end."""
    return Summary(**orjson.loads(path.read_bytes()))


def render(decision: Decision) -> bytes:
    """One line of ``--out``."""
    row = {
        "action_id": decision.action_id,
        "trigger": decision.trigger,
        "version": decision.version,
        "key": decision.key,
        "recipient": decision.recipient,
        "event_time": iso_ms(decision.event_time_us),
        "outcome": decision.outcome,
        "reason": decision.reason,
        "evidence": [
            {
                "event_id": row.event_id,
                "step": row.step,
                "topic": row.topic,
                "partition": row.partition,
                "offset": row.offset,
                "event_time": iso_ms(row.event_time_us),
            }
            for row in decision.evidence
        ],
        "channel": decision.channel,
        "template": decision.template,
        "data": decision.data,
    }
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _order(decision: Decision) -> tuple[int, str, tuple[str, ...], str, bool]:
    """An action that was deferred has two rows, that one first."""
    key = (decision.key,) if isinstance(decision.key, str) else tuple(decision.key)
    was_released = decision.outcome != Outcome.DEFERRED
    return (decision.event_time_us, decision.trigger, key, decision.action_id, was_released)
