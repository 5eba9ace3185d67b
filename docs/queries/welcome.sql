-- Every sign-up, late or not: a trigger of a single event fires on arrival.
SELECT event_time AS fired_at, [customer_id] AS key, customer_id AS recipient, [event_id] AS evidence
FROM
(
    SELECT * FROM events WHERE type = 'signup'
    ORDER BY kafka_partition, offset, index
    LIMIT 1 BY event_id
)
ORDER BY fired_at, key
