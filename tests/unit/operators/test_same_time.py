"""Equal event times are processed in order of arrival: partition, then offset."""

import pytest

from tests.harness import event, run, trigger

THEN = trigger("steps: [{event: a}, {event: b, within: 10m}]")


def test_an_event_at_the_time_of_the_first_is_the_second_if_it_arrives_after_it():
    assert run(THEN, [event("a", "0s"), event("b", "0s")]).fired == ["0s"]
    assert run(THEN, [event("b", "0s"), event("a", "0s")], at_end="flush").fired == []


@pytest.mark.parametrize("chunk_size", [1, 2, 100])
def test_chunks_do_not_change_the_order_of_equal_times(chunk_size):
    events = [event("a", "0s"), event("b", "0s"), event("a", "0s", id="a2"), event("b", "0s", id="b2")]
    assert run(THEN, events, chunk_size=chunk_size).evidence == [["a@0s", "b@0s"], ["a2", "b2"]]


@pytest.mark.parametrize("chunk_size", [1, 100])
def test_of_two_partitions_the_lower_comes_first_at_equal_times_whichever_is_read_first(chunk_size):
    a, b = event("a", "0s"), event("b", "0s")
    last = [event("z", "1m", id="z0"), event("z", "1m", id="z1")]
    for events, partitions in (([a, b, *last], [0, 1, 0, 1]), ([b, a, *last], [1, 0, 0, 1])):
        assert run(THEN, events, partitions=partitions, chunk_size=chunk_size).fired == ["0s"]
    for events, partitions in (([a, b, *last], [1, 0, 0, 1]), ([b, a, *last], [0, 1, 0, 1])):
        assert run(THEN, events, partitions=partitions, chunk_size=chunk_size).fired == []


def test_events_are_processed_by_event_time_and_not_by_arrival():
    events = [event("b", "5m"), event("a", "1m"), event("x", "20m")]
    assert run(THEN, events, max_out_of_orderness="10m").fired == ["5m"]
