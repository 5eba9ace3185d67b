"""Notices that a topic has been given more partitions: Bytewax reads those that were there when the flow started."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from operators.records import Origin

log = logging.getLogger(__name__)


class PartitionWatch:
    """One thread for a process's source, from the first ``enter`` to the last ``leave``. Asks every ``period_s``."""

    def __init__(self, list_origins: Callable[[], Iterable[Origin]], period_s: float) -> None:
        """``list_origins`` asks Kafka; what it raises is waited out, for whoever reads will hear of it."""
        self._list_origins = list_origins
        self._period_s = period_s
        self._lock = threading.Lock()
        self._watchers = 0
        self._left = threading.Event()
        self.found: str | None = None
        """What has changed, in words; None while nothing has."""

    def enter(self, known: Iterable[Origin]) -> None:
        """Begins to watch with the first who enters; ``known`` is read by this flow."""
        with self._lock:
            self._watchers += 1
            if self._watchers == 1:
                self._left = threading.Event()
                threading.Thread(
                    target=self._run, args=(self._left, frozenset(known)), name="partition-watch", daemon=True
                ).start()

    def leave(self) -> None:
        """Ends watching with the last."""
        with self._lock:
            self._watchers -= 1
            if self._watchers == 0:
                self._left.set()

    def _run(self, left: threading.Event, known: frozenset[Origin]) -> None:
        while self.found is None and not left.wait(self._period_s):
            try:
                new = sorted(set(self._list_origins()) - known)
            except Exception as error:
                log.debug("Kafka does not say which partitions there are: %s", error)
                continue
            if new:
                self.found = (
                    f"new partitions: {', '.join(f'{topic}/{partition}' for topic, partition in new)}. "
                    "The flow starts again to read them from their earliest offset"
                )
