-- Failures that follow each other in less than 24 hours, no success between, are a row of them: every second one
-- counts, for the one before it is used up.
WITH
    log AS
    (
        SELECT * FROM events
        WHERE NOT late AND type IN ('payment_failed', 'payment_succeeded')
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    after AS
    (
        SELECT *,
            lagInFrame(type) OVER before AS type_before,
            lagInFrame(event_time) OVER before AS time_before,
            lagInFrame(event_id) OVER before AS id_before,
            type_before != 'payment_failed' OR event_time >= time_before + INTERVAL 24 HOUR AS is_first
        FROM log
        WINDOW before AS
        (
            PARTITION BY customer_id ORDER BY event_time, kafka_partition, offset, index
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )
    ),
    rows_of_them AS
    (
        SELECT *, sum(is_first) OVER
        (
            PARTITION BY customer_id ORDER BY event_time, kafka_partition, offset, index
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS row
        FROM after
        WHERE type = 'payment_failed'
    ),
    numbered AS
    (
        SELECT *, row_number() OVER
        (
            PARTITION BY customer_id, row ORDER BY event_time, kafka_partition, offset, index
        ) AS number
        FROM rows_of_them
    )
SELECT event_time AS fired_at, [customer_id] AS key, customer_id AS recipient, [id_before, event_id] AS evidence
FROM numbered
WHERE number % 2 = 0
ORDER BY fired_at, key
