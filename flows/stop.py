"""An orderly end: SIGINT and SIGTERM end the input, the open epoch closes, and the process ends with status 0.

When it does not close within a grace time (a sink that stalls, a process of the cluster that was not asked to stop),
it is given up, also with status 0: what it had read is read again at the next start, and comes once all the same. A
second signal does not wait.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from functools import cache
from types import FrameType
from typing import Final

GRACE_S: Final = 10.0
"""Ten seconds is what Docker waits before it kills; closing an epoch over 1 M open matches takes a few."""


class Stop:
    """Whether the flows of this process are asked to end."""

    def __init__(self) -> None:
        self.grace_s = GRACE_S
        self._asked = threading.Event()

    def is_asked(self) -> bool:
        """The sources ask it before each read."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Ends the input; in ``grace_s`` at the latest this process. Safe in a signal handler."""
        if not self._asked.is_set():
            self._asked.set()
            threading.Thread(target=self._give_up, name="stop", daemon=True).start()

    def on_signals(self) -> None:
        """SIGINT and SIGTERM ask from here on. Does nothing outside of the main thread, where none arrive."""
        if threading.current_thread() is threading.main_thread():
            for each in (signal.SIGINT, signal.SIGTERM):
                signal.signal(each, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._asked.is_set():
            _end(128 + number, "stopped at once; the open epoch is given up, and what it had read is read again")
        self.ask()

    def _give_up(self) -> None:
        time.sleep(self.grace_s)
        _end(
            0, f"the open epoch did not close within {self.grace_s:g} s; it is given up, what it had read is read again"
        )


@cache
def process_stop() -> Stop:
    """The one of this process, as signals are the process's."""
    return Stop()


def _end(status: int, why: str) -> None:
    sys.stderr.write(f"{why}\n")
    sys.stderr.flush()
    os._exit(status)
