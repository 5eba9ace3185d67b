-- What one INSERT of events makes is a part of one file, made durable by a few fsyncs; merges still give each column,
-- and each path of the JSON, a file of its own. See docs/decisions/0015-inserts-side-by-side.md.

ALTER TABLE events MODIFY SETTING min_bytes_for_wide_part = 67108864;
