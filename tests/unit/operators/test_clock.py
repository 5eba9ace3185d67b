"""The watermark of a Kafka partition, and of a key group over all of them."""

import pytest

from operators.clock import GroupClock, PartitionClock, accelerated_clock
from operators.records import BEGINNING_OF_TIME

MS = 1_000
BOUND = 5_000 * MS
A, B = ("events", 0), ("events", 1)


def test_the_watermark_at_an_offset_is_the_largest_time_before_it_less_the_bound():
    clock = PartitionClock(BOUND)
    stamps, _ = clock.stamp([10_000 * MS, 30_000 * MS, 20_000 * MS, 40_000 * MS])
    assert stamps == [BEGINNING_OF_TIME, 5_000 * MS, 25_000 * MS, 25_000 * MS]
    assert clock.watermark_us == 35_000 * MS


@pytest.mark.parametrize(("time_ms", "late"), [(24_999, [1]), (25_000, []), (25_001, [])])
def test_late_is_below_the_watermark(time_ms, late):
    assert PartitionClock(BOUND).stamp([30_000 * MS, time_ms * MS])[1] == late


def test_the_first_message_is_never_late():
    assert PartitionClock(0).stamp([-(10**15)])[1] == []


def test_the_watermark_never_falls():
    clock = PartitionClock(BOUND)
    clock.stamp([30_000 * MS])
    clock.stamp([1_000 * MS])
    clock.raise_to(0)
    assert not clock.heartbeat(1)
    assert clock.watermark_us == 25_000 * MS


def test_an_empty_chunk_changes_nothing():
    clock = PartitionClock(BOUND)
    assert clock.stamp([]) == ([], [])
    assert clock.watermark_us == BEGINNING_OF_TIME
    assert clock.state() == (BEGINNING_OF_TIME, BEGINNING_OF_TIME)


@pytest.mark.parametrize("cut", range(6))
def test_stamps_do_not_depend_on_how_the_log_is_cut(cut):
    times = [each * MS for each in (10, 5_030, 20, 9_000, 3_999, 4_000)]
    whole, halves = PartitionClock(BOUND), PartitionClock(BOUND)
    stamps = whole.stamp(times)
    first, second = halves.stamp(times[:cut]), halves.stamp(times[cut:])
    assert stamps == (first[0] + second[0], first[1] + [place + cut for place in second[1]])
    assert whole.state() == halves.state()


def test_a_heartbeat_moves_time_and_says_so():
    clock = PartitionClock(BOUND)
    assert clock.heartbeat(60_000 * MS)
    assert not clock.heartbeat(60_000 * MS)
    assert clock.watermark_us == 60_000 * MS


@pytest.mark.parametrize(
    ("time_ms", "late", "counted"), [(24_999, 1, 0), (25_000, 1, 1), (59_999, 1, 1), (60_000, 0, 0)]
)
def test_what_is_late_only_because_of_a_heartbeat_is_counted_apart(time_ms, late, counted):
    clock = PartitionClock(BOUND)
    clock.stamp([30_000 * MS])
    clock.heartbeat(60_000 * MS)
    assert len(clock.stamp([time_ms * MS])[1]) == late
    assert clock.take_late_by_heartbeat() == counted
    assert clock.take_late_by_heartbeat() == 0


def test_what_the_log_alone_makes_late_goes_on_after_a_heartbeat():
    clock = PartitionClock(BOUND)
    clock.stamp([30_000 * MS])
    clock.heartbeat(60_000 * MS)
    clock.stamp([50_000 * MS, 44_999 * MS, 45_000 * MS])
    assert clock.take_late_by_heartbeat() == 2
    assert clock.state() == (60_000 * MS, 45_000 * MS)


def test_an_explicit_watermark_is_the_logs_own():
    clock = PartitionClock(BOUND)
    clock.raise_to(60_000 * MS)
    assert clock.stamp([59_999 * MS])[1] == [0]
    assert clock.take_late_by_heartbeat() == 0


def test_a_clock_goes_on_from_its_snapshot():
    clock = PartitionClock(BOUND)
    clock.stamp([30_000 * MS])
    clock.heartbeat(60_000 * MS)
    resumed = PartitionClock(BOUND)
    resumed.resume(clock.state())
    times = [55_000 * MS, 70_000 * MS, 10 * MS]
    assert resumed.stamp(times) == clock.stamp(times)
    assert resumed.state() == clock.state()


def test_a_key_group_has_the_lowest_watermark_of_all_partitions():
    clock = GroupClock()
    clock.hear(A, 30, (A, B))
    assert clock.hear(B, 20, (A, B)) == 20
    assert clock.hear(B, 40, (A, B)) == 30


def test_a_key_group_has_no_watermark_until_every_partition_has_spoken():
    clock = GroupClock()
    assert clock.hear(A, 30, (A, B)) == BEGINNING_OF_TIME
    assert clock.hear(B, 5, (A, B)) == 5


def test_the_watermark_of_a_key_group_never_falls():
    clock = GroupClock()
    clock.hear(A, 30, (A,))
    assert clock.hear(A, 10, (A,)) == 30


def test_a_partition_that_appears_later_holds_the_watermark_until_it_speaks():
    clock = GroupClock()
    clock.hear(A, 30, (A,))
    assert clock.hear(A, 50, (A, B)) == 30
    assert clock.hear(B, 40, (A, B)) == 40


def test_an_accelerated_clock_runs_that_much_faster():
    now = [1_000]
    clock = accelerated_clock(5_000_000, 60.0, lambda: now[0])
    now[0] += 2_000
    assert clock() == 5_120_000
