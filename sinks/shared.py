"""One resource for all the partitions of a sink in this process: opened for the first, closed with the last.

Bytewax builds a sink partition on whatever worker thread it lands, when its first item comes. Sixty-four partitions
must not mean sixty-four database writers: their inserts would be sixty-four times as many and as small.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Counts who holds the resource. Safe from any thread; ``open`` and ``close`` are called under its lock."""

    def __init__(self, open: Callable[..., T], close: Callable[[T], None]) -> None:
        self._open = open
        self._close = close
        self._lock = threading.Lock()
        self._held: list[T] = []
        self._holders = 0

    def acquire(self, *how: Any) -> T:
        """The resource, opened now, by ``open(*how)``, if nobody held it.

        Raises what ``open`` raises, and then counts nobody.
        """
        with self._lock:
            if not self._held:
                self._held.append(self._open(*how))
            self._holders += 1
            return self._held[0]

    def release(self) -> None:
        """Undo one ``acquire``; the last one closes."""
        with self._lock:
            self._holders -= 1
            if self._holders == 0:
                self._close(self._held.pop())
