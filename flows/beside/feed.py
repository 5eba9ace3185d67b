"""What the reader process sends, as a Bytewax source with one partition a worker."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from bytewax.inputs import DynamicSource, StatelessSourcePartition

from flows.beside.packed import Fed, unpack
from flows.beside.reader import FAILED
from flows.cluster import WorkerDied

_WAIT_S: Final = 0.02
"""How long a worker waits for the reader before it looks after what else there is to do."""


@dataclass(frozen=True)
class FeedSource(DynamicSource[Fed]):
    """By worker, where it reads from. It keeps nothing for a resume."""

    feeds: tuple[Connection, ...]

    def build(self, step_id: str, worker_index: int, worker_count: int) -> FeedPartition:
        """What is for this worker; the number of workers is that of the feeds."""
        return FeedPartition(self.feeds[worker_index])


class FeedPartition(StatelessSourcePartition[Fed]):
    """One worker's."""

    def __init__(self, feed: Connection) -> None:
        self._feed = feed
        self._ended = False

    def next_batch(self) -> list[Fed]:
        """What has come; after what is final, StopIteration. Raises what the reader raised, or ``WorkerDied``."""
        if self._ended:
            raise StopIteration
        if not self._feed.poll(_WAIT_S):
            return []
        try:
            message = self._feed.recv_bytes()
        except EOFError:
            raise WorkerDied("the process that reads the file ended before the file did") from None
        if message[:1] == FAILED:
            raise pickle.loads(message[1:])
        fed = unpack(memoryview(message)[1:])
        self._ended = fed.final
        return [fed]
