"""What is happening while it happens: a live picture on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from flows.demo.action_feed import ActionFeed
from flows.demo.scrape import Reading

_PLAIN_EVERY_S: Final = 5.0
_WIDE: Final = 100
"""Columns from which actions by trigger and the latest ones stand side by side."""
_FEWEST_LATEST: Final = 3
_BAR: Final = 20


@dataclass
class State:
    """What is shown. Times are the shop's, in microseconds."""

    feed: ActionFeed
    triggers: tuple[str, ...]
    speed: int
    phase: str = ""
    shop_us: int = 0
    produced: int = 0
    reading: Reading = field(default_factory=Reading)
    began_s: float = field(default_factory=time.monotonic)

    @property
    def watermark_us(self) -> int | None:
        """The flow's watermark: that of the Kafka partition most behind; None before each has spoken."""
        delay_s = self.reading.watermark_delay_s
        return None if delay_s is None else self.shop_us - int(delay_s * 1e6)


class Screen:
    """Shows a ``State`` whenever `show` is called."""

    def __init__(self, console: Console, state: State) -> None:
        self._console = console
        self._state = state
        self._live: Live | None = None
        self._phase_said = ""
        self._said_s = 0.0

    @contextmanager
    def on(self) -> Iterator[None]:
        """The picture, for as long as this lasts; the terminal is as it was after."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, screen=True, auto_refresh=False) as self._live:
            yield
        self._live = None

    def show(self) -> None:
        """The state as it is now."""
        state = self._state
        if self._live is not None:
            self._live.update(picture(state, *self._console.size), refresh=True)
            return
        now_s = time.monotonic()
        if state.phase != self._phase_said:
            self._phase_said, self._said_s = state.phase, now_s
            print(f"{now_s - state.began_s:5.1f} s  {state.phase}", flush=True)
        elif now_s - self._said_s >= _PLAIN_EVERY_S:
            self._said_s = now_s
            print(f"{now_s - state.began_s:5.1f} s  {_line(state)}", flush=True)


def picture(state: State, width: int, height: int) -> RenderableType:
    """The whole screen: never higher than it, so that nothing scrolls."""
    head: list[RenderableType] = [*_head(state), Text()]
    left = height - len(head) - (1 if width < 80 else 0)
    if width >= _WIDE:
        both = Table.grid(expand=True, padding=(0, 2, 0, 0))
        both.add_column(width=44)
        both.add_column(ratio=1)
        both.add_row(_by_trigger(state, left), _latest(state, left))
        return Group(*head, both)
    rows = min(len(state.triggers) + 1, max(left - _FEWEST_LATEST - 2, 2))
    return Group(*head, _by_trigger(state, rows), Text(), _latest(state, left - rows - 1))


def _head(state: State) -> list[Text]:
    reading = state.reading
    watermark_us = state.watermark_us
    times = Text.assemble(
        "shop ", (_clock(state.shop_us), "bold"), f" · {state.speed}× · watermark ",
        ("–" if watermark_us is None else _clock(watermark_us, beside_us=state.shop_us), "bold"),
        f" · {time.monotonic() - state.began_s:.0f} s",
    )  # fmt: skip
    fates = Text.assemble(
        ("read ", "dim"), (f"{reading.read:,}", "bold"), (f" of {state.produced:,}: ", "dim"),
        (f"{reading.fates['matched']:,}", "green"), (" on time  ", "dim"),
        (f"{reading.fates['late']:,}", "yellow"), (" late  ", "dim"),
        (f"{reading.fates['duplicate']:,}", "cyan"), (" twice  ", "dim"),
        (f"{reading.fates['dead_letter']:,}", "red"), (" dead", "dim"),
    )  # fmt: skip
    done = Text.assemble(
        (f"{state.feed.total:,}", "bold"), (" actions on the topic  ", "dim"),
        f"{reading.suppressed:,}", (" held back  ", "dim"),
        f"{reading.open_matches:,}", (" matches open", "dim"),
    )  # fmt: skip
    lines = [Text(state.phase, style="bold cyan"), times, fates, done]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return lines


def _by_trigger(state: State, rows: int) -> Table:
    """Actions by trigger; where there is no room for all, those with the most."""
    counts = state.feed.counts
    names = list(state.triggers)
    if len(names) > rows - 1:
        names = sorted(names, key=lambda name: -counts[name])[: max(rows - 1, 0)]
    most = max(counts.values(), default=0)
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=26)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, style="green")
    table.add_row(Text("actions by trigger", style="dim"), "", "")
    for name in names:
        # By the square root: a trigger with two actions is to be seen beside one with two thousand.
        bar = round((counts[name] / most) ** 0.5 * _BAR / 2) if most else 0
        table.add_row(name, f"{counts[name]:,}", "█" * bar)
    return table


def _latest(state: State, rows: int) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0), expand=True)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True, max_width=24, overflow="ellipsis")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, ratio=1, overflow="ellipsis", style="dim")
    table.add_row("latest", "", "", "")
    for seen in list(state.feed.latest)[: -max(rows, 1) : -1]:
        table.add_row(f"{seen.at:%H:%M:%S}", seen.trigger, f"{seen.channel} → {seen.recipient}", seen.because)
    return table


def _line(state: State) -> str:
    reading = state.reading
    watermark_us = state.watermark_us
    fates = ", ".join(f"{fate} {reading.fates[fate]:,}" for fate in ("matched", "late", "duplicate", "dead_letter"))
    watermark = "–" if watermark_us is None else _clock(watermark_us, beside_us=state.shop_us)
    return (
        f"shop {_clock(state.shop_us)}, watermark {watermark}: read {reading.read:,} ({fates}), "
        f"actions {state.feed.total:,}"
    )


def _clock(time_us: int, *, beside_us: int = 0) -> str:
    """Day and time; the time alone beside another of the same day."""
    at, beside = (datetime.fromtimestamp(each / 1e6, UTC) for each in (time_us, beside_us))
    return f"{at:%H:%M:%S}" if at.date() == beside.date() else f"{at:%a %d %b %H:%M:%S}"
