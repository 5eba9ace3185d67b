"""Who wins where triggers want the same recipient at one time: ``priority`` within ``arbitration``.

An action yields to one of higher priority whose match lies no further from its own than its ``arbitration``: before
or after, for which it waits. Of equal priority none yields.
"""

from __future__ import annotations

from collections.abc import Sequence

from operators.program import Program


class Contest:
    """Matches of which something was sent or deferred, by recipient, as long as another may have to yield to them."""

    def __init__(self, programs: Sequence[Program]) -> None:
        # What is decided on arrival takes no part: it cannot wait, and was sent when the others are decided.
        waiting = [program for program in programs if not program.policy.decides_on_arrival]
        self.is_possible = len({program.priority for program in waiting}) > 1
        self._longest_us = max((program.policy.arbitration_us for program in waiting), default=0)
        self.sent: dict[str, list[tuple[int, int]]] = {}
        """(time, priority)."""
        self.count = 0

    def add(self, recipient: str, time_us: int, priority: int) -> None:
        """Something of this match goes out."""
        if not self.is_possible:
            return
        known = self.sent.setdefault(recipient, [])
        if (time_us, priority) not in known:
            known.append((time_us, priority))
            self.count += 1

    def has_better(self, recipient: str, time_us: int, priority: int, within_us: int) -> bool:
        """Whether something better went out close enough."""
        sent = self.sent.get(recipient, ())
        return any(other > priority and abs(at_us - time_us) <= within_us for at_us, other in sent)

    def forget(self, watermark_us: int) -> None:
        """Lets go of what nobody can have to yield to any more: what will be decided has been no longer ago."""
        until_us = watermark_us - 2 * self._longest_us
        for recipient, sent in list(self.sent.items()):
            kept = [each for each in sent if each[0] >= until_us]
            self.count -= len(sent) - len(kept)
            if kept:
                self.sent[recipient] = kept
            else:
                del self.sent[recipient]
