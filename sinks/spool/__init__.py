"""Rows on their way to ClickHouse: a Kafka topic between the triggers and the database.

What the triggers decide is durable when it is here, so no ClickHouse, slow or gone, holds up an epoch or an action. One
drain for the whole dataflow takes the rows from here to their tables, each once (``docs/decisions/0010``).
"""
