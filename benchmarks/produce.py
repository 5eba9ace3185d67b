"""Puts a workload on a topic: keyed by customer, the record's time the event's own, as if each came at once.

    python -m benchmarks.produce EVENTS --bootstrap-servers HOST:PORT --topic NAME [--shares 49,17,17,17]

With shares, so many percent of the customers are on each partition; without, Kafka's own hash spreads them.
Prints one line of JSON when all are confirmed. A process of its own, because librdkafka's queue is large and a
child's peak memory starts at its parent's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import orjson
from confluent_kafka import KafkaError, Message, Producer

from benchmarks.cache import ROOT
from benchmarks.child import run_child
from benchmarks.event_file import epoch_ms

_POLL_EVERY = 10_000


def produce_file(events: Path, bootstrap_servers: str, topic: str, *, shares: Sequence[int] = ()) -> None:
    """Returns when Kafka has all of it. Raises ChildError."""
    run_child(
        [
            sys.executable,
            *("-m", "benchmarks.produce", events, "--bootstrap-servers", bootstrap_servers, "--topic", topic),
            *(("--shares", ",".join(map(str, shares))) if shares else ()),
        ],
        cwd=ROOT,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.produce")
    parser.add_argument("events", type=Path)
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--shares", type=lambda text: [int(each) for each in text.split(",")], default=[])
    asked = parser.parse_args()
    # Of each hundredth of the customers, its partition; librdkafka's word for "by its own hash" where none is said.
    places = [place for place, share in enumerate(asked.shares) for _ in range(share)] or [-1] * 100
    failed: list[str] = []

    def on_delivery(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(error.str())

    producer = Producer(
        {
            "bootstrap.servers": asked.bootstrap_servers,
            "linger.ms": 50,
            "acks": "all",
            "enable.idempotence": True,  # the order of a partition is part of the workload
        }
    )
    produced = 0
    with asked.events.open("rb") as file:
        for line in file:
            event = orjson.loads(line)
            key, time_ms = event["customer_id"].encode(), epoch_ms(event["event_time"])
            while True:
                try:
                    producer.produce(
                        asked.topic,
                        line.rstrip(),
                        key,
                        partition=places[crc32(key) % 100],
                        timestamp=time_ms,
                        on_delivery=on_delivery,
                    )
                    break
                except BufferError:
                    producer.poll(0.1)
            produced += 1
            if produced % _POLL_EVERY == 0:
                producer.poll(0)
    left = producer.flush(60)
    if left or failed:
        sys.exit(f"{left} messages unconfirmed, {len(failed)} failed: {failed[:1]}")
    print(orjson.dumps({"produced": produced}).decode())


if __name__ == "__main__":
    main()
