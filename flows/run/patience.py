"""How long to wait before the next start, and when to give up."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Patience:
    """Waits ``first_s`` after the first failure, twice as long after each further one, at most ``longest_s``.

    What had run for ``healthy_s`` begins at ``first_s`` again. ``failures`` within ``window_s`` are the end.
    """

    first_s: float = 1.0
    longest_s: float = 60.0
    healthy_s: float = 60.0
    failures: int = 10
    window_s: float = 1_800.0
    _in_a_row: int = 0
    _failed_at_s: deque[float] = field(default_factory=deque)

    def after_failure(self, now_s: float, *, ran_s: float) -> float | None:
        """Seconds to wait after a failure at ``now_s`` (any clock that does not jump); None: no more."""
        while self._failed_at_s and now_s - self._failed_at_s[0] >= self.window_s:
            self._failed_at_s.popleft()
        self._failed_at_s.append(now_s)
        if len(self._failed_at_s) >= self.failures:
            return None
        self._in_a_row = 1 if ran_s >= self.healthy_s else self._in_a_row + 1
        return min(self.longest_s, self.first_s * 2.0 ** min(self._in_a_row - 1, 30))

    @property
    def recent(self) -> int:
        """Failures in the window, with the last."""
        return len(self._failed_at_s)
