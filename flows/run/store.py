"""The recovery store of a supervised flow: made where there is none, whole, and held by one supervisor at a time."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from pathlib import Path
from typing import Final

from bytewax.recovery import init_db_dir

_LOCK: Final = "supervisor.lock"
_DEFAULT_PARTITIONS: Final = 4
_POLL_S: Final = 0.1


class StoreRefused(Exception):
    """The store cannot be used as asked; the message says what to do."""


def prepare_store(folder: Path, partitions: int | None) -> int:
    """Makes the store of ``partitions`` (default 4) if the folder has none; gives how many it has.

    Raises ``StoreRefused`` where it has another number than asked for, or is not whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(folder.glob("*.sqlite3"))
    if not files:
        init_db_dir(folder, partitions or _DEFAULT_PARTITIONS)  # type: ignore[no-untyped-call]
        return partitions or _DEFAULT_PARTITIONS
    found = [part for file in files for part in _partitions_of(file)]
    counts = {count for _, count in found}
    if len(counts) != 1 or {index for index, _ in found} != set(range(max(counts))):
        raise StoreRefused(
            f"the recovery store {folder} is not whole: it holds partitions "
            f"{', '.join(f'{index} of {count}' for index, count in sorted(found)) or 'of no number'}. "
            "Put back what is missing, from one and the same backup, or start with an empty folder: "
            "then everything is read again from the earliest offset"
        )
    (count,) = counts
    if partitions not in (None, count):
        raise StoreRefused(
            f"the recovery store {folder} has {count} partitions, and {partitions} were asked for. Their number is "
            f"fixed when a store is made: ask for {count} or for none, or start with an empty folder: "
            "then everything is read again from the earliest offset"
        )
    return count


def hold_store(folder: Path, *, patience_s: float) -> int:
    """A descriptor that holds the store while this process, or any that inherits it, lives.

    So two supervisors never run on one store, nor does one beside what a killed one left behind, which has
    ``patience_s`` to end. Raises ``StoreRefused``.
    """
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    deadline_s = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline_s:
                holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
                os.close(descriptor)
                raise StoreRefused(
                    f"the recovery store {folder} is in use by the supervisor of process id {holder}, or by processes "
                    "it left behind: stop it, or give this flow a store of its own"
                ) from None
            time.sleep(_POLL_S)
        else:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            return descriptor


def _partitions_of(file: Path) -> list[tuple[int, int]]:
    """(index, of how many) of one file of the store. Raises ``StoreRefused``."""
    try:
        store = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            return [(index, count) for index, count in store.execute("SELECT part_index, part_count FROM parts")]
        finally:
            store.close()
    except sqlite3.DatabaseError as error:
        raise StoreRefused(f"{file} is not a partition of a recovery store: {error}") from None
