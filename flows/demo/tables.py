"""The questions an analyst would ask of the afternoon, as SQL that can be pasted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flows.demo.afternoon import Afternoon


@dataclass(frozen=True)
class Question:
    """A title, and the SQL that answers it."""

    title: str
    sql: str


def questions(topic: str, afternoon: Afternoon, origin_us: int) -> list[Question]:
    """All of them; ``origin_us`` is the wall's time at which the shop opened."""
    ours = f"evidence.topic[1] = '{topic}'"
    opened = f"'{_text(afternoon.opens_us)}'"
    return [
        Question(
            "Actions by trigger",
            f"""\
SELECT trigger, countIf(outcome = 'action') AS actions, uniqExactIf(recipient, outcome = 'action') AS recipients,
       countIf(outcome = 'suppressed') AS held_back, countIf(event_time >= {opened}) AS this_afternoon
FROM decisions WHERE {ours} GROUP BY trigger ORDER BY actions DESC""",
        ),
        Question(
            "Abandonment by hour: visits with something in the cart, and how many of them were left",
            f"""\
SELECT toStartOfHour(event_time) AS hour, uniqExact(session_id) AS carts,
       uniqExactIf(session_id, event_id IN (
           SELECT evidence.event_id[1] FROM decisions WHERE trigger = 'cart_abandonment' AND {ours})) AS abandoned,
       round(100 * abandoned / carts, 1) AS percent
FROM events WHERE topic = '{topic}' AND type = 'cart_add' AND event_time >= {opened} GROUP BY hour ORDER BY hour""",
        ),
        Question(
            f"From event (or deadline) to action: seconds of the shop, milliseconds of the wall ({afternoon.speed}×)",
            f"""\
SELECT trigger, count() AS actions, round(quantileExact(0.5)(shop_s), 1) AS p50_s,
       round(quantileExact(0.95)(shop_s), 1) AS p95_s, round(max(shop_s), 1) AS max_s,
       round(p50_s * 1000 / {afternoon.speed}) AS p50_ms, round(p95_s * 1000 / {afternoon.speed}) AS p95_ms,
       round(max_s * 1000 / {afternoon.speed}) AS max_ms
FROM (SELECT trigger, ({afternoon.speed} * dateDiff('ms', toDateTime64('{_text(origin_us)}', 3, 'UTC'), decided_at)
                       - dateDiff('ms', toDateTime64({opened}, 3, 'UTC'), event_time)) / 1000 AS shop_s
      FROM decisions WHERE outcome = 'action' AND event_time >= {opened} AND {ours})
GROUP BY trigger ORDER BY p50_s""",
        ),
        Question(
            "Dead letters by reason",
            f"""\
SELECT reason, count() AS messages, any(message) AS for_example
FROM dead_letters WHERE topic = '{topic}' GROUP BY reason ORDER BY messages DESC, reason""",
        ),
    ]


def _text(time_us: int) -> str:
    return f"{datetime.fromtimestamp(time_us / 1e6, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
