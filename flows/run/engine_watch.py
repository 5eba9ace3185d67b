"""Notices that the engine's workers have ended though the engine has not said so.

In a cluster of several processes a worker that fails leaves its process waiting for the connections of the others, who
know of nothing and go on waiting for it: both for ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_WORKERS: Final = "timely:work-"
_THREADS: Final = Path("/proc/self/task")
_PERIOD_S: Final = 0.5
_LOOKS: Final = 4
"""So often must none be found: a worker that has just ended may be on its way to be reported."""


def watch_workers(ended: Callable[[], None]) -> None:
    """Calls ``ended``, in a thread of its own, when workers have been there and are not any more.

    Asks Linux for its threads; elsewhere it never calls.
    """
    threading.Thread(target=_watch, args=(ended,), name="engine-watch", daemon=True).start()


def _watch(ended: Callable[[], None]) -> None:
    were_there, missed = False, 0
    while missed < _LOOKS:
        time.sleep(_PERIOD_S)
        if not _THREADS.exists():
            return
        are_there = any(name.startswith(_WORKERS) for name in _thread_names())
        were_there |= are_there
        missed = 0 if are_there or not were_there else missed + 1
    ended()


def _thread_names() -> list[str]:
    names = []
    for thread in _THREADS.iterdir():
        try:
            names.append((thread / "comm").read_text())
        except OSError:  # it has just ended
            continue
    return names
