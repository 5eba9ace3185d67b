"""The questions an analyst would ask of the afternoon, as SQL that can be pasted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flows.demo.afternoon import MAX_DELAY, MAX_OUT_OF_ORDERNESS, Afternoon


@dataclass(frozen=True)
class Question:
    """A title, the SQL that answers it, and what to know when reading the answer."""

    title: str
    sql: str
    note: str = ""


def questions(topic: str, afternoon: Afternoon, origin_us: int) -> list[Question]:
    """All of them; ``origin_us`` is the wall's time at which the shop opened."""
    ours = f"evidence.topic[1] = '{topic}'"
    opened = f"toDateTime64('{_text(afternoon.opens_us)}', 3, 'UTC')"
    origin = f"toDateTime64('{_text(origin_us)}', 3, 'UTC')"
    speed = afternoon.speed
    return [
        Question(
            "Actions by trigger",
            f"""\
SELECT trigger, countIf(outcome = 'action') AS actions,
       uniqExactIf(recipient, outcome = 'action') AS recipients,
       countIf(outcome = 'suppressed') AS held_back,
       countIf(outcome = 'action' AND event_time >= {opened}) AS this_afternoon
FROM decisions WHERE {ours}
GROUP BY trigger ORDER BY actions DESC""",
        ),
        Question(
            "Abandonment by hour: visits with a cart, and how many of them it was left in",
            f"""\
WITH left AS (SELECT evidence.event_id[1] FROM decisions
              WHERE trigger = 'cart_abandonment' AND {ours})
SELECT toStartOfHour(event_time) AS hour, uniqExact(session_id) AS carts,
       uniqExactIf(session_id, event_id IN left) AS abandoned,
       round(100 * abandoned / carts, 1) AS percent
FROM events WHERE topic = '{topic}' AND type = 'cart_add'
  AND event_time >= {opened}
GROUP BY hour ORDER BY hour""",
        ),
        Question(
            f"From event or deadline to action: seconds in the shop, ms on the wall ({speed}×)",
            f"""\
WITH {origin} AS shop_opened,
     {speed} * dateDiff('ms', shop_opened, decided_at) AS decided,
     dateDiff('ms', {opened}, event_time) AS due
SELECT trigger, count() AS actions,
       round(quantileExact(0.5)(decided - due) / 1000, 1) AS p50_s,
       round(quantileExact(0.95)(decided - due) / 1000, 1) AS p95_s,
       round(max(decided - due) / 1000, 1) AS max_s,
       round(p50_s * 1000 / {speed}) AS p50_ms,
       round(p95_s * 1000 / {speed}) AS p95_ms,
       round(max_s * 1000 / {speed}) AS max_ms
FROM decisions WHERE outcome = 'action' AND due >= 0
  AND {ours}
GROUP BY trigger ORDER BY p50_s, trigger""",
            f"Who waits for the watermark waits for max_out_of_orderness ({MAX_OUT_OF_ORDERNESS} in the shop); "
            f"in the silence after closing for max_delay ({MAX_DELAY}). A late event adds its own way.",
        ),
        Question(
            "Dead letters by reason",
            f"""\
SELECT reason, count() AS messages, any(message) AS for_example
FROM dead_letters WHERE topic = '{topic}'
GROUP BY reason ORDER BY messages DESC, reason""",
        ),
    ]


def _text(time_us: int) -> str:
    return f"{datetime.fromtimestamp(time_us / 1e6, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
