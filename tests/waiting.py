"""Waiting for what another process or thread does: by looking again and again, never for ever."""

import time
from collections.abc import Callable

_POLL_S = 0.02


def wait_until(condition: Callable[[], object], *, what: str, within_s: float = 30.0) -> None:
    """Returns when the condition is true; a `TimeoutError` that says what was waited for, if it never is."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"not within {within_s} s: {what}")
        time.sleep(_POLL_S)
