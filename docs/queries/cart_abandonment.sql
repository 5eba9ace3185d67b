-- What ends the wait for a purchase is one, or another cart worth as much (on_repeat: restart): the next of either.
WITH
    log AS
    (
        SELECT * FROM events
        WHERE NOT late AND (type = 'purchase'
            OR type = 'cart_add' AND ifNull(properties.price.:Float64, properties.price.:Int64) >= 20)
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
SELECT
    event_time + INTERVAL 30 MINUTE AS fired_at,
    [customer_id] AS key,
    customer_id AS recipient,
    [event_id] AS evidence
FROM followed
WHERE type = 'cart_add' AND (next IS NULL OR next >= fired_at) AND fired_at <= (SELECT max(event_time) FROM events)
ORDER BY fired_at, key
