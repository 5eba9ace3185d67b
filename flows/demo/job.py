"""The demo's job: ``flows.pipeline`` with the shop's clock, run by ``python -m bytewax.run flows.demo.job``.

Its parent speaks to it over standard input: a line with the afternoon, a line with the wall's time at which the shop
opened, and the end of the file when it is to end, which also comes when the parent dies.
"""

from __future__ import annotations

import sys
import threading
from typing import TextIO

from bytewax.dataflow import Dataflow

from flows.demo.afternoon import Afternoon, ShopClock
from flows.graph import live
from flows.pipeline import wire


def flow() -> Dataflow:
    """The flow, with the settings of the environment."""
    clock = ShopClock(Afternoon.from_line(sys.stdin.readline()))
    ended = threading.Event()
    threading.Thread(target=_listen, args=(sys.stdin, clock, ended), name="parent", daemon=True).start()
    return live("demo", wire, clock=clock, until=ended.is_set)


def _listen(parent: TextIO, clock: ShopClock, ended: threading.Event) -> None:
    for line in parent:
        clock.open(int(line))
    ended.set()
