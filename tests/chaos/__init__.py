"""Chaos: real Kafka, the flow in two processes, ClickHouse over HTTP, and one fault after the other while it runs.

`python -m tests.chaos --seed S --faults 30 --events 300000` (or `make chaos`); the same seed makes the same traffic and
the same schedule. At the end everything that was produced has one fate, and what was done equals, action by action,
what a backtest without any fault finds in the same log.
"""
