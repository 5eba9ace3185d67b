-- Windows of clicks that slide until they hold five; what made a match is used up, and the next window begins empty.
WITH
    log AS
    (
        SELECT *, (event_time, kafka_partition, offset, index) AS moment
        FROM events
        WHERE NOT late AND type = 'click' AND properties.element.:String IS NOT NULL
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    windows AS
    (
        SELECT [customer_id, properties.element.:String] AS key, any(customer_id) AS recipient,
            arraySort(groupArray((moment, event_id, 0))) AS all,
            arrayFold(
                (found, each) -> if(
                    length(found[-1]) = 5,
                    arrayPushBack(found, [each]),
                    arrayPushBack(
                        arrayPopBack(found),
                        arrayPushBack(arrayFilter(one -> one.1.1 + INTERVAL 10 SECOND > each.1.1, found[-1]), each)
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
WHERE length(window) = 5
ORDER BY fired_at, key
