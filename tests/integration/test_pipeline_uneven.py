"""Uneven partitions: what is read beyond the slowest is bounded, and what is found is the same."""

import time
from collections.abc import Iterator
from typing import Final

import pytest

from flows.kafka_source import KafkaSource, TopicSource
from operators.decode import Decoder
from tests.integration.conftest import SiteFactory
from tests.integration.live_topics import Sent, event, produce
from tests.kafka.topics import TopicFactory
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

HOUR_MS: Final = 3_600_000
LENGTHS: Final = {0: 20_000, 1: 6_000, 2: 6_000}
"""By partition, all over the same hours; the last partition is empty."""
PARTITIONS: Final = 4
MOST: Final = 1_000
CHUNK: Final = 200


def uneven(begin_ms: int, type_: str = "page_view") -> Iterator[Sent]:
    for partition, length in LENGTHS.items():
        for i in range(length):
            at_ms = begin_ms + i * 8 * HOUR_MS // length
            yield event(f"{partition}-{i}", type_, f"c{partition}-{i % 50}", at_ms, partition=partition)


def test_no_partition_is_read_further_ahead_than_the_bound(kafka: str, topic: TopicFactory) -> None:
    """By hand, each in turn, as a worker does; without the bound the short ones would be at their ends first."""
    name = topic(partitions=PARTITIONS)
    produced = produce(kafka, name, uneven(1_700_000_000_000))
    source = KafkaSource(
        consumer={"bootstrap.servers": kafka},
        topics={name: TopicSource(Decoder(), 0)},
        max_out_of_orderness_us=0,
        idle_after_us=3_600_000_000,
        chunk_size=CHUNK,
        read_ahead=MOST,
    )
    parts = [source.build_part("source", part, None) for part in source.list_parts()]
    waits = set()
    read = furthest = 0

    def all_read() -> bool:
        nonlocal read, furthest
        for part in parts:
            if not source.line.may_read(part.origin):
                waits.add(part.origin[1])
            read += sum(len(chunk.records) for chunk in part.next_batch())
            furthest = max(furthest, source.line.events())
        return all(part.at_head for part in parts)

    try:
        wait_until(all_read, what="the end of every partition")
    finally:
        for part in parts:
            part.close()
    assert read == produced
    assert waits >= {1, 2}
    assert MOST <= furthest <= MOST + CHUNK * PARTITIONS


def test_a_flow_that_holds_partitions_back_finds_the_same(make_site: SiteFactory) -> None:
    site = make_site(partitions=PARTITIONS)
    site.abandonment()
    site.settings |= {"CT_READ_AHEAD": str(MOST), "CT_CHUNK_SIZE": str(CHUNK)}
    begin_ms = time.time_ns() // 1_000_000 - 12 * HOUR_MS
    produced = site.produce(uneven(begin_ms))
    carts = [(f"cart-{p}-{i}", f"c{p}-{i}", p) for p in LENGTHS for i in range(20)]
    # Behind the views of eight hours, so each is found only when all of its partition has been read.
    site.produce(
        event(event_id, "cart_add", customer, begin_ms + 9 * HOUR_MS, partition=partition)
        for event_id, customer, partition in carts
    )
    with site.flow(arguments=["-w", "2"]) as flow:
        flow.wait_until(lambda: len(site.actions()) >= len(carts), what="an action for every cart")
        metrics = flow.metrics()
        flow.stop()
    assert {action.json["key"] for action in site.actions()} == {customer for _, customer, _ in carts}
    assert metrics.of("events_read_total") == produced + len(carts)
    assert metrics.of("events_read_ahead") == 0
