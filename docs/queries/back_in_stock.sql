-- Wanted, sold out in less than 30 days, back in less than 30 more, not bought before; who looks again meanwhile is
-- waiting already (on_repeat: ignore).
WITH
    log AS
    (
        SELECT *, (event_time, kafka_partition, offset, index) AS moment,
            properties.product_id.:String AS product,
            properties.quantity.:Int64 AS quantity
        FROM events
        WHERE NOT late AND type IN ('product_view', 'wishlist_add', 'stock_changed', 'purchase')
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    of_customers AS
    (
        SELECT * FROM log WHERE type IN ('product_view', 'wishlist_add') AND product IS NOT NULL
        UNION ALL
        SELECT * REPLACE (arrayJoin(arrayDistinct(properties.products[].product_id.:String)) AS product) FROM log
        WHERE type = 'purchase'
    ),
    wanted AS
    (
        SELECT *, minIf(moment, type = 'purchase') OVER
        (
            PARTITION BY customer_id, product ORDER BY moment ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS bought
        FROM of_customers
    ),
    sold_out AS
    (
        SELECT wanted.event_id AS wanted_id, any(wanted.customer_id) AS customer_id, any(wanted.product) AS product,
            any(wanted.moment) AS moment, any(wanted.bought) AS bought,
            minIf(
                (stock.moment, stock.event_id),
                stock.moment > wanted.moment AND stock.event_time < wanted.event_time + INTERVAL 30 DAY
            ) AS out
        FROM (SELECT * FROM wanted WHERE type != 'purchase') AS wanted
        LEFT JOIN (SELECT * FROM log WHERE type = 'stock_changed' AND quantity = 0) AS stock
            ON wanted.product = stock.product
        GROUP BY wanted.event_id
    ),
    back AS
    (
        SELECT sold_out.wanted_id AS wanted_id, any(sold_out.customer_id) AS customer_id,
            any(sold_out.product) AS product, any(sold_out.moment) AS moment,
            any(sold_out.bought) AS bought, any(sold_out.out) AS out,
            minIf(
                (stock.moment, stock.event_id),
                stock.moment > sold_out.out.1 AND stock.event_time < sold_out.out.1.1 + INTERVAL 30 DAY
            ) AS back,
            out.2 != '' AND back.2 != '' AS is_back,
            multiIf(
                is_back, back.1,
                out.2 != '', (out.1.1 + INTERVAL 30 DAY, toUInt32(0), toInt64(-1), toUInt16(0)),
                (moment.1 + INTERVAL 30 DAY, toUInt32(0), toInt64(-1), toUInt16(0))
            ) AS ended,
            bought.1 >= moment.1 AND bought < ended AS is_bought
        FROM sold_out
        LEFT JOIN (SELECT * FROM log WHERE type = 'stock_changed' AND quantity > 0) AS stock
            ON sold_out.product = stock.product
        GROUP BY sold_out.wanted_id
    ),
    waiting AS
    (
        SELECT customer_id, product,
            arraySort(groupArray((
                moment, if(is_bought, bought, ended), is_back AND NOT is_bought, [wanted_id, out.2, back.2], back.1.1
            ))) AS all,
            arrayFold(
                (chosen, each) -> if(each.1 < chosen[-1].2, chosen, arrayPushBack(chosen, each)),
                all, arrayFilter(each -> 0, all)
            ) AS chosen
        FROM back
        GROUP BY customer_id, product
    )
SELECT one.5 AS fired_at, [product] AS key, customer_id AS recipient, one.4 AS evidence
FROM waiting
ARRAY JOIN chosen AS one
WHERE one.3
ORDER BY fired_at, key, recipient
