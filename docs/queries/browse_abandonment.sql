-- Three views of a product in less than 24 hours wait 2 hours for a cart or a purchase with it. A further view begins
-- the wait anew, with the newest three; what ended without a letter, or made one, is used up.
WITH
    log AS
    (
        SELECT *, (event_time, kafka_partition, offset, index) AS moment, properties.product_id.:String AS product
        FROM events
        WHERE NOT late AND type IN ('product_view', 'cart_add', 'purchase')
        ORDER BY kafka_partition, offset, index
        LIMIT 1 BY event_id
    ),
    happened AS
    (
        SELECT customer_id, product, moment, if(type = 'product_view', 'view', 'end') AS what, event_id
        FROM log
        WHERE type != 'purchase' AND product IS NOT NULL
        UNION ALL
        SELECT customer_id, arrayJoin(arrayDistinct(properties.products[].product_id.:String)) AS product,
            moment, 'end', event_id
        FROM log
        WHERE type = 'purchase'
        UNION ALL
        -- When the wait is over that a view began: before anything else of that time.
        SELECT customer_id, product,
            (event_time + INTERVAL 2 HOUR, toUInt32(0), toInt64(-1), toUInt16(0)), 'due', event_id
        FROM log
        WHERE type = 'product_view' AND product IS NOT NULL
            AND event_time + INTERVAL 2 HOUR <= (SELECT max(event_time) FROM events)
    ),
    waits AS
    (
        SELECT customer_id, assumeNotNull(product) AS of, arraySort(groupArray((moment, what, event_id))) AS all,
            arrayFilter(each -> 0, all) AS none,
            -- The views that are not used up, those of them that wait, and those that made a letter.
            arrayFold(
                (state, each) -> multiIf(
                    each.2 = 'due',
                    if(
                        state.2[-1].3 = each.3,
                        (arrayFilter(one -> one.1 > state.2[-1].1, state.1), none, arrayPushBack(state.3, state.2)),
                        state
                    ),
                    each.2 = 'end',
                    (arrayFilter(one -> NOT has(state.2.3, one.3), state.1), none, state.3),
                    length(arrayFilter(one -> one.1.1 + INTERVAL 24 HOUR > each.1.1, state.1)) >= 2,
                    (
                        arraySlice(arrayPushBack(state.1, each), -3),
                        arraySlice(arrayPushBack(state.1, each), -3),
                        state.3
                    ),
                    (
                        arrayPushBack(arrayFilter(one -> one.1.1 + INTERVAL 24 HOUR > each.1.1, state.1), each),
                        state.2,
                        state.3
                    )
                ),
                all, (none, none, arrayFilter(each -> 0, [none]))
            ).3 AS letters
        FROM happened
        GROUP BY customer_id, product
    )
SELECT
    letter[-1].1.1 + INTERVAL 2 HOUR AS fired_at,
    [customer_id, of] AS key,
    customer_id AS recipient,
    letter.3 AS evidence
FROM waits
ARRAY JOIN letters AS letter
ORDER BY fired_at, key
