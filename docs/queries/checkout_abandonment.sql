-- What ends the wait for a purchase is one, or another checkout (on_repeat: restart): the next event of either.
WITH
    log AS
    (
        SELECT * FROM events
        WHERE NOT late AND type IN ('checkout', 'purchase')
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    followed AS
    (
        SELECT *, leadInFrame(toNullable(event_time)) OVER
        (
            PARTITION BY customer_id ORDER BY event_time, kafka_partition, offset, index
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS next
        FROM log
    )
SELECT event_time + INTERVAL 1 HOUR AS fired_at, [customer_id] AS key, customer_id AS recipient, [event_id] AS evidence
FROM followed
WHERE type = 'checkout' AND (next IS NULL OR next >= fired_at) AND fired_at <= (SELECT max(event_time) FROM events)
ORDER BY fired_at, key
