"""What the open loop's own process works with: its events as lines, and a producer."""

from __future__ import annotations

import sys

import numpy as np
from confluent_kafka import KafkaError, Message, Producer

from benchmarks.lines import PAGE_VIEW, TYPES, Columns, lines
from benchmarks.traffic import CUSTOMERS, STRIDE, Traffic

_PRODUCTS = 40

Keyed = list[tuple[bytes, bytes]]
"""(key, line): the customer, and the event without its newline."""


class Lines:
    """The events of a traffic, asked for in order."""

    def __init__(self, traffic: Traffic, event_start_ms: int) -> None:
        """`event_start_ms` is the event time that stands for the moment event 0 is due."""
        self._traffic = traffic
        self._event_start_ms = event_start_ms
        self._random = np.random.default_rng(traffic.seed + traffic.number)

    def between(self, first: int, last: int) -> Keyed:
        """Those from `first` up to, and without, `last`."""
        traffic = self._traffic
        events = np.arange(first, last)
        types = np.full(len(events), PAGE_VIEW, dtype=np.int64)
        customers = np.empty(len(events), dtype=np.int64)
        place = events % traffic.cart_every
        is_plain = (events % traffic.signal_every != 0) & (place != 1) & (place != 2)
        customers[is_plain] = events[is_plain] * STRIDE % CUSTOMERS
        for at in np.flatnonzero(~is_plain).tolist():
            kind, customers[at] = traffic.kind_of(first + at)
            types[at] = TYPES.index(kind)
        due_ms = self._event_start_ms + (events * 1_000 / traffic.rate).astype(np.int64)
        columns = Columns(
            ids=events.astype(np.uint64) + np.uint64(traffic.id_of(0)),
            types=types,
            customers=customers,
            times_ms=due_ms - self._random.integers(0, max(1, traffic.disorder_ms), len(events)),
            products=customers % _PRODUCTS,
        )
        whole = "".join(lines(columns, payload_bytes=traffic.payload_bytes)).encode("ascii")
        return [
            (b"c%d" % customer, line) for customer, line in zip(customers.tolist(), whole.splitlines(), strict=True)
        ]


class LoopProducer:
    """Keeps the order of a partition. A message that Kafka refuses ends the process."""

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        """Connects: the first event would wait for that."""
        self._topic = topic
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap_servers,
                "linger.ms": 2,
                "enable.idempotence": True,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self._producer.list_topics(topic, timeout=20)

    def produce(self, keyed: Keyed) -> None:
        """Hands them over; waits only where librdkafka's queue is full."""
        for key, line in keyed:
            while True:
                try:
                    self._producer.produce(self._topic, line, key, on_delivery=_on_delivery)
                    break
                except BufferError:
                    self._producer.poll(0.05)
        self._producer.poll(0)

    def flush(self, timeout_s: float) -> None:
        """Ends the process where something stays unconfirmed."""
        left = self._producer.flush(timeout_s)
        if left:
            sys.exit(f"{left} messages unconfirmed")


def _on_delivery(error: KafkaError | None, message: Message) -> None:
    if error is not None:
        sys.exit(f"a message was not delivered: {error.str()}")
