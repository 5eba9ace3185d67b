-- Windows of 30 days that slide until what was spent in them is 500; what made a match is used up.
WITH
    log AS
    (
        SELECT *, (event_time, kafka_partition, offset, index) AS moment,
            toFloat64(coalesce(properties.total.:Float64, properties.total.:Int64, 0)) AS total
        FROM events
        WHERE NOT late AND type = 'purchase'
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    windows AS
    (
        SELECT [customer_id] AS key, any(customer_id) AS recipient,
            arraySort(groupArray((moment, event_id, total))) AS all,
            arrayFold(
                (found, each) -> if(
                    arraySum(found[-1].3) >= 500,
                    arrayPushBack(found, [each]),
                    arrayPushBack(
                        arrayPopBack(found),
                        arrayPushBack(arrayFilter(one -> one.1.1 + INTERVAL 30 DAY > each.1.1, found[-1]), each)
                    )
                ),
                all, [arrayFilter(each -> 0, all)]
            ) AS found
        FROM log
        GROUP BY key
    )
SELECT window[-1].1.1 AS fired_at, key, recipient, window.2 AS evidence
FROM windows
ARRAY JOIN found AS window
WHERE arraySum(window.3) >= 500
ORDER BY fired_at, key
