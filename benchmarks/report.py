"""What one part of the benchmark found: a table for a person, and every figure for the result file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class PartReport:
    """`rows` are as wide as `columns`; the first column is a name, the others are figures.

    `data` holds every round as plain JSON. A part that could not run has no rows, and a note that says why.
    """

    title: str
    columns: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    notes: Sequence[str] = ()
    data: dict[str, object] = field(default_factory=dict)


def show(report: PartReport) -> None:
    """Prints the table and its notes."""
    console = Console(width=128, highlight=False)
    if report.rows:
        table = Table(title=report.title, title_justify="left")
        first, *others = report.columns
        table.add_column(first, no_wrap=True)
        for column in others:
            table.add_column(column, justify="right")
        for row in report.rows:
            table.add_row(*row)
        console.print(table)
    else:
        console.print(report.title)
    for note in report.notes:
        console.print(f"  {note}")
    console.print()


def middle(values: Sequence[float]) -> float:
    """The median: of an even number of rounds the mean of the two in the middle."""
    return median(values)


def rounded(values: Sequence[float], digits: int = 3) -> list[float]:
    """Every round, short enough to read in a result file."""
    return [round(value, digits) for value in values]
