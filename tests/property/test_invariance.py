"""The same log gives the same bytes: whatever chunks, restarts, groups, workers, partitions, order within the bound."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backtests import run_flow
from tests.harness import run
from tests.property.runs_here import runs_here
from tests.property.strategies import GRID_US, OPENING, streams, triggers

BOUNDS = st.sampled_from(["0m", "10m", "30m"])
ENDS = st.sampled_from(["hold", "flush"])
LESS = settings(max_examples=settings.default.max_examples // 4)


def several(least, most):
    return st.lists(triggers(), min_size=least, max_size=most).map(
        lambda texts: [text.replace('"trigger": "t"', f'"trigger": "t{i}"') for i, text in enumerate(texts)]
    )


SEVERAL = several(1, 3)


def counted(found):
    """Counters that depend on the log alone."""
    return {count: found.tally.total(count) for count in ("matched", "late", "duplicate", "matches", "expired")}


@LESS
@given(SEVERAL, streams(), BOUNDS, ENDS, st.integers(1, 6), st.sampled_from([1, 2, 3, 64]))
def test_chunks_and_key_groups_change_nothing(texts, log, bound, at_end, chunk_size, key_groups):
    plan = runs_here(*texts)
    whole = run(plan, log, max_out_of_orderness=bound, at_end=at_end, key_groups=1)
    cut = run(plan, log, max_out_of_orderness=bound, at_end=at_end, key_groups=key_groups, chunk_size=chunk_size)
    assert cut.lines() == whole.lines()
    assert (counted(cut), cut.pending) == (counted(whole), whole.pending)
    assert sorted(cut.late, key=lambda each: each.offset) == sorted(whole.late, key=lambda each: each.offset)


@LESS
@given(SEVERAL, streams(), BOUNDS, ENDS, st.integers(1, 4), st.integers(1, 5))
def test_a_restart_from_a_snapshot_anywhere_changes_nothing(texts, log, bound, at_end, chunk_size, every):
    plan = runs_here(*texts)
    straight = run(plan, log, max_out_of_orderness=bound, at_end=at_end)
    restarted = run(
        plan, log, max_out_of_orderness=bound, at_end=at_end, chunk_size=chunk_size, snapshot_every=every, key_groups=2
    )
    assert restarted.lines() == straight.lines()
    assert (counted(restarted), restarted.pending) == (counted(straight), straight.pending)


@LESS
@given(SEVERAL, streams(late=False, copies=False), ENDS, st.data())
def test_disorder_within_the_bound_changes_no_answer(texts, log, at_end, data):
    delays = {time: data.draw(st.integers(0, 3)) * GRID_US // 1_000 for time in {each["event_time"] for each in log}}
    # What opens the log stays first, for what was watched depends on it. Equal times keep their order, for it decides:
    # they are delayed alike.
    delays[log[0]["event_time"]] = 0
    shuffled = sorted(log, key=lambda each: (each["event_time"] + delays[each["event_time"]], each["event_time"]))
    plan = runs_here(*texts)
    ordered = run(plan, log, max_out_of_orderness="30m", at_end=at_end)
    found = run(plan, shuffled, max_out_of_orderness="30m", at_end=at_end, chunk_size=2)
    assert (found.late, ordered.late) == ([], [])
    assert found.answers() == ordered.answers()


@LESS
@given(SEVERAL, streams(late=False, copies=False), ENDS, st.integers(1, 4), st.data())
def test_three_partitions_give_what_one_gives(texts, log, at_end, chunk_size, data):
    # Equal times are ordered by partition: those of one time stand in one. Copies are left out, for whether one that
    # comes much later is a duplicate or late is a matter of its partition. Each partition has watched from the start.
    place = {time: data.draw(st.integers(0, 2)) for time in sorted({each["event_time"] for each in log})}
    partitions = [*range(OPENING), *(place[each["event_time"]] for each in log[OPENING:])]
    chosen = data.draw(st.randoms(use_true_random=False))
    plan = runs_here(*texts)
    one = run(plan, log, max_out_of_orderness="30m", at_end=at_end)
    three = run(
        plan,
        log,
        max_out_of_orderness="30m",
        at_end=at_end,
        partitions=partitions,
        interleaving=chosen.choice,
        chunk_size=chunk_size,
        key_groups=3,
    )
    assert three.answers() == one.answers()


@LESS
@given(SEVERAL, streams(), BOUNDS, ENDS, st.data())
def test_how_partitions_interleave_changes_nothing(texts, log, bound, at_end, data):
    partitions = [data.draw(st.integers(0, 2)) for _ in log]
    chosen = data.draw(st.randoms(use_true_random=False))
    plan = runs_here(*texts)
    # Of copies in several partitions one is the event, and which of them is a matter of who comes first.
    ids = [each["event_id"] for each in log]
    log = [each | {"event_id": f"{each['event_id']}.{ids[:i].count(each['event_id'])}"} for i, each in enumerate(log)]
    options = {"max_out_of_orderness": bound, "at_end": at_end, "partitions": partitions}
    one = run(plan, log, **options, interleaving=min)
    other = run(plan, log, **options, interleaving=chosen.choice, chunk_size=data.draw(st.integers(1, 4)), key_groups=3)
    assert other.lines() == one.lines()
    assert (counted(other), other.pending) == (counted(one), one.pending)


@settings(max_examples=settings.default.max_examples // 100)
@given(several(4, 8), streams(), BOUNDS, ENDS, st.integers(1, 4))
def test_the_number_of_workers_and_who_reads_change_nothing(texts, log, bound, at_end, chunk_size):
    runs_here(*texts)
    options = {"chunk_size": chunk_size, "max_out_of_orderness": bound, "at_end": at_end}
    with TemporaryDirectory() as folder:
        one, *others = (
            run_flow(texts, log, Path(folder), workers=workers, readers=readers, **options)
            for workers, readers in ((1, 0), (1, 1), (3, 0), (3, 1))
        )
    assert [other.lines for other in others] == [one.lines] * 3
