"""Writing off the hot path: threads that turn what was handed over into columns and insert them in large batches.

ClickHouse wants few and large inserts: each makes a part, and parts must be merged. So rows wait until there are
enough of them, or until the oldest has waited long enough, or until somebody flushes. Then the flow stands still until
all of it is in the tables, so what is left is shared among the threads (docs/decisions/0015-inserts-side-by-side.md).
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
P = TypeVar("P")


@dataclass(frozen=True)
class Batching:
    """When waiting rows are inserted, and how many may wait."""

    target_rows: int = 100_000
    target_bytes: int = 32 * 2**20
    flush_after_s: float = 1.0
    waiting_batches: int = 4
    """More full batches than this make ``write`` wait: the memory bound, beside those being inserted."""
    shared_rows: int = 20_000
    """At a flush a thread takes at least so many: smaller parts cost more to merge than the flow waits for them."""


DEFAULT_BATCHING: Final = Batching()


class _Waiting(NamedTuple, Generic[T]):
    item: T
    rows: int
    size: int


class Writer(Generic[T, P]):
    """Hands items in batches to ``prepare``, and what that gives to ``insert``, on threads of its own.

    ``prepare`` is called for one batch at a time, in the order of the items; ``insert`` for as many at once as there
    are ``threads``, and must return only when the batch is durable. The first exception of either is latched: the
    threads end, what waits is dropped, and every later ``write`` and ``flush`` raises it. Nothing here survives a
    crash: an item is safe once a ``flush`` after its ``write`` has returned. Safe from any thread.
    """

    def __init__(
        self,
        name: str,
        prepare: Callable[[Sequence[T]], P],
        insert: Callable[[P], None],
        *,
        threads: int = 1,
        batching: Batching = DEFAULT_BATCHING,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prepare = prepare
        self._insert = insert
        self._batching = batching
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting[T]] = deque()
        self._rows = 0
        self._bytes = 0
        self._oldest_s = 0.0
        self._written = 0
        self._under_way: set[int] = set()
        """The numbers of the first item of each batch that is taken and not yet durable."""
        self._wanted = 0
        self._error: SinkError | None = None
        self._closed = False
        # Daemons: a dataflow that fails must be able to end while an insert waits for a dead server.
        self._threads = [
            threading.Thread(target=self._run, name=f"writer-{name}-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

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
            self._changed.wait_for(lambda: self._error is not None or self._durable() >= target)
            self._raise_latched()

    def close(self) -> None:
        """End the threads when they have finished the batches they are at; what still waits is dropped, not written."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _raise_latched(self) -> None:
        if self._error is not None:
            raise self._error

    def _taken(self) -> int:
        return self._written - len(self._waiting)

    def _durable(self) -> int:
        """How many items are, counted from the first: a later batch may be done while an earlier one is not."""
        return min(self._under_way, default=self._taken())

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
            or self._wanted > self._taken()
            or self._monotonic() - self._oldest_s >= limit.flush_after_s
        )

    def _run(self) -> None:
        try:
            while (first := self._prepared()) is not None:
                number, prepared = first
                self._insert(prepared)
                with self._changed:
                    self._under_way.remove(number)
                    self._changed.notify_all()
        except BaseException as error:
            self._latch(error)

    def _prepared(self) -> tuple[int, P] | None:
        """The next batch, when it is due, with the number of its first item; `None` when closed or failed."""
        with self._turn:
            number, batch = self._take()
            return (number, self._prepare([waiting.item for waiting in batch])) if batch else None

    def _take(self) -> tuple[int, list[_Waiting[T]]]:
        with self._changed:
            while not self._closed and self._error is None and not self._is_due():
                left_s = self._oldest_s + self._batching.flush_after_s - self._monotonic()
                self._changed.wait(max(left_s, 0.0) if self._waiting else None)
            number, most_rows = self._taken(), self._most_rows()
            batch: list[_Waiting[T]] = []
            rows = size = 0
            while self._waiting and not self._closed and self._error is None:
                batch.append(self._waiting.popleft())
                rows += batch[-1].rows
                size += batch[-1].size
                if rows >= most_rows or size >= self._batching.target_bytes:
                    break
            self._rows -= rows
            self._bytes -= size
            self._oldest_s = self._monotonic()
            if batch:
                self._under_way.add(number)
            self._changed.notify_all()
            return number, batch

    def _most_rows(self) -> int:
        """After how many rows a batch ends: at a flush, its share of what the idle threads have to do."""
        limit = self._batching
        if self._wanted <= self._taken():
            return limit.target_rows
        idle = len(self._threads) - len(self._under_way)
        return min(limit.target_rows, max(limit.shared_rows, -(-self._rows // idle)))

    def _latch(self, error: BaseException) -> None:
        if not isinstance(error, SinkError):
            # A fault of ours must stop the dataflow like any other: a thread that just died would be waited for.
            unexpected = TerminalSinkError(
                f"A writer of rows failed: {error!r}. This is a fault of the job: report it."
            )
            unexpected.__cause__ = error
            error = unexpected
        with self._changed:
            self._error = self._error or error
            self._waiting.clear()
            self._changed.notify_all()
