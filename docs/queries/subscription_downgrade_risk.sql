-- The newest look at the plans and the newest sign of trouble, once they are less than 14 days apart; what made a match
-- is used up.
WITH
    log AS
    (
        SELECT *, (event_time, kafka_partition, offset, index) AS moment
        FROM events
        WHERE NOT late AND (type IN ('plans_viewed', 'payment_failed', 'account_removed_user')
            OR type = 'support_ticket_opened' AND properties.topic.:String IN ('billing', 'cancellation'))
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    windows AS
    (
        SELECT [customer_id] AS key, any(customer_id) AS recipient,
            arraySort(groupArray((moment, event_id, type = 'plans_viewed'))) AS all,
            arrayFold(
                (found, each) -> if(
                    length(found[-1]) = 2,
                    arrayPushBack(found, [each]),
                    arrayPushBack(
                        arrayPopBack(found),
                        arrayPushBack(
                            arrayFilter(one -> one.3 != each.3 AND one.1.1 + INTERVAL 14 DAY > each.1.1, found[-1]),
                            each
                        )
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
WHERE length(window) = 2
ORDER BY fired_at, key
