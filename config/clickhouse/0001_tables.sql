-- Every statement can be run again without harm: several processes of the job may start at once.
--
-- Where no value is known a String is '' and a time is 1970-01-01: a sorting key cannot be NULL, and each Nullable
-- column costs a file and a null map more. The window of the deduplication log lets an INSERT whose outcome is unknown
-- (the answer was lost) be repeated under its token without doubling a row. An INSERT is confirmed when it is on the disk:
-- the epoch that closes over it will not be read again.

-- The raw log: one row per decoded event, late ones and duplicates included. A row is identified by
-- (topic, kafka_partition, offset, index), and record_time where a topic was deleted and made again.
-- Table partitions follow Kafka's record_time: event_time is the customer's clock and may say any year.
CREATE TABLE IF NOT EXISTS events
(
    `topic` LowCardinality(String) COMMENT 'Kafka topic',
    `kafka_partition` UInt32 COMMENT 'Kafka partition',
    `offset` Int64 CODEC(Delta, ZSTD(1)) COMMENT 'offset of the message',
    `index` UInt16 COMMENT 'place inside its message, for envelopes of several events; else 0',
    `event_id` String CODEC(ZSTD(1)) COMMENT 'given by the sender; not unique here, a repeated event is kept',
    `type` LowCardinality(String),
    `customer_id` String CODEC(ZSTD(1)) COMMENT 'empty when the event names none',
    `session_id` String CODEC(ZSTD(1)) COMMENT 'empty when the event names none',
    `event_time` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it happened at the customer',
    `record_time` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the Kafka record''s own time',
    `watermark` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'W_p at its offset; 1970-01-01 when the partition had not spoken',
    `late` Bool COMMENT 'event_time < watermark',
    `properties` JSON CODEC(ZSTD(1)),
    `context` JSON CODEC(ZSTD(1)),
    `archived_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    -- Parts are written in offset order, so all but the newest are passed over when a resume asks what is there.
    INDEX by_offset `offset` TYPE minmax GRANULARITY 1,
    INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(record_time)
ORDER BY (type, toDate(event_time), customer_id, event_time)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

-- Every action, sent or suppressed. A row is identified by (action_id, outcome): a deferred action has two.
CREATE TABLE IF NOT EXISTS decisions
(
    `action_id` String CODEC(ZSTD(1)),
    `outcome` LowCardinality(String) COMMENT 'action, suppressed, deferred or expired',
    `reason` LowCardinality(String) COMMENT 'why it was held back; empty for an action',
    `match_id` String CODEC(ZSTD(1)),
    `trigger` LowCardinality(String),
    `version` UInt32 COMMENT 'version of the trigger',
    `key` Array(String) COMMENT 'what the match correlates by; one part for a simple key',
    `per` String COMMENT 'empty when the trigger has none',
    `recipient` String CODEC(ZSTD(1)) COMMENT 'empty when the match names none',
    `event_time` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'event time of the match',
    `action` LowCardinality(String) COMMENT 'name of the action in its trigger',
    `channel` LowCardinality(String),
    `template` LowCardinality(String),
    `priority` Int32,
    `not_before` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it is due: of a deferred action when it will be released',
    `not_after` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it is too old to be sent; 1970-01-01 for never',
    `data` JSON CODEC(ZSTD(1)),
    `evidence` Nested
    (
        step LowCardinality(String),
        event_id String,
        topic LowCardinality(String),
        partition UInt32,
        offset Int64,
        event_time DateTime64(6, 'UTC')
    ) COMMENT 'the events the match rests on, in order',
    `decided_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'system time of the decision',
    INDEX by_action_id action_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_match_id match_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_recipient recipient TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(decided_at)
ORDER BY (toDate(event_time), trigger, outcome, event_time)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

-- Events that came after their partition's watermark. A row is identified like an event.
CREATE TABLE IF NOT EXISTS late
(
    `topic` LowCardinality(String),
    `kafka_partition` UInt32,
    `offset` Int64 CODEC(Delta, ZSTD(1)),
    `index` UInt16,
    `event_id` String CODEC(ZSTD(1)),
    `type` LowCardinality(String),
    `customer_id` String CODEC(ZSTD(1)) COMMENT 'empty when the event names none',
    `event_time` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `late_by_us` Int64 CODEC(T64, ZSTD(1)) COMMENT 'watermark minus event_time, in microseconds',
    `recorded_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (topic, kafka_partition, offset, `index`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

-- Input that never became an event. A row is identified by (topic, kafka_partition, offset), and record_time.
CREATE TABLE IF NOT EXISTS dead_letters
(
    `topic` LowCardinality(String),
    `kafka_partition` UInt32,
    `offset` Int64 CODEC(Delta, ZSTD(1)),
    `record_time` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the Kafka record''s own time',
    `reason` LowCardinality(String),
    `message` String CODEC(ZSTD(1)) COMMENT 'what was wrong, for a reader',
    `raw` String CODEC(ZSTD(1)) COMMENT 'the bytes of the message',
    `raw_key` String CODEC(ZSTD(1)) COMMENT 'the bytes of its key; empty when it has none',
    `received_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (topic, kafka_partition, offset)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
