-- A session is what a customer does without 30 minutes of silence in it; one whose last cart_add no purchase follows
-- is told of.
WITH
    log AS
    (
        SELECT * FROM events
        WHERE NOT late AND customer_id != '' AND ifNull(context.kind.:String, '') != 'system'
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    gaps AS
    (
        SELECT *,
            (event_time, kafka_partition, offset, index) AS moment,
            leadInFrame(toNullable(event_time)) OVER of_customer AS next,
            next IS NULL OR next >= event_time + INTERVAL 30 MINUTE AS is_last
        FROM log
        WINDOW of_customer AS
        (
            PARTITION BY customer_id ORDER BY event_time, kafka_partition, offset, index
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    ),
    sessions AS
    (
        SELECT *, sum(is_last) OVER
        (
            PARTITION BY customer_id ORDER BY event_time, kafka_partition, offset, index
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS session
        FROM gaps
    )
SELECT
    max(event_time) + INTERVAL 30 MINUTE AS fired_at,
    [customer_id] AS key,
    customer_id AS recipient,
    [argMaxIf(event_id, moment, type = 'cart_add')] AS evidence
FROM sessions
GROUP BY customer_id, session
HAVING countIf(type = 'cart_add') > 0
    AND maxIf(moment, type = 'cart_add') > maxIf(moment, type = 'purchase')
    AND fired_at <= (SELECT max(event_time) FROM events)
ORDER BY fired_at, key
