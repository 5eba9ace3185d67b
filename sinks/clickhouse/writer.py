"""Writing off the hot path: a thread that turns what was handed over into columns and inserts them in large batches.

ClickHouse wants few and large inserts: each makes a part, and parts must be merged. So rows wait until there are
enough of them, or until the oldest has waited long enough, or until somebody flushes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from sinks.errors import SinkError, TerminalSinkError

T = TypeVar("T")


@dataclass(frozen=True)
class Batching:
    """When waiting rows are inserted, and how many may wait."""

    target_rows: int = 100_000
    target_bytes: int = 32 * 2**20
    flush_after_s: float = 1.0
    waiting_batches: int = 4
    """More full batches than this make ``write`` wait: the memory bound, beside the one being inserted."""


DEFAULT_BATCHING: Final = Batching()


class _Waiting(NamedTuple, Generic[T]):
    item: T
    rows: int
    size: int


class Writer(Generic[T]):
    """Hands items to ``insert`` in batches, in order, from one thread of its own.

    ``insert`` must return only when the items are durable. Its first exception is latched: the thread ends, what
    waits is dropped, and every later ``write`` and ``flush`` raises it. Nothing here survives a crash: an item is safe
    once a ``flush`` after its ``write`` has returned. Safe from any thread.
    """

    def __init__(
        self,
        name: str,
        insert: Callable[[Sequence[T]], None],
        *,
        batching: Batching = DEFAULT_BATCHING,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._insert = insert
        self._batching = batching
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting[T]] = deque()
        self._rows = 0
        self._bytes = 0
        self._oldest_s = 0.0
        self._written = 0
        self._durable = 0
        self._wanted = 0
        self._error: SinkError | None = None
        self._closed = False
        # A daemon: a dataflow that fails must be able to end while an insert waits for a dead server.
        self._thread = threading.Thread(target=self._run, name=f"writer-{name}", daemon=True)
        self._thread.start()

    def write(self, item: T, *, rows: int, size: int) -> None:
        """Take one item of so many rows and about so many bytes. Waits while too much waits already.

        Raises the latched `SinkError`.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or not self._is_full())
            self._raise_latched()
            if not self._waiting:
                self._oldest_s = self._monotonic()
            self._waiting.append(_Waiting(item, rows, size))
            self._rows += rows
            self._bytes += size
            self._written += 1
            self._changed.notify_all()

    def flush(self) -> None:
        """Returns when everything written before this call is durable. Raises the latched `SinkError`."""
        with self._changed:
            target = self._written
            self._wanted = max(self._wanted, target)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._error is not None or self._durable >= target)
            self._raise_latched()

    def close(self) -> None:
        """End the thread when it has finished the batch it is at; what still waits is dropped, not written."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _raise_latched(self) -> None:
        if self._error is not None:
            raise self._error

    def _is_full(self) -> bool:
        limit = self._batching
        return (
            self._rows >= limit.waiting_batches * limit.target_rows
            or self._bytes >= limit.waiting_batches * limit.target_bytes
        )

    def _is_due(self) -> bool:
        if not self._waiting:
            return False
        limit = self._batching
        return (
            self._rows >= limit.target_rows
            or self._bytes >= limit.target_bytes
            or self._wanted > self._durable
            or self._monotonic() - self._oldest_s >= limit.flush_after_s
        )

    def _run(self) -> None:
        while batch := self._take():
            try:
                self._insert([waiting.item for waiting in batch])
            except BaseException as error:
                self._latch(error)
                return
            with self._changed:
                self._durable += len(batch)
                self._changed.notify_all()

    def _take(self) -> list[_Waiting[T]]:
        """The next batch, when it is due; empty when closed."""
        with self._changed:
            while not self._closed and not self._is_due():
                left_s = self._oldest_s + self._batching.flush_after_s - self._monotonic()
                self._changed.wait(max(left_s, 0.0) if self._waiting else None)
            batch: list[_Waiting[T]] = []
            rows = size = 0
            while self._waiting and not self._closed:
                batch.append(self._waiting.popleft())
                rows += batch[-1].rows
                size += batch[-1].size
                if rows >= self._batching.target_rows or size >= self._batching.target_bytes:
                    break
            self._rows -= rows
            self._bytes -= size
            self._oldest_s = self._monotonic()
            self._changed.notify_all()
            return batch

    def _latch(self, error: BaseException) -> None:
        if not isinstance(error, SinkError):
            # A fault of ours must stop the dataflow like any other: a thread that just died would be waited for.
            unexpected = TerminalSinkError(
                f"A writer of rows failed: {error!r}. This is a fault of the job: report it."
            )
            unexpected.__cause__ = error
            error = unexpected
        with self._changed:
            self._error = error
            self._waiting.clear()
            self._changed.notify_all()
