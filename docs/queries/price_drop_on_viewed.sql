-- The first price under nine tenths of the one viewed, in less than 30 days, before the customer views the product
-- again or buys it.
WITH
    log AS
    (
        SELECT *, (event_time, kafka_partition, offset, index) AS moment,
            properties.product_id.:String AS product,
            ifNull(properties.price.:Float64, properties.price.:Int64) AS price
        FROM events
        WHERE NOT late AND type IN ('product_view', 'price_changed', 'purchase')
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    of_customers AS
    (
        SELECT * FROM log WHERE type = 'product_view' AND product IS NOT NULL
        UNION ALL
        SELECT * REPLACE (arrayJoin(arrayDistinct(properties.products[].product_id.:String)) AS product) FROM log
        WHERE type = 'purchase'
    ),
    viewed AS
    (
        SELECT *, leadInFrame(moment) OVER
        (
            PARTITION BY customer_id, product ORDER BY moment
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS next
        FROM of_customers
    )
SELECT
    min(drop.moment).1 AS fired_at,
    [any(viewed.product)] AS key,
    any(viewed.customer_id) AS recipient,
    [viewed.event_id, argMin(drop.event_id, drop.moment)] AS evidence
FROM viewed
INNER JOIN (SELECT * FROM log WHERE type = 'price_changed') AS drop ON viewed.product = drop.product
WHERE viewed.type = 'product_view' AND drop.moment > viewed.moment
    AND (viewed.next.1 = toDateTime64(0, 6, 'UTC') OR drop.moment < viewed.next)
    AND drop.event_time < viewed.event_time + INTERVAL 30 DAY AND drop.price < viewed.price * 0.9
GROUP BY viewed.event_id
ORDER BY fired_at, key, recipient
