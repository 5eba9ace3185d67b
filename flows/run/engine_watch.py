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

_ENGINE: Final = "timely:"
_WORKERS: Final = "timely:work-"
_THREADS: Final = Path("/proc/self/task")
_PERIOD_S: Final = 0.5
_LOOKS: Final = 4
"""So often must none be found: they are about to start, or their end is about to be reported."""


def watch_workers(ended: Callable[[], None]) -> None:
    """Calls ``ended``, in a thread of its own, when the engine has connections to others and no worker.

    Asks Linux for its threads; elsewhere it never calls.
    """
    threading.Thread(target=_watch, args=(ended,), name="engine-watch", daemon=True).start()


def _watch(ended: Callable[[], None]) -> None:
    missed = 0
    while missed < _LOOKS:
        time.sleep(_PERIOD_S)
        if not _THREADS.exists():
            return
        names = _engine_threads()
        is_up = any(name.startswith(_ENGINE) for name in names)
        has_workers = any(name.startswith(_WORKERS) for name in names)
        missed = missed + 1 if is_up and not has_workers else 0
    ended()


def _engine_threads() -> list[str]:
    """The names of all threads but those that Python started, which bear the name of the thread that started them."""
    ours = {str(each.native_id) for each in threading.enumerate() if not isinstance(each, threading._DummyThread)}
    names = []
    for thread in _THREADS.iterdir():
        if thread.name in ours:
            continue
        try:
            names.append((thread / "comm").read_text())
        except OSError:  # it has just ended
            continue
    return names
