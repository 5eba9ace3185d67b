-- Each product of each order, unless the next order with it by the same customer comes in less than 30 days.
WITH
    log AS
    (
        SELECT * FROM events
        WHERE NOT late AND type = 'purchase'
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    bought AS
    (
        SELECT *, arrayJoin(arrayDistinct(properties.products[].product_id.:String)) AS product
        FROM log
    ),
    followed AS
    (
        SELECT *, leadInFrame(toNullable(event_time)) OVER
        (
            PARTITION BY customer_id, product ORDER BY event_time, kafka_partition, offset, index
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS next
        FROM bought
        WHERE product IS NOT NULL
    )
SELECT
    event_time + INTERVAL 30 DAY AS fired_at,
    [customer_id, product] AS key,
    customer_id AS recipient,
    [event_id] AS evidence
FROM followed
WHERE (next IS NULL OR next >= fired_at) AND fired_at <= (SELECT max(event_time) FROM events)
ORDER BY fired_at, key
