"""What the reader process sends, as a Bytewax source with one partition a worker."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Final

from bytewax.inputs import DynamicSource, StatelessSourcePartition

from flows.beside.packed import Fed, together, unpack
from flows.beside.reader import FAILED
from flows.cluster import WorkerDied
from flows.worker_thread import keep_thread_state
from operators.shares import has_copies_apart

_WAIT_S: Final = 0.02
"""How long the only worker waits for the reader at a time; one of several has what others send to look after."""
_TOGETHER: Final = 8
"""Chunks that become one where the worker is behind the reader: the fewer and larger its batches, the less it does
beside its work. The reader is fastest with chunks that stay in its cache."""
_LOOK_AGAIN: Final = timedelta(milliseconds=1)


@dataclass(frozen=True)
class FeedSource(DynamicSource[Fed]):
    """By worker, where it reads from. It keeps nothing for a resume."""

    feeds: tuple[Connection, ...]

    def build(self, step_id: str, worker_index: int, worker_count: int) -> FeedPartition:
        """What is for this worker; the number of workers is that of the feeds."""
        keep_thread_state()
        return FeedPartition(self.feeds[worker_index], _WAIT_S if worker_count == 1 else 0.0)


class FeedPartition(StatelessSourcePartition[Fed]):
    """One worker's."""

    def __init__(self, feed: Connection, wait_s: float) -> None:
        self._feed = feed
        self._wait_s = wait_s
        self._next_awake: datetime | None = None
        self._ended = False

    def next_batch(self) -> list[Fed]:
        """What has come, as of one chunk; after what is final, StopIteration.

        Raises what the reader raised, or ``WorkerDied``.
        """
        if self._ended:
            raise StopIteration
        if not self._feed.poll(self._wait_s):
            self._next_awake = datetime.now(UTC) + _LOOK_AGAIN
            return []
        self._next_awake = None
        several = [self._receive()]
        while len(several) < _TOGETHER and has_copies_apart(several[-1].parted.direct) and self._has_more():
            several.append(self._receive())
        return [together(several)]

    def _has_more(self) -> bool:
        return not self._ended and self._feed.poll()

    def _receive(self) -> Fed:
        try:
            message = self._feed.recv_bytes()
        except (EOFError, OSError):  # between two messages, or within one
            raise WorkerDied("the process that reads the file ended before the file did") from None
        if message[:1] == FAILED:
            raise pickle.loads(message[1:])
        fed = unpack(memoryview(message)[1:])
        self._ended = fed.final
        return fed

    def next_awake(self) -> datetime | None:
        """At once while the reader has something."""
        return self._next_awake
