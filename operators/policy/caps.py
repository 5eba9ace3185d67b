"""What was sent to each recipient, as long as a cap may still count it."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from config.language import Cap
from operators.policy.compiled import concerns
from operators.policy.local_time import period_start

_HOUR_US: Final = 3_600_000_000
# A calendar period, an hour of changed clocks, and the 26 hours by which a customer's timezone may move.
_CALENDAR_US: Final = {name: (days * 24 + 27) * _HOUR_US for name, days in (("day", 1), ("week", 7), ("month", 31))}


class Sent(NamedTuple):
    """One action that was sent."""

    at_us: int
    channel: str
    tag: str | None
    action_id: str


class SentLog:
    """Sent actions by recipient, in order of time. ``caps`` are those of all triggers: what none counts is not kept."""

    def __init__(self, caps: Iterable[Cap]) -> None:
        self._caps = tuple(caps)
        self._longest_us = max((_longest_us(cap) for cap in self._caps), default=0)
        self.by_recipient: dict[str, list[Sent]] = {}
        self.count = 0

    def add(self, recipient: str, sent: Sent) -> None:
        """An action goes out. One that is known already counts once."""
        if not any(concerns(cap, sent.channel, sent.tag) for cap in self._caps):
            return
        known = self.by_recipient.setdefault(recipient, [])
        if any(each.action_id == sent.action_id for each in known):
            return
        # One that fires on arrival may be ahead of the others.
        insort(known, sent, key=_time)
        self.count += 1

    def is_full(self, recipient: str, cap: Cap, at_us: int, zone: Callable[[], ZoneInfo]) -> bool:
        """Whether a cap leaves no room at ``at_us``. A rolling span is (at - per, at], a period [its start, at]."""
        sent = self.by_recipient.get(recipient)
        if sent is None:
            return False
        if cap.calendar is not None:
            after_us = period_start(at_us, zone(), cap.calendar) - 1
        else:
            after_us = at_us - (cap.per_us or 0)
        inside = sent[bisect_right(sent, after_us, key=_time) : bisect_right(sent, at_us, key=_time)]
        return sum(concerns(cap, each.channel, each.tag) for each in inside) >= cap.max

    def forget(self, watermark_us: int) -> None:
        """Lets go of what no cap can count any more."""
        until_us = watermark_us - self._longest_us
        for recipient, sent in list(self.by_recipient.items()):
            place = bisect_right(sent, until_us, key=_time)
            self.count -= place
            if place == len(sent):
                del self.by_recipient[recipient]
            elif place:
                del sent[:place]


def every_cap(policies: Sequence[Iterable[Cap]]) -> tuple[Cap, ...]:
    """Each cap of these triggers once."""
    return tuple(dict.fromkeys(cap for caps in policies for cap in caps))


def _longest_us(cap: Cap) -> int:
    return cap.per_us if cap.per_us is not None else _CALENDAR_US[str(cap.calendar)]


def _time(sent: Sent) -> int:
    return sent.at_us
