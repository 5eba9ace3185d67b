"""What a redrive did, or would do: counts by reason, some examples, and what it means for time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from config.durations import format_us
from flows.redrive.judge import TOO_LARGE, Verdict
from operators.render import iso_ms

_EXAMPLES: Final = 3
"""So many of each kind: what goes back, and what stays for each cause."""
_LONGEST_TEXT: Final = 160


@dataclass
class Report:
    """Takes verdicts one by one; holds counts and a few examples, however many there are."""

    max_out_of_orderness_us: int
    is_dry: bool
    found: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    stayed: dict[str, Counter[str]] = field(default_factory=dict)
    """By reason of the letter, then by why."""
    events: int = 0
    past: int = 0
    recovered: int = 0
    """Sent by an earlier run that was cut before it had marked them."""
    unfinished: int = 0
    """Of a dry run: earlier runs that were cut."""
    _examples: dict[str, list[str]] = field(default_factory=dict)

    def take(self, verdict: Verdict, now_us: int) -> None:
        """One letter and what becomes of it."""
        reason = verdict.letter.reason
        self.found[reason] += 1
        if verdict.outgoing is None:
            self.stayed.setdefault(reason, Counter())[verdict.why] += 1
            self._example(verdict.why, f"{_place(verdict)} stays: {verdict.why}: {verdict.text}")
            return
        self.sent[reason] += 1
        self.events += len(verdict.event_times_us)
        self.past += sum(time_us < now_us - self.max_out_of_orderness_us for time_us in verdict.event_times_us)
        times = ", ".join(iso_ms(time_us) for time_us in verdict.event_times_us[:2])
        self._example("", f"{_place(verdict)} goes back, event time {times}")

    def text(self) -> str:
        """All of it, for a reader."""
        if not self.found:
            return "\n".join([*self._recovery(), "No dead letter of that kind is left to be sent again."])
        goes = "would go back" if self.is_dry else "sent back"
        rows: list[tuple[str, ...]] = [("reason", "found", goes, "stays", "because of")]
        for reason in sorted(self.found):
            stayed = self.stayed.get(reason, Counter())
            why = ", ".join(f"{count} {name}" for name, count in stayed.most_common())
            rows.append((reason, str(self.found[reason]), str(self.sent[reason]), str(stayed.total()), why or "-"))
        lines = [*self._recovery(), *_aligned(rows), *self._too_late()]
        examples = [example for kind in sorted(self._examples) for example in self._examples[kind]]
        return "\n".join([*lines, "", "examples:", *(f"  {example}" for example in examples)])

    def _example(self, kind: str, text: str) -> None:
        examples = self._examples.setdefault(kind, [])
        if len(examples) < _EXAMPLES:
            examples.append(text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…")

    def _recovery(self) -> list[str]:
        if self.unfinished:
            cut = (
                f"{self.unfinished} earlier run was" if self.unfinished == 1 else f"{self.unfinished} earlier runs were"
            )
            return [f"{cut} cut: what it had sent and not marked is counted below, and will not be sent again.", ""]
        if not self.recovered:
            return []
        return [f"{self.recovered} messages that an earlier run had sent before it was cut are marked now.", ""]

    def _too_late(self) -> list[str]:
        lines = []
        if self.past:
            lines = [
                "",
                f"{self.past} of {self.events} events are older than max_out_of_orderness "
                f"({format_us(self.max_out_of_orderness_us)}):",
                "where the flow's watermark has passed them they count as late: archived, and they still cancel what",
                "they should have prevented, but they begin and advance nothing.",
            ]
        if any(TOO_LARGE in stayed for stayed in self.stayed.values()):
            lines.append("What is too large for its topic needs a larger max.message.bytes there, or a repair.")
        return lines


def _place(verdict: Verdict) -> str:
    letter = verdict.letter
    topic, partition, offset, record_time_ms = letter.id
    return f"{topic}/{partition} offset {offset} ({letter.reason}, {iso_ms(record_time_ms * 1_000)})"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Columns: the first and the last to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for first, *numbers, last in rows:
        cells = [number.rjust(width) for number, width in zip(numbers, widths[1:-1], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells, last]))
    return lines
