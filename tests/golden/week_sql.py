"""The abandonment rule as SQL over the event log, asked of chDB: no state machine, no clock.

    python -m tests.golden.week_sql EVENTS ON_REPEAT

A process of its own, for the embedded engine serves one database a process. Prints one JSON row a match.
"""

from __future__ import annotations

import sys

import chdb

WITHIN_MS = 30 * 60_000
NEVER_MS = 2**62
"""Stands for the time of an event that does not come: a tuple cannot be NULL, and a minimum over nothing is 0."""

LOG = f"""
WITH
    log AS (
        SELECT event_id, type, customer_id AS customer, toInt64(rowNumberInAllBlocks()) AS arrival,
            toUnixTimestamp64Milli(parseDateTime64BestEffort(event_time, 3, 'UTC')) AS time_ms
        FROM file({{events}}, 'JSONEachRow', 'event_id String, type String, customer_id String, event_time String')
    ),
    once AS (SELECT * FROM log WHERE type IN ('cart_add', 'purchase') ORDER BY arrival LIMIT 1 BY event_id),
    followed AS (
        SELECT *,
            min(if(type = 'purchase', (time_ms, arrival), ({NEVER_MS}, 0))) OVER later AS sold,
            min(if(type = 'cart_add', time_ms, {NEVER_MS})) OVER later AS next_cart
        FROM once
        WINDOW later AS (
            PARTITION BY customer ORDER BY time_ms, arrival ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        )
    ),
    carts AS (
        SELECT customer, event_id, time_ms, arrival, time_ms + {WITHIN_MS} AS deadline_ms,
            if(sold.1 = 0, {NEVER_MS}, sold.1) AS sold_ms, sold.2 AS sold_arrival,
            if(next_cart = 0, {NEVER_MS}, next_cart) AS next_cart_ms
        FROM followed WHERE type = 'cart_add'
    )
"""

EACH = "SELECT deadline_ms, customer, event_id FROM carts WHERE sold_ms >= deadline_ms"
NEWEST = f"{EACH} AND next_cart_ms >= deadline_ms"
# While a match is open the others are passed over: a fold over each customer's carts in order, whose state is the
# place up to which they are (that of the purchase, or the deadline) and the matches so far.
OLDEST = """
SELECT match.1 AS deadline_ms, customer, match.2 AS event_id FROM (
    SELECT customer, arrayFold(
        (state, cart) -> multiIf(
            (cart.1, cart.2) <= state.1, state,
            cart.4 < cart.3, ((cart.4, cart.5), state.2),
            ((cart.3, toInt64(-1)), arrayPushBack(state.2, (cart.3, cart.6)))
        ),
        arraySort(groupArray((time_ms, arrival, deadline_ms, toInt64(sold_ms), sold_arrival, event_id))),
        ((toInt64(0), toInt64(-1)), CAST([], 'Array(Tuple(Int64, String))'))
    ).2 AS matches
    FROM carts GROUP BY customer
) ARRAY JOIN matches AS match
"""
MODES = {"overlap": EACH, "restart": NEWEST, "ignore": OLDEST}


def question(events: str, on_repeat: str) -> str:
    """The whole query; one thread, for the order of arrival is the order of lines."""
    return f"{LOG.format(events=repr(events))} {MODES[on_repeat]} SETTINGS max_threads = 1 FORMAT JSONEachRow"


if __name__ == "__main__":
    print(chdb.query(question(sys.argv[1], sys.argv[2])))
