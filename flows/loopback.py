"""Ports on the loopback interface for processes of this machine that talk to each other."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from random import SystemRandom
from typing import Final

_HOST: Final = "127.0.0.1"
# Below the range from which Linux takes the local ports of outgoing connections (32768-60999): a process that keeps
# calling a peer not yet listening could be given that very port, and connect to itself.
_PORTS: Final = range(15_000, 32_000)
_TRIES: Final = 1_000
# Whoever seeds the common one would have all of his processes draw the same ports.
_DRAW: Final = SystemRandom()


def free_addresses(count: int) -> list[str]:
    """Addresses that were free a moment ago, all different. Raises ``OSError`` where none are found."""
    found: list[str] = []
    with ExitStack() as held:
        for _ in range(_TRIES):
            if len(found) == count:
                return found
            port = _DRAW.choice(_PORTS)
            probe = held.enter_context(socket.socket())
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
            found.append(f"{_HOST}:{port}")
    raise OSError(f"no {count} free ports found on {_HOST} from {_PORTS.start} to {_PORTS.stop}")
