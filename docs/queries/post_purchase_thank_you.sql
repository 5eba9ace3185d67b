-- Two hours after an order, told once or more (per order, on_repeat: ignore), unless a refund comes that is not
-- certainly of another order.
WITH
    log AS
    (
        SELECT *, (event_time, kafka_partition, offset, index) AS moment,
            toString(properties.order_id) AS order_id, dynamicType(properties.order_id) AS order_id_type
        FROM events
        WHERE NOT late AND type IN ('purchase', 'refund')
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    orders AS
    (
        SELECT
            bought.event_id AS event_id,
            any(bought.customer_id) AS customer_id,
            any(bought.order_id) AS order_id,
            any(bought.moment) AS moment,
            any(bought.event_time) + INTERVAL 2 HOUR AS due,
            minIf(
                refund.moment,
                refund.moment > bought.moment AND refund.event_time < bought.event_time + INTERVAL 2 HOUR
                AND NOT (refund.order_id_type = bought.order_id_type AND refund.order_id != bought.order_id)
            ) AS refunded,
            refunded.1 >= moment.1 AS is_refunded,
            if(is_refunded, refunded, (due, toUInt32(0), toInt64(-1), toUInt16(0))) AS closed
        FROM (SELECT * FROM log WHERE type = 'purchase' AND order_id_type != 'None') AS bought
        LEFT JOIN (SELECT * FROM log WHERE type = 'refund') AS refund ON bought.customer_id = refund.customer_id
        GROUP BY bought.event_id
    ),
    waiting AS
    (
        SELECT customer_id, arraySort(groupArray((moment, closed, is_refunded, due, event_id))) AS all,
            arrayFold(
                (chosen, each) -> if(each.1 < chosen[-1].2, chosen, arrayPushBack(chosen, each)),
                all, arrayFilter(each -> 0, all)
            ) AS chosen
        FROM orders
        GROUP BY customer_id, order_id
    )
SELECT one.4 AS fired_at, [customer_id] AS key, customer_id AS recipient, [one.5] AS evidence
FROM waiting
ARRAY JOIN chosen AS one
WHERE NOT one.3 AND fired_at <= (SELECT max(event_time) FROM events)
ORDER BY fired_at, key
