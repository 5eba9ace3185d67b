"""librdkafka's built-in broker: the real wire protocol, in this process and in memory. For the demo and quick tests.

It makes a topic of four partitions when one is first asked for, keeps about 100,000 messages (5 MB as they are sent)
a Kafka partition, knows no CreateTopics and no access control, and forgets everything when it is closed.
"""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final, Self

from confluent_kafka import Producer

_TIMEOUT_S: Final = 10.0
_silent: Final = logging.getLogger(__name__)
_silent.addHandler(logging.NullHandler())  # a client that leaves is no news


class EmbeddedBroker:
    """A broker on a loopback port, from ``with`` to its end."""

    def __init__(self) -> None:
        # The broker lives as long as the client that carries it; nothing is ever produced by this one.
        self._carrier: Producer | None = Producer({"test.mock.num.brokers": 1, "log_level": 0}, logger=_silent)
        brokers = self._carrier.list_topics(timeout=_TIMEOUT_S).brokers.values()
        self.bootstrap_servers: Final = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        """Where clients of any process on this machine reach it."""

    def close(self) -> None:
        """Ends it; what it held is gone."""
        self._carrier = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
