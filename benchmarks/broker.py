"""A Kafka to measure against: the one that the environment names, or one started from Maven's jars.

Both come from the tests' own broker, imported by name: a plain import would have mypy check what `tests` imports.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from tests.kafka.jars import why_no_jvm

ADDRESS = "KAFKA_BOOTSTRAP_SERVERS"


def why_no_kafka() -> str | None:
    """None where `broker` can give one, otherwise what is missing."""
    if os.environ.get(ADDRESS):
        return None
    no_jvm = why_no_jvm()
    return no_jvm and f"no Kafka: {no_jvm}. Install JDK 17+ and Maven, or set {ADDRESS}"


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """Its address. One of our own keeps its data in `folder`, dies with the block, and shares this machine's cores."""
    address = os.environ.get(ADDRESS)
    if address:
        yield address
        return
    with import_module("tests.kafka_server").KafkaServer(folder) as server:
        yield server.bootstrap_servers


def create_topic(bootstrap_servers: str, name: str, *, partitions: int) -> None:
    """Keeps records of any age: event times are old, and Kafka would delete such records at once."""
    config = {"retention.ms": "-1"}
    import_module("tests.kafka.topics").create_topic(bootstrap_servers, name, partitions=partitions, config=config)
