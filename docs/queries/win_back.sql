-- A stay is what a customer does without 30 days of silence in it; one with a purchase ends with a letter.
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
            next IS NULL OR next >= event_time + INTERVAL 30 DAY AS is_last
        FROM log
        WINDOW of_customer AS
        (
            PARTITION BY customer_id ORDER BY event_time, kafka_partition, offset, index
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    ),
    stays AS
    (
        SELECT *, sum(is_last) OVER
        (
            PARTITION BY customer_id ORDER BY event_time, kafka_partition, offset, index
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS stay
        FROM gaps
    )
SELECT
    max(event_time) + INTERVAL 30 DAY AS fired_at,
    [customer_id] AS key,
    customer_id AS recipient,
    [argMaxIf(event_id, moment, type = 'purchase')] AS evidence
FROM stays
GROUP BY customer_id, stay
HAVING countIf(type = 'purchase') > 0 AND fired_at <= (SELECT max(event_time) FROM events)
ORDER BY fired_at, key
