-- What `python -m flows.redrive` needs: the headers of a dead letter, so that it can go back as it came, and what went.

ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS `headers.name` Array(String) CODEC(ZSTD(1)) COMMENT 'names of its headers, in order';

ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS `headers.value` Array(Nullable(String)) CODEC(ZSTD(1)) COMMENT 'their values';

-- The dead letters that are back on their topic: a row is written when Kafka has committed the message. A row is
-- identified like a dead letter. One that two runs wrote merges into one: read it with FINAL.
CREATE TABLE IF NOT EXISTS redriven
(
    `topic` LowCardinality(String),
    `kafka_partition` UInt32,
    `offset` Int64 CODEC(Delta, ZSTD(1)),
    `record_time` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'the Kafka record''s own time, of the dead letter',
    `new_partition` UInt32 COMMENT 'Kafka partition of the same topic that it went to',
    `new_offset` Int64 CODEC(Delta, ZSTD(1)),
    `run` String COMMENT 'the run that sent it',
    `redriven_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)) COMMENT 'system time of this mark'
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, kafka_partition, offset, record_time)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

-- The runs: a row when one begins, a row when it ends. One that has not ended may have sent what is not marked; the
-- next run looks for that on the topics, from these offsets on.
CREATE TABLE IF NOT EXISTS redrive_runs
(
    `run` String,
    `state` LowCardinality(String) COMMENT 'begun or ended',
    `starts` Nested(topic String, partition UInt32, offset Int64) COMMENT 'where the topics ended when it began',
    `arguments` String COMMENT 'what it was asked for',
    `at` DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY (run, state)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
