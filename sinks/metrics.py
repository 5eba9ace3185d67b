"""What the sinks count. Bytewax serves these with its own under ``/metrics``."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ROWS_INSERTED: Final = Counter(
    "customer_triggers_rows_inserted", "Rows that ClickHouse has confirmed, by table.", ["table"]
)
ROWS_ALREADY_THERE: Final = Counter(
    "customer_triggers_rows_already_there",
    "Rows not inserted because the table held them: what a resume replays, by table.",
    ["table"],
)
ROWS_REWRITTEN: Final = Counter(
    "customer_triggers_rows_rewritten",
    "Rows whose JSON ClickHouse refused as it came and took after normalising, by table.",
    ["table"],
)
INSERT_SECONDS: Final = Histogram(
    "customer_triggers_insert_seconds",
    "Seconds one INSERT took, retries included, by table.",
    ["table"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
RETRIES: Final = Counter(
    "customer_triggers_sink_retries", "Attempts repeated after a transient failure, by its class.", ["error"]
)
MESSAGES_DELIVERED: Final = Counter(
    "customer_triggers_messages_delivered", "Messages that Kafka has confirmed, by topic.", ["topic"]
)
MESSAGES_FAILED: Final = Counter(
    "customer_triggers_messages_failed", "Messages that Kafka reported as not delivered, by topic.", ["topic"]
)
SPOOL_WAITING: Final = Gauge(
    "customer_triggers_spool_waiting_messages",
    "Messages with rows on the spool that ClickHouse has not confirmed; told by the process that drains it.",
)
SPOOL_WAITING_SINCE: Final = Gauge(
    "customer_triggers_spool_waiting_since_seconds",
    "Unix time at which the oldest rows that ClickHouse refuses just now were put on the spool; 0 while it takes them.",
)
SPOOL_LOST: Final = Counter(
    "customer_triggers_spool_lost_messages", "Messages that the spool's retention deleted before they were stored."
)
