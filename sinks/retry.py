"""Trying again: bounded exponential back-off with full jitter, and a deadline.

Full jitter (a uniform wait between nothing and the bound) spreads many clients that failed at the same moment better
than a jittered bound does: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from sinks import metrics
from sinks.errors import RetriesExhausted, TransientSinkError

T = TypeVar("T")


@dataclass(frozen=True)
class Retry:
    """How to try again. Holds no state of a call, so one may serve many threads.

    The bound of the wait after attempt ``n`` is ``first_s * 2**(n-1)``, at most ``longest_s``; no attempt begins
    later than ``deadline_s`` after the first. An attempt is not cut short from here: ``attempt_s`` is for the client's
    own timeout, and short enough to leave a stalled server time for a second attempt.
    """

    first_s: float = 0.1
    longest_s: float = 5.0
    deadline_s: float = 60.0
    attempt_s: int = 25
    rng: random.Random = field(default_factory=random.Random)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def call(self, what: str, attempt: Callable[[], T]) -> T:
        """What ``attempt()`` returns. ``what`` names it in messages: "insert 512 rows into events".

        Raises `RetriesExhausted` from the last `TransientSinkError`; every other exception passes at once.
        """
        begun = self.monotonic()
        attempts = 0
        while True:
            attempts += 1
            try:
                return attempt()
            except TransientSinkError as error:
                spent_s = self.monotonic() - begun
                bound_s = min(self.longest_s, self.first_s * 2 ** min(attempts - 1, 30))
                wait_s = self.rng.uniform(0.0, bound_s)
                if spent_s + wait_s > self.deadline_s:
                    raise RetriesExhausted(
                        f"Could not {what}: {attempts} attempts in {spent_s:.1f} s, the last one: {error} "
                        f"The deadline is {self.deadline_s:g} s; when the cause is gone, start the job again: "
                        "it resumes where it stopped."
                    ) from error
                metrics.RETRIES.labels(error=type(error).__name__).inc()
                self.sleep(wait_s)


DEFAULT_RETRY: Final = Retry()
