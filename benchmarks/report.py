"""What one part of the benchmark found: a table for a person, and every figure for the result file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One line of the summary: a measure, and the bar it is held against where there is one."""

    measure: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool | None:
        """None where there is no bar."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least

    def cells(self) -> tuple[str, str, str, str]:
        """Measure, figure, bar, met or not."""
        bar = "–"
        if self.at_most is not None:
            bar = f"≤ {_short(self.at_most)} {self.unit}"
        elif self.at_least is not None:
            bar = f"≥ {_short(self.at_least)} {self.unit}"
        met = {None: "–", True: "met", False: "NOT met"}[self.is_met]
        return self.measure, f"{_short(self.value)} {self.unit}", bar, met


@dataclass(frozen=True, kw_only=True)
class PartReport:
    """`rows` are as wide as `columns`; the first column is a name, the others are figures.

    `figures` go into the summary. `data` holds every round as plain JSON. A part that could not run has no rows, and a
    note that says why.
    """

    title: str
    columns: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    notes: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    data: dict[str, object] = field(default_factory=dict)


def show(report: PartReport) -> None:
    """Prints the table and its notes."""
    console = Console(width=128, highlight=False)
    console.print(report.title)
    if report.rows:
        table = Table()
        first, *others = report.columns
        table.add_column(first, no_wrap=True)
        for column in others:
            table.add_column(column, justify="right")
        for row in report.rows:
            table.add_row(*row)
        console.print(table)
    for note in report.notes:
        console.print(f"  {note}")
    console.print()


def show_summary(figures: Sequence[Figure]) -> None:
    """Prints one table of all."""
    columns = ("measure", "figure", "bar", "")
    show(PartReport(title="summary", columns=columns, rows=[each.cells() for each in figures]))


def middle(values: Sequence[float]) -> float:
    """The median: of an even number of rounds the mean of the two in the middle."""
    return median(values)


def rounded(values: Sequence[float], digits: int = 3) -> list[float]:
    """Every round, short enough to read in a result file."""
    return [round(value, digits) for value in values]


def _short(value: float) -> str:
    """Three figures, or all that stand before the point."""
    return f"{value:,.{2 if abs(value) < 10 else 1 if abs(value) < 100 else 0}f}"
