-- Two days before the end that the newest sign-up or extension names; one that names none, and a subscription, end it.
WITH
    log AS
    (
        SELECT * FROM events
        WHERE NOT late AND type IN ('signup', 'trial_extended', 'subscribed')
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    followed AS
    (
        SELECT *,
            leadInFrame(toNullable(event_time)) OVER
            (
                PARTITION BY customer_id ORDER BY event_time, kafka_partition, offset, index
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS next,
            ifNull(
                fromUnixTimestamp64Milli(properties.trial_ends_at.:Int64, 'UTC'),
                parseDateTime64BestEffortOrNull(properties.trial_ends_at.:String, 3, 'UTC')
            ) - INTERVAL 2 DAY AS due
        FROM log
    )
SELECT
    assumeNotNull(greatest(due, event_time)) AS fired_at,
    [customer_id] AS key,
    customer_id AS recipient,
    [event_id] AS evidence
FROM followed
WHERE type != 'subscribed' AND due IS NOT NULL AND (due <= event_time OR next IS NULL OR next >= due)
    AND due >= event_time - INTERVAL 24 HOUR -- max_age
    AND fired_at <= (SELECT max(event_time) FROM events)
ORDER BY fired_at, key
