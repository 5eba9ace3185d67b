"""Keeps the processes of a flow running: when one dies all end, and all start again from the last closed epoch."""

from __future__ import annotations

import signal
import sys
import time
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Final

from flows.exit_status import ExitStatus
from flows.run.patience import Patience
from flows.run.process_set import Asked, FlowProcess, ProcessSet

_CULPRIT_S: Final = 1.0
"""How long after a process that lost a peer the peer itself may take to be noticed."""
_BEYOND_GRACE_S: Final = 5.0


class Supervisor:
    """Runs until it is asked to stop, nothing can mend what is wrong, or patience is at its end."""

    def __init__(self, asked: Asked, patience: Patience, *, held: int | None = None) -> None:
        self._asked = asked
        self._patience = patience
        self._held = held
        self._news: SimpleQueue[FlowProcess | None] = SimpleQueue()
        """Processes that have ended; None: to be stopped."""
        self._stops = 0
        self._lives: ProcessSet | None = None

    def on_signals(self) -> None:
        """SIGINT and SIGTERM end the flow in order; the second one at once."""
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self._on_signal)

    def run(self) -> int:
        """The exit status: 0 when stopped, that of the process that ended it otherwise."""
        while True:
            self._lives = lives = ProcessSet(self._asked, self._news.put, held=self._held)
            ids = ", ".join(str(each.process.pid) for each in lives.members)
            _say(f"{self._asked.flow} started; process ids {ids}")
            try:
                first = self._next(None)
                if first is None:
                    return self._stop(lives)
                culprit = self._culprit(first)
            finally:
                lives.kill()
            wait_s = self._after(culprit, time.monotonic() - lives.started_s)
            if wait_s is None:
                return culprit.status if culprit.status and culprit.status > 0 else ExitStatus.FAILED
            if self._stop_comes_within(wait_s):
                _say("stopped")
                return ExitStatus.STOPPED

    def _after(self, culprit: FlowProcess, ran_s: float) -> float | None:
        """Tells of the end, and for how long to wait now; None: not to start again."""
        who = f"{self._asked.flow} process {culprit.index} (id {culprit.process.pid}) {culprit.how} after {ran_s:.1f} s"
        said = f"; the last it said: {culprit.last_line}" if culprit.last_line else ""
        every = "" if self._asked.processes == 1 else f"all {self._asked.processes} "
        if culprit.status == ExitStatus.BAD_CONFIGURATION:
            _say(f"{who}{said}. No new start would mend that: not started again")
            return None
        if culprit.status == ExitStatus.PARTITIONS_CHANGED:
            _say(f"{who}{said}. Starting {every}again at once")
            return 0.0
        wait_s = self._patience.after_failure(time.monotonic(), ran_s=ran_s)
        window = f"failure {self._patience.recent} of {self._patience.failures} in {self._patience.window_s:g} s"
        if wait_s is None:
            _say(f"{who}{said}. Giving up: {window}")
            return None
        _say(f"{who}{said}. Starting {every}again in {wait_s:g} s ({window})")
        return wait_s

    def _culprit(self, first: FlowProcess) -> FlowProcess:
        """Who died by himself: whoever lost a peer only followed."""
        died = first
        deadline_s = time.monotonic() + _CULPRIT_S
        while died.status == ExitStatus.PEER_LOST and (left_s := deadline_s - time.monotonic()) > 0:
            try:
                died = self._next(left_s) or died
            except Empty:
                return first
        return died

    def _stop(self, lives: ProcessSet) -> int:
        lives.stop()
        deadline_s = time.monotonic() + self._asked.grace_s + _BEYOND_GRACE_S
        while lives.running and self._stops < 2 and time.monotonic() < deadline_s:
            try:
                self._next(0.1)
            except Empty:
                continue
        _say("stopped" if not lives.running else "stopped at once: what was read in the open epoch is read again")
        return ExitStatus.STOPPED

    def _stop_comes_within(self, wait_s: float) -> bool:
        deadline_s = time.monotonic() + wait_s
        while not self._stops:
            try:
                self._next(max(0.0, deadline_s - time.monotonic()))
            except Empty:
                return False
        return True

    def _next(self, timeout_s: float | None) -> FlowProcess | None:
        """News of this life. Raises ``Empty``."""
        assert self._lives is not None
        while True:
            died = self._news.get(timeout=timeout_s)
            if died is None or died in self._lives.members:
                return died

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stops += 1
        self._news.put(None)


def _say(what: str) -> None:
    sys.stderr.write(f"flows.run | {what}\n")
    sys.stderr.flush()
