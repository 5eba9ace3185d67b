"""Waiting for what another process or thread does: by looking again and again, never for ever."""

import time
from collections.abc import Callable

_POLL_S = 0.02
_LOOKS_AT_MOST = 1 / 3
"""Of the time: looking is often a query or reading a topic, and takes the cores from what is waited for."""


def wait_until(condition: Callable[[], object], *, what: str, within_s: float = 30.0) -> None:
    """Returns when the condition is true; a `TimeoutError` that says what was waited for, if it never is."""
    deadline_s = time.monotonic() + within_s
    while True:
        begun_s = time.monotonic()
        if condition():
            return
        now_s = time.monotonic()
        if now_s > deadline_s:
            raise TimeoutError(f"not within {within_s} s: {what}")
        time.sleep(max(_POLL_S, (now_s - begun_s) * (1 / _LOOKS_AT_MOST - 1)))
