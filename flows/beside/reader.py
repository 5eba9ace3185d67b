"""The process that reads for the workers, started before they are."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Final, Protocol, Self

from flows.beside.packed import Fed, pack
from flows.cluster import WorkerDied
from flows.collector import keep_freed_memory, relax_collector
from flows.file_source import FileSource
from operators.anonymous.values import IdentityBatch
from operators.keys import worker_of
from operators.records import Chunk
from operators.route import Parted
from operators.shares import by_worker

_PIPE_BYTES: Final = 1024 * 1024
"""What Linux allows everybody."""
PARTED: Final = b"p"
FAILED: Final = b"f"
"""What the first byte of a message says; the rest is what was packed, or a pickled exception."""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Reads(Protocol):
    """What is read, and how it is routed. Goes to the reader process as it is, where that is not forked."""

    def source(self) -> FileSource:
        """The file."""

    def router(self) -> Callable[[Chunk], Parted]:
        """What a chunk has for each key group. Raises ``ConfigError``."""


class Reader:
    """A context manager: reads a file once, and gives each of ``workers`` what is for its key groups.

    It reads no further ahead than a pipe holds. When the workers leave, it ends. Where ``alone`` says that nothing else
    runs in this process, it is forked, which saves a second start of the interpreter. A process with threads must not
    be: what they held is held for ever in the copy, and clients with native threads die when they are collected there.
    """

    def __init__(self, reads: Reads, workers: int, *, alone: bool = False) -> None:
        # Elsewhere than on Linux even a process without threads is not safely forked.
        context = get_context("fork" if alone and sys.platform == "linux" else "spawn")
        pipes = [context.Pipe(duplex=False) for _ in range(workers)]
        for _, mouth in pipes:
            _widen(mouth)
        self.feeds = tuple(feed for feed, _ in pipes)
        """By worker, what it reads from."""
        self._mouths = tuple(mouth for _, mouth in pipes)
        self._process = context.Process(  # type: ignore[attr-defined]
            target=_read, args=(reads, self._mouths, self.feeds), name="reader", daemon=True
        )

    @property
    def process_id(self) -> int | None:
        """Of the process; None before it is started."""
        found: int | None = self._process.pid
        return found

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


def _widen(mouth: Connection) -> None:
    """Lets a pipe hold several chunks, so that neither side waits for the other at each of them."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # beyond what the system allows
            fcntl.fcntl(mouth.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _read(reads: Reads, mouths: tuple[Connection, ...], feeds: tuple[Connection, ...]) -> None:
    """In the reader process."""
    relax_collector()
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the workers; when they leave, so does this
    for feed in feeds:
        feed.close()
    try:
        try:
            _feed(reads, mouths)
        except BrokenPipeError:
            raise
        except OSError as error:  # what concerns the file concerns the caller
            _fail(mouths, error)
        except Exception as error:
            traceback.print_exc()
            _fail(mouths, WorkerDied(f"the process that reads the file failed: {error!r}"))
    except BrokenPipeError:
        return


def _fail(mouths: tuple[Connection, ...], error: Exception) -> None:
    for mouth in mouths:
        mouth.send_bytes(FAILED + pickle.dumps(error))


def _feed(reads: Reads, mouths: tuple[Connection, ...]) -> None:
    route = reads.router()
    workers = len(mouths)

    @cache
    def owner(name: str) -> int:
        return worker_of(name, workers)

    for chunk in _chunks(reads.source()):
        shares, identity = route(chunk)
        apart: list[list[tuple[str, IdentityBatch]]] = [[] for _ in mouths]
        for name, batch in identity:
            apart[owner(name)].append((name, batch))
        events, dead = len(chunk.records), len(chunk.dead)
        for mouth, direct, ours in zip(mouths, by_worker(shares, owner, workers), apart, strict=True):
            mouth.send_bytes(PARTED + pack(Fed(Parted(direct, ours), events, dead, chunk.final)))
            events = dead = 0  # told to one of them


def _chunks(source: FileSource) -> Iterator[Chunk]:
    partition = source.build_part("", source.path.name, None)
    final = False
    while not final:
        for chunk in partition.next_batch():
            yield chunk
            final = chunk.final
