"""The process that reads for the workers, started before they are."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Final, Protocol, Self

from flows.beside.packed import Fed, pack
from flows.file_source import FileSource
from operators.keys import worker_of
from operators.records import Chunk
from operators.route import Parted

PARTED: Final = b"p"
FAILED: Final = b"f"
"""What the first byte of a message says; the rest is what was packed, or a pickled exception."""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Reads(Protocol):
    """What is read, and how it is routed. Goes to the reader process as it is, where the system cannot fork one."""

    def source(self) -> FileSource:
        """The file."""

    def router(self) -> Callable[[Chunk], Parted]:
        """What a chunk has for each key group. Raises ``ConfigError``."""


class Reader:
    """A context manager: reads a file once, and gives each of ``workers`` what is for its key groups.

    It reads no further ahead than a pipe holds. When the workers leave, it ends.
    """

    def __init__(self, reads: Reads, workers: int) -> None:
        # Forked it needs no second start of the interpreter; elsewhere than on Linux that is not safe.
        context = get_context("fork" if sys.platform == "linux" else "spawn")
        pipes = [context.Pipe(duplex=False) for _ in range(workers)]
        self.feeds = tuple(feed for feed, _ in pipes)
        """By worker, what it reads from."""
        self._mouths = tuple(mouth for _, mouth in pipes)
        self._process = context.Process(  # type: ignore[attr-defined]
            target=_read, args=(reads, self._mouths, self.feeds), name="reader", daemon=True
        )

    @property
    def process_id(self) -> int | None:
        """Of the process; None before it is started."""
        return self._process.pid

    def __enter__(self) -> Self:
        self._process.start()
        for mouth in self._mouths:
            mouth.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for feed in self.feeds:
            feed.close()
        self._process.terminate()
        self._process.join()


def _read(reads: Reads, mouths: tuple[Connection, ...], feeds: tuple[Connection, ...]) -> None:
    """In the reader process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the workers; when they leave, so does this
    for feed in feeds:
        feed.close()
    try:
        try:
            _feed(reads, mouths)
        except BrokenPipeError:
            raise
        except Exception as error:
            for mouth in mouths:
                mouth.send_bytes(FAILED + pickle.dumps(error))
    except BrokenPipeError:
        return


def _feed(reads: Reads, mouths: tuple[Connection, ...]) -> None:
    route = reads.router()
    workers = len(mouths)
    owner: dict[str, int] = {}
    for chunk in _chunks(reads.source()):
        parted = route(chunk)
        shares = [Fed(Parted([], []), 0, 0, chunk.final) for _ in mouths]
        shares[0] = Fed(Parted([], []), len(chunk.records), len(chunk.dead), chunk.final)
        for ours, all_of_it in ((0, parted.direct), (1, parted.identity)):
            for name, batch in all_of_it:
                if name not in owner:
                    owner[name] = worker_of(name, workers)
                shares[owner[name]].parted[ours].append((name, batch))  # type: ignore[arg-type]
        for mouth, share in zip(mouths, shares, strict=True):
            mouth.send_bytes(PARTED + pack(share))


def _chunks(source: FileSource) -> Iterator[Chunk]:
    partition = source.build_part("", source.path.name, None)
    final = False
    while not final:
        for chunk in partition.next_batch():
            yield chunk
            final = chunk.final
