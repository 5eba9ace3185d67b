"""A free TCP port on the loopback interface for a server that a test may kill and start again."""

import os
import socket
from random import SystemRandom

LOOPBACK = "127.0.0.1"

# Below the range from which Linux takes the local ports of outgoing connections (32768-60999). A client that
# keeps calling a dead server whose port is inside that range can be given that very port, connect to itself
# (TCP simultaneous open), and so keep the server from ever coming back.
_FIRST, _LAST = 15_000, 32_000
# Hypothesis seeds the common one, alike in all processes.
_DRAW = SystemRandom()


def free_port() -> int:
    """Returns a port that nothing listens on now; nothing reserves it, so take it soon.

    Each process of pytest-xdist has a range of its own: the port of a server that one of them has killed, and will
    start again, is free for the others to find.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % processes
    share = (_LAST - _FIRST) // processes
    first = _FIRST + process * share
    for _ in range(200):
        port = _DRAW.randrange(first, first + share)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free loopback port found from {first} to {first + share} in 200 tries")
