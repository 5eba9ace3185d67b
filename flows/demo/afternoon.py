"""The shop's time: stands still before the shop opens, runs many times as fast as the wall, and stops at its end."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import orjson

from operators.clock import SystemClock, accelerated_clock, system_time_us

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US

OPENS_US: Final = 1_780_070_400 * SECOND_US
"""2026-05-29T16:00:00Z, a Friday. A fixed date: the same seed makes the same afternoon on any day."""
SPEED: Final = 240
"""One second of the wall is four minutes of the shop's time."""
DUSK_US: Final = 38 * MINUTE_US
"""After the last customer: long enough for the last cart of half an hour to be found abandoned in the silence."""

# In the shop's time, and so 240 times as long as it looks: 250 ms of the wall are a minute. Customers' own disorder
# is below 40 s (flows.shop_traffic); a message's way through producer, broker and consumer takes some tens of ms of the
# wall, in which all Kafka partitions are behind alike. So a minute is enough among events. Against the clock the whole
# way counts, with a busy machine's stalls: five minutes, 1.25 s of the wall.
MAX_OUT_OF_ORDERNESS: Final = "60s"
MAX_DELAY: Final = "5m"
MAX_DELAY_US: Final = 5 * MINUTE_US
IDLE_AFTER: Final = "60s"


@dataclass(frozen=True)
class Afternoon:
    """When the shop opens and closes, and when its time stops; µs of the shop's time."""

    opens_us: int
    closes_us: int
    ends_us: int
    speed: int = SPEED

    @classmethod
    def lasting(cls, seconds: float) -> Self:
        """One that takes so many seconds of the wall."""
        ends_us = OPENS_US + int(seconds * SPEED * SECOND_US)
        return cls(OPENS_US, ends_us - DUSK_US, ends_us)

    def as_line(self) -> bytes:
        """As the flow's process is told of it."""
        return orjson.dumps(asdict(self)) + b"\n"

    @classmethod
    def from_line(cls, line: str) -> Self:
        """The afternoon that ``as_line`` wrote."""
        read: dict[str, Any] = orjson.loads(line)
        return cls(**read)


class ShopClock:
    """The shop's time, in microseconds. ``open`` may be called in any thread, and in several processes alike."""

    def __init__(self, afternoon: Afternoon) -> None:
        self._afternoon = afternoon
        self._running: SystemClock = lambda: afternoon.opens_us

    def open(self, origin_us: int) -> None:
        """Time has run since ``origin_us`` of the wall."""
        passed_us = (system_time_us() - origin_us) * self._afternoon.speed
        self._running = accelerated_clock(self._afternoon.opens_us + passed_us, self._afternoon.speed)

    def __call__(self) -> int:
        return min(self._running(), self._afternoon.ends_us)

    @property
    def has_ended(self) -> bool:
        """Whether time has stopped for good."""
        return self() >= self._afternoon.ends_us
