"""What tests ask of a broker besides reading and writing: is it ready, and give me a topic."""

import time
from collections.abc import Mapping
from typing import Protocol

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata, NewPartitions, NewTopic

from tests.waiting import wait_until

_READY_TIMEOUT_S = 30.0
# Metadata is asked for in a loop because Kafka has no call that waits for a leader.
_POLL_S = 0.02


class TopicFactory(Protocol):
    """Creates a topic with a name of its own and returns the name (the fixture `topic`)."""

    def __call__(self, *, partitions: int = 1, config: Mapping[str, str] | None = None) -> str: ...


def admin_client(bootstrap_servers: str) -> AdminClient:
    """An admin client that finds a broker that was away within 0.1 s, and logs nothing about its absence."""
    return AdminClient(
        {
            "bootstrap.servers": bootstrap_servers,
            "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 100,
            "log_level": 0,
        }
    )


def wait_for_leaders(admin: AdminClient, topic: str | None = None, *, timeout_s: float = _READY_TIMEOUT_S) -> None:
    """Returns when every partition of `topic` (None: of all topics) has a leader.

    Raises:
        TimeoutError: a partition has none after `timeout_s`, or no broker answers.
    """
    deadline_s = time.monotonic() + timeout_s
    last_error = "no answer yet"
    while time.monotonic() < deadline_s:
        try:
            missing = _without_leader(admin.list_topics(timeout=1.0), topic)
        except KafkaException as error:
            last_error = str(error)
        else:
            if not missing:
                return
            last_error = f"no leader for {missing}"
        time.sleep(_POLL_S)
    raise TimeoutError(f"Kafka was not ready after {timeout_s} s: {last_error}")


def create_topic(
    bootstrap_servers: str, name: str, *, partitions: int = 1, config: Mapping[str, str] | None = None
) -> None:
    """Creates a topic of replication 1 and returns when each of its partitions has a leader.

    Raises:
        KafkaException: the topic exists, or `config` is wrong.
    """
    admin = admin_client(bootstrap_servers)
    request = NewTopic(name, num_partitions=partitions, replication_factor=1, config=dict(config or {}))
    admin.create_topics([request])[name].result(timeout=_READY_TIMEOUT_S)
    wait_for_leaders(admin, name)


def add_partitions(bootstrap_servers: str, name: str, count: int) -> None:
    """Gives the topic `count` partitions and returns when each has a leader."""
    admin = admin_client(bootstrap_servers)
    admin.create_partitions([NewPartitions(name, count)])[name].result(timeout=_READY_TIMEOUT_S)
    wait_until(
        lambda: len(admin.list_topics(name, timeout=1.0).topics[name].partitions) == count, what=f"{count} partitions"
    )
    wait_for_leaders(admin, name)


def _without_leader(cluster: ClusterMetadata, topic: str | None) -> list[str]:
    if not cluster.brokers:
        return ["a cluster that lists no broker"]
    if topic is not None and topic not in cluster.topics:
        return [topic]
    wanted = cluster.topics.values() if topic is None else [cluster.topics[topic]]
    missing = [str(each.topic) for each in wanted if each.error is not None or not each.partitions]
    for each in wanted:
        missing += [f"{each.topic}[{part.id}]" for part in each.partitions.values() if part.leader < 0]
    return missing
