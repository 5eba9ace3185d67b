"""Events wait behind the watermark: one at `t` is processed when W > t, in order of event time."""

import pytest

from operators.clock import PartitionClock
from operators.decode import Decoder
from tests.harness import Graph, Log, compiled, event, run, trigger, watermark

THEN = trigger("steps: [{event: a}, {event: b, within: 10m}]")


@pytest.mark.parametrize(("reached", "processed"), [("10m-1ms", False), ("10m", False), ("10m+1ms", True)])
def test_an_event_is_processed_when_the_watermark_is_above_its_time(reached, processed):
    log = Log(("events", 0), PartitionClock(3_600_000_000), [event("a", "10m"), watermark(reached)])
    graph = Graph(compiled(THEN), 1, 0, None)
    graph.feed(log, (log.origin,), Decoder(), 10)
    (group,) = graph.groups.values()
    assert (group.open_matches == 1, len(group.waiting) == 0) == (processed, processed)


def test_events_are_processed_by_event_time_and_not_by_arrival():
    events = [event("b", "5m"), event("a", "1m"), event("x", "20m")]
    assert run(THEN, events, max_out_of_orderness="10m").fired == ["5m"]


def test_every_event_read_is_processed_at_the_end_of_the_input():
    assert run(THEN, [event("a", "1m"), event("b", "5m")], max_out_of_orderness="1h").fired == ["5m"]


def test_a_key_group_waits_for_every_partition():
    log, silent = Log(("events", 0), PartitionClock(0)), ("events", 1)
    graph = Graph(compiled(THEN), 1, 0, None)
    log.items = [event("a", "0s"), event("b", "1m"), watermark("2h")]
    graph.feed(log, (log.origin, silent), Decoder(), 10)
    assert graph.result.told == []
    other = Log(silent, PartitionClock(0), [watermark("1m+1ms")])
    graph.feed(other, (log.origin, silent), Decoder(), 10)
    assert len(graph.result.told) == 1
