"""Late: `event_time < W_p` of its own partition, by message. It begins and advances nothing, but it still cancels."""

import pytest

from tests.harness import event, run, trigger, watermark

ABANDONED = trigger("""
steps:
  - {event: cart_add, as: cart}
  - {absent: purchase, within: 30m}
""")


@pytest.mark.parametrize(("when", "late"), [("10m-1ms", 1), ("10m", 0), ("10m+1ms", 0)])
def test_an_event_below_the_watermark_of_its_partition_is_late(when, late):
    found = run(ABANDONED, [event("x", "15m"), event("x", when)], max_out_of_orderness="5m")
    assert (len(found.late), found.tally.of("late"), found.tally.of("matched")) == (late, late, 2 - late)


def test_a_late_event_is_told_with_how_late_it_is_and_where_it_stands():
    (late,) = run(ABANDONED, [event("x", "15m"), event("x", "9m", customer="c9")], max_out_of_orderness="5m").late
    assert (late.event_id, late.type, late.customer_id, late.late_by_us) == ("x@9m/c9", "x", "c9", 60_000_000)
    assert (late.origin, late.offset, late.index) == (("events", 0), 1, 0)


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 100])
def test_lateness_is_decided_by_message_and_not_by_chunk(chunk_size):
    events = [event("x", "0s"), event("x", "10m"), event("x", "4m"), event("x", "6m"), event("x", "12m")]
    found = run(ABANDONED, events, max_out_of_orderness="5m", chunk_size=chunk_size)
    assert [each.event_id for each in found.late] == ["x@4m"]


def test_what_is_late_depends_on_its_own_partition_only():
    events = [event("x", "10m"), event("x", "1m")]
    assert len(run(ABANDONED, events, partitions=[0, 0]).late) == 1
    assert len(run(ABANDONED, events, partitions=[0, 1]).late) == 0


def test_a_late_event_begins_nothing():
    found = run(ABANDONED, [event("x", "10m"), event("cart_add", "9m")], at_end="flush")
    assert (found.fired, found.pending) == ([], 0)


def test_a_late_event_advances_nothing():
    text = trigger("steps: [{event: a}, {event: b, within: 30m}]")
    found = run(text, [event("a", "0s"), event("x", "10m"), event("b", "9m")], at_end="flush")
    assert found.fired == []


def test_a_late_event_does_not_restart():
    events = [event("cart_add", "0s"), event("x", "10m"), event("cart_add", "9m")]
    assert run(ABANDONED, events, at_end="flush").fired == ["30m"]


@pytest.mark.parametrize(("bought", "fired"), [("5m-1ms", ["35m"]), ("5m", []), ("5m+1ms", [])])
def test_a_late_event_cancels_an_absence_from_its_beginning_on(bought, fired):
    found = run(ABANDONED, [event("cart_add", "5m"), event("x", "10m"), event("purchase", bought)], at_end="flush")
    assert found.fired == fired
    assert found.tally.of("late_cancelled", "t") == 1 - len(fired)


@pytest.mark.parametrize(("reached", "fired"), [("30m-1ms", []), ("30m", ["30m"]), ("30m+1ms", ["30m"])])
def test_a_late_event_cancels_only_what_cannot_have_fired_anywhere(reached, fired):
    events = [event("cart_add", "0s"), event("x", reached), event("purchase", "20m")]
    assert run(ABANDONED, events, at_end="flush").fired == fired


@pytest.mark.parametrize("chunk_size", [1, 2, 100])
@pytest.mark.parametrize("reads", [[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]])
def test_over_two_partitions_what_a_late_event_cancels_does_not_depend_on_which_is_read_first(chunk_size, reads):
    cart, bought = event("cart_add", "0s"), event("purchase", "5m")
    ahead, behind = event("x", "29m", customer="c8"), event("x", "1h", customer="c9")
    queues = {0: [cart, behind], 1: [ahead, bought]}
    events = [queues[number].pop(0) for number in reads]
    found = run(ABANDONED, events, partitions=reads, chunk_size=chunk_size)
    assert (found.fired, found.tally.of("late_cancelled", "t")) == ([], 1)


@pytest.mark.parametrize("reads", [[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]])
def test_a_match_past_its_deadline_in_the_late_events_partition_stands_whichever_is_read_first(reads):
    cart, bought = event("cart_add", "0s"), event("purchase", "5m")
    ahead, behind = event("x", "30m", customer="c8"), event("x", "1h", customer="c9")
    queues = {0: [cart, behind], 1: [ahead, bought]}
    events = [queues[number].pop(0) for number in reads]
    assert run(ABANDONED, events, partitions=reads, chunk_size=1).fired == ["30m"]


@pytest.mark.parametrize(("left", "fired"), [("5m-1ms", ["35m"]), ("5m", []), ("5m+1ms", [])])
def test_a_late_exit_ends_a_match_from_its_first_event_on(left, fired):
    text = trigger("steps: [{event: a}, {absent: b, within: 30m}]\nexit: [{event: leave}]")
    found = run(text, [event("a", "5m"), event("x", "10m"), event("leave", left)], at_end="flush")
    assert (found.fired, found.tally.of("late_cancelled", "t")) == (fired, 1 - len(fired))


@pytest.mark.parametrize(("spoilt", "fired"), [("5m-1ms", ["20m"]), ("5m", []), ("5m+1ms", [])])
def test_a_late_event_ends_an_untimed_absence_that_is_open(spoilt, fired):
    text = trigger("steps: [{event: a}, {absent: b}, {event: c}]")
    assert run(text, [event("a", "5m"), event("x", "10m"), event("b", spoilt), event("c", "20m")]).fired == fired


def test_an_untimed_absence_that_its_next_event_has_closed_stands():
    text = trigger("steps: [{event: a}, {absent: b}, {event: c}, {absent: d, within: 30m}]")
    events = [event("a", "0s"), event("c", "5m"), event("x", "10m"), event("b", "1m")]
    assert run(text, events, at_end="flush").fired == ["35m"]


def test_a_late_event_before_the_first_of_a_repetition_ends_the_untimed_absence_before_it():
    text = trigger("steps: [{event: a}, {absent: b}, {event: c, times: 2}]")
    events = [event("a", "0s"), event("c", "5m"), event("x", "10m"), event("b", "1m"), event("c", "20m")]
    assert run(text, events).fired == []


def test_a_timed_absence_in_the_middle_that_is_over_stands():
    text = trigger("steps: [{event: a}, {absent: b, within: 10m}, {event: c}]")
    assert run(text, [event("a", "0s"), event("x", "10m"), event("b", "5m"), event("c", "20m")]).fired == ["20m"]
    assert run(text, [event("a", "0s"), event("x", "9m"), event("b", "5m"), event("c", "20m")]).fired == []


def test_an_explicit_watermark_makes_late_like_an_event_does():
    found = run(ABANDONED, [event("cart_add", "0s"), watermark("10m"), event("purchase", "9m")], at_end="flush")
    assert (found.fired, len(found.late)) == ([], 1)


def test_an_event_no_trigger_listens_to_can_be_late_too():
    assert len(run(ABANDONED, [event("x", "10m"), event("nobody", "9m")]).late) == 1


@pytest.mark.parametrize("step", ["{absent: a, within: 1h}", '{absent: "*", within: 1h}'])
def test_a_late_copy_of_an_event_does_not_cancel_the_match_that_the_event_began(step):
    text = trigger(f"steps: [{{event: a, as: a}}, {step}]")
    events = [event("a", "0s"), event("x", "10m", customer="c2"), event("a", "0s")]
    found = run(text, events, at_end="flush")
    assert (found.fired, len(found.late)) == (["1h"], 1)
    another = [event("a", "0s"), event("x", "10m", customer="c2"), event("a", "0s", id="another")]
    assert run(text, another, at_end="flush").fired == []
