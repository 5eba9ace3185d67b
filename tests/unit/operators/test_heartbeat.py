"""Silence at the head of the log moves time: deadlines fire without a next event."""

from tests.harness import event, heartbeat, run, trigger

ABANDONED = trigger("steps: [{event: cart_add}, {absent: purchase, within: 30m}]")


def test_a_deadline_fires_at_a_heartbeat():
    assert run(ABANDONED, [event("cart_add", "0s"), heartbeat("30m")]).fired == ["30m"]
    assert run(ABANDONED, [event("cart_add", "0s"), heartbeat("30m-1ms")]).fired == []


def test_a_silent_partition_without_heartbeats_holds_every_deadline():
    events = [event("cart_add", "0s"), event("x", "2h"), event("x", "1m", id="other")]
    found = run(ABANDONED, [*events, heartbeat("30m")], partitions=[0, 0, 1, 1], chunk_size=1)
    assert found.fired == ["30m"]


def test_what_a_heartbeat_made_late_still_cancels_what_is_open():
    events = [event("cart_add", "0s"), heartbeat("10m"), event("purchase", "5m")]
    found = run(ABANDONED, events, at_end="flush")
    assert (found.fired, len(found.late), found.late_by_heartbeat) == ([], 1, 1)


def test_what_is_on_time_after_a_heartbeat_counts():
    events = [event("cart_add", "0s"), heartbeat("10m"), event("purchase", "10m")]
    found = run(ABANDONED, events, at_end="flush")
    assert (found.fired, len(found.late)) == ([], 0)
