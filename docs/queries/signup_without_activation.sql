-- No activation for 3 days; while one sign-up waits for it others are passed over (on_repeat: ignore).
WITH
    log AS
    (
        SELECT *, (event_time, kafka_partition, offset, index) AS moment
        FROM events
        WHERE NOT late AND type IN ('signup', 'activation')
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    followed AS
    (
        SELECT *,
            event_time + INTERVAL 3 DAY AS due,
            minIf(moment, type = 'activation') OVER
            (
                PARTITION BY customer_id ORDER BY moment ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
            ) AS activated,
            activated.1 >= event_time AND activated.1 < due AS is_activated,
            if(is_activated, activated, (due, toUInt32(0), toInt64(-1), toUInt16(0))) AS closed
        FROM log
    ),
    waiting AS
    (
        SELECT customer_id, arraySort(groupArray((moment, closed, is_activated, due, event_id))) AS all,
            arrayFold(
                (chosen, each) -> if(each.1 < chosen[-1].2, chosen, arrayPushBack(chosen, each)),
                all, arrayFilter(each -> 0, all)
            ) AS chosen
        FROM followed
        WHERE type = 'signup'
        GROUP BY customer_id
    )
SELECT one.4 AS fired_at, [customer_id] AS key, customer_id AS recipient, [one.5] AS evidence
FROM waiting
ARRAY JOIN chosen AS one
WHERE NOT one.3 AND fired_at <= (SELECT max(event_time) FROM events)
ORDER BY fired_at, key
