"""chDB: ClickHouse's engine inside this process. One engine per process, one process per path.

A second process on the same path would be answered by the engine with an unclear error, or with damage; so it is
refused before, by an ``flock`` on ``<path>.lock``. The kernel lets go of it when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import threading
from dataclasses import dataclass, field
from weakref import WeakSet

from clickhouse_connect import get_client
from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

from sinks.errors import EmbeddedInUse, EmbeddedMissing

IN_MEMORY = ":memory:"


@dataclass
class _Engine:
    path: str
    lock_fd: int | None
    clients: dict[str, Client] = field(default_factory=dict)
    beside: WeakSet[Client] = field(default_factory=WeakSet)


# The engine is the process's: chDB itself allows no second one. So it is held here, and nowhere else.
_guard = threading.RLock()
_engine: _Engine | None = None


def embedded_client(folder: str, database: str) -> Client:
    """The one client of this folder (or ``:memory:``) and database in this process; both are made if missing.

    Its calls are serialised by a lock of the driver. Raises `EmbeddedMissing`, `EmbeddedInUse`.
    """
    global _engine
    path = IN_MEMORY if folder.strip("/") == IN_MEMORY else os.path.realpath(folder)
    with _guard:
        if _engine is None:
            _engine = _Engine(path, _lock(path))
        if _engine.path != path:
            raise EmbeddedInUse(
                f"This process already holds an embedded ClickHouse at {_engine.path}, and chDB allows one path per "
                f"process: {path} needs a process of its own."
            )
        try:
            if database not in _engine.clients:
                _engine.clients[database] = _open(path, database)
            return _engine.clients[database]
        except BaseException:
            if not _engine.clients:
                release_embedded()
            raise


def embedded_client_beside(folder: str, database: str) -> Client:
    """One more client, the caller's to close, whose statements run while those of the others do.

    Raises as `embedded_client`.
    """
    with _guard:
        embedded_client(folder, database)
        assert _engine is not None
        client = _open(_engine.path, database)
        _engine.beside.add(client)
        return client


def release_embedded() -> None:
    """Close the engine of this process, if there is one, and let go of its path. Its clients are dead after."""
    global _engine
    with _guard:
        if _engine is None:
            return
        for client in (*_engine.beside, *_engine.clients.values()):
            client.close()
        if _engine.lock_fd is not None:
            os.close(_engine.lock_fd)
        _engine = None


def _open(path: str, database: str) -> Client:
    try:
        client = get_client(interface="chdb", path=path)
    except ImportError:
        raise EmbeddedMissing(
            "An embedded ClickHouse needs chDB, which is not installed: pip install customer-triggers[embedded]."
        ) from None
    client.command(f"CREATE DATABASE IF NOT EXISTS {quote_identifier(database)}")
    client.database = database
    return client


def _lock(path: str) -> int | None:
    """The descriptor of the lock file, held; in memory there is nothing to lock."""
    if path == IN_MEMORY:
        return None
    os.makedirs(os.path.dirname(path) or "/", exist_ok=True)
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise EmbeddedInUse(
            f"The embedded ClickHouse at {path} is in use by process {holder or 'unknown'}, and it serves one process "
            "at a time: stop that process, run both flows in one (flows.pipeline), or use a ClickHouse server."
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor
