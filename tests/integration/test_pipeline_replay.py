"""A replay of days at any speed: silent customers' timers fire by the event time of the others."""

import time
from collections.abc import Iterator
from typing import Final

import pytest

from tests.integration.live_site import Site
from tests.integration.live_topics import Sent, event, iso

pytestmark = pytest.mark.integration

MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS


def traffic(begin_ms: int, days: int) -> Iterator[Sent]:
    """Somebody views something on every partition every five minutes, for days."""
    for at_ms in range(begin_ms, begin_ms + days * DAY_MS, 5 * MINUTE_MS):
        for partition in range(4):
            yield event(f"{partition}-{at_ms}", "page_view", f"p{partition}", at_ms, partition=partition)


def test_customers_who_never_come_back_are_found_while_the_others_go_on(site: Site) -> None:
    """The only clock here is that of the events: silence has no say for an hour, and the input never ends."""
    site.abandonment()
    site.settings["CT_IDLE_AFTER"] = "1h"
    begin_ms = time.time_ns() // 1_000_000 // 1_000 * 1_000 - 30 * DAY_MS
    with site.flow() as flow:
        for day in range(0, 9, 3):
            silent = f"silent-{day}"
            added_ms = begin_ms + day * DAY_MS + 123
            site.produce([event(f"cart-{day}", "cart_add", silent, added_ms)])
            site.produce(traffic(begin_ms + day * DAY_MS, days=3))
            flow.wait_until(lambda: len(site.actions()) > day // 3, what=f"the action for {silent}")  # noqa: B023
            action = site.actions()[-1].json
            assert (action["key"], action["event_time"]) == (silent, z(added_ms + 30 * MINUTE_MS))
            (decided,) = site.rows(
                f"SELECT toUnixTimestamp64Milli(event_time) FROM decisions WHERE recipient = '{silent}'"
            ) or [(added_ms + 30 * MINUTE_MS,)]
            assert decided == (added_ms + 30 * MINUTE_MS,)
        assert flow.metrics().of("events_total", fate="late") == 0


def z(time_ms: int) -> str:
    return iso(time_ms).replace("+00:00", "Z")
