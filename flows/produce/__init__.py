"""Puts a file of events on a Kafka topic: ``python -m flows.produce``."""
