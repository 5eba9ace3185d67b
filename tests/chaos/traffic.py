"""What is produced: a shop's afternoon with disorder, late events, copies and garbage, and an end beyond all deadlines.

It lies in the far future, where no heartbeat reaches (they follow the wall) and nothing is too old to be sent: so the
flow's answer depends on the log alone, and a backtest of the log must give the same one.
"""

from __future__ import annotations

import json
import math
import random
import threading
import time
from collections.abc import Iterator
from typing import Final

import orjson
from confluent_kafka import Producer

from flows.shop_traffic import HOUR_S, Message, Plan, shop_traffic
from operators.render import iso_ms
from tests.integration.live_week import time_ms

PARTITIONS: Final = 4
MAX_OUT_OF_ORDERNESS: Final = "60s"
"""Above the shop's ordinary disorder (40 s) and below what is late (3 min) by so much that the watermark of one Kafka
partition and that of the log as a whole, which the backtest has, judge alike."""
MAX_OUT_OF_ORDERNESS_US: Final = 60_000_000
_OPENING_US: Final = 4_070_995_200 * 1_000_000
"""2099-01-02T12:00:00Z."""
_HOURS: Final = 6
_EVENTS_A_VISIT: Final = 5.0
_END_US: Final = _OPENING_US + 60 * 24 * HOUR_S * 1_000_000 + 11_020_000_000
"""Sixty days later, and at no round time: beyond every deadline."""
_EVENTS_AN_ANONYMOUS_VISIT: Final = 40
"""One such visit to so many events."""
_AGREES: Final = {"consent": {"marketing": True, "service": True}}
_CATALOGUE: Final = ("price_changed", "stock_changed")
_MAX_SKEW_MS: Final = 300_000
TOPIC_CONFIG: Final = {"message.timestamp.after.max.ms": str(2**63 - 1)}
"""Kafka refuses records of the future otherwise."""


class Traffic:
    """All messages, in order of arrival; `start` produces them at an even rate from a thread of its own."""

    def __init__(self, *, seed: int, events: int) -> None:
        plan = Plan(
            _OPENING_US,
            _OPENING_US + _HOURS * HOUR_S * 1_000_000,
            run=f"-{seed}",
            seed=seed,
            history_days=0,
            visits_a_day=0,
            visits_an_hour=round(events / _EVENTS_A_VISIT / _HOURS) + 20,
        )
        visits = [*shop_traffic(plan), *_anonymous_visits(plan, events // _EVENTS_AN_ANONYMOUS_VISIT)]
        self.messages: list[Message] = sorted(visits)[:events]
        if len(self.messages) < events:
            raise ValueError(f"the shop made {len(self.messages)} messages and not {events}")
        self.count = 0
        """Handed to the producer so far."""
        self.limit: float = math.inf
        """It waits when it has come so far, until this is raised."""
        self.failed: list[str] = []
        self._thread: threading.Thread | None = None

    def start(self, kafka: str, topic: str, *, per_s: float) -> None:
        """Returns at once."""
        self._thread = threading.Thread(target=self._produce, args=(kafka, topic, per_s), name="traffic", daemon=True)
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Returns when all of it is confirmed. Raises ``AssertionError`` where it is not."""
        assert self._thread is not None
        self._thread.join(timeout_s)
        if self._thread.is_alive() or self.failed:
            raise AssertionError(f"not everything could be produced: {self.count} handed over, failed: {self.failed}")

    @property
    def total(self) -> int:
        """With the closing ones."""
        return len(self.messages) + PARTITIONS

    def _produce(self, kafka: str, topic: str, per_s: float) -> None:
        try:
            producer = Producer(
                {
                    "bootstrap.servers": kafka,
                    "enable.idempotence": True,
                    "linger.ms": 5,
                    "delivery.timeout.ms": 180_000,
                    "reconnect.backoff.max.ms": 500,
                    "log_level": 0,
                }
            )
            due_s = time.monotonic()
            for message in self.messages:
                while self.count >= self.limit:
                    producer.poll(0.05)
                    due_s = time.monotonic()
                ahead_s = due_s - time.monotonic()
                if ahead_s > 0.02:
                    producer.poll(ahead_s)
                due_s += 1.0 / per_s
                self._send(producer, topic, message.value, message.key, message.arrival_us // 1_000)
            for partition in range(PARTITIONS):
                value = {
                    "event_id": f"end-{partition}",
                    "type": "closing_time",
                    "customer_id": f"nobody-{partition}",
                    "event_time": iso_ms(_END_US),
                    "properties": {},
                }
                self._send(producer, topic, orjson.dumps(value), None, _END_US // 1_000, partition)
            left = producer.flush(200.0)
            if left:
                self.failed.append(f"{left} unconfirmed")
        except Exception as error:
            self.failed.append(repr(error))
            raise

    def _send(
        self, producer: Producer, topic: str, value: bytes, key: bytes | None, time_ms: int, partition: int = -1
    ) -> None:
        while True:
            try:
                producer.produce(
                    topic, value, key, partition=partition, timestamp=time_ms, on_delivery=self._on_delivery
                )
            except BufferError:
                producer.poll(0.1)
            else:
                self.count += 1
                return

    def _on_delivery(self, error: object, message: object) -> None:
        if error is not None:
            self.failed.append(str(error))


def _anonymous_visits(plan: Plan, visits: int) -> Iterator[Message]:
    """Visitors who put something in the cart before they say who they are, and sometimes buy then.

    Until then their events are in the Kafka partition of their anonymous id, afterwards in that of their customer id.
    """
    chance = random.Random(plan.seed)
    for number in range(visits):
        who, customer = f"anonymous-{number}", f"v-{number:05d}"
        cart = {"product_id": f"p-{chance.randrange(60):02d}", "price": 25.0, "quantity": 1}
        does = [(who, "product_view", cart), (who, "cart_add", cart), (customer, "identify", _AGREES)]
        if chance.random() < 0.4:
            does.append((customer, "purchase", {"order_id": f"v-{number}", "total": 25.0, "products": [cart]}))
        time_us = chance.randrange(plan.opening_us, plan.closing_us - 600_000_000)
        for step, (name, type_, properties) in enumerate(does):
            time_us += chance.randrange(5_000, 120_000) * 1_000
            event = {
                "event_id": f"visit-{number}-{step}",
                "type": type_,
                "customer_id": name,
                "event_time": iso_ms(time_us),
                "properties": properties,
                "context": {"anonymous_id": who},
            }
            yield Message(time_us + chance.randrange(10_000_000), name.encode(), orjson.dumps(event))


def is_event(value: bytes, record_time_ms: int) -> bool:
    """Whether the shop sent it as an event and not as garbage; told by nothing that the flow uses."""
    try:
        sent = json.loads(value)
    except ValueError:
        return False
    match sent:
        case {"event_id": str(), "type": str(type_), "event_time": str(time), "properties": dict(properties)}:
            is_whole = ("customer_id" in sent or type_ in _CATALOGUE) and properties.get("price") != "cheap"
            return is_whole and time != "yesterday" and time_ms(time) - record_time_ms <= _MAX_SKEW_MS
    return False
