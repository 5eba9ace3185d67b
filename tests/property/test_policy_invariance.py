"""Decisions are a function of log and profiles: no chunk, restart, key group or arrival within the bound matters."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness import compiled, run
from tests.property.policy_strategies import COMMON, profiles, reader, ruled
from tests.property.strategies import GRID_US, streams
from tests.unit.operators.policy.replayed import Run, rows

TEXTS = st.tuples(ruled("t"), ruled("u"), ruled("v"))
ENDS = st.sampled_from(["hold", "flush"])


def reasons(found):
    return {key: count for key, count in found.tally.counts.items() if "/" in key[0] or key[0] == "already_fired"}


@given(TEXTS, streams(), COMMON, profiles(), ENDS, st.integers(1, 6), st.sampled_from([1, 2, 5]), st.integers(0, 3))
def test_chunks_key_groups_and_restarts_change_no_decision(
    texts, log, common, known, at_end, chunk_size, key_groups, every
):
    plan = compiled(*texts, common=common)
    asked = {"at_end": at_end, "max_out_of_orderness": "10m", "profiles": reader(known, GRID_US)}
    whole = run(plan, log, key_groups=1, **asked)
    cut = run(plan, log, key_groups=key_groups, chunk_size=chunk_size, snapshot_every=every or None, **asked)
    assert cut.lines() == whole.lines()
    assert [each.not_before_us for each in cut.decisions] == [each.not_before_us for each in whole.decisions]
    assert reasons(cut) == reasons(whole)


@given(TEXTS, streams(late=False, copies=False), COMMON, profiles(), ENDS, st.data())
def test_disorder_within_the_bound_changes_no_decision(texts, log, common, known, at_end, data):
    delays = {time: data.draw(st.integers(0, 3)) * GRID_US // 1_000 for time in {each["event_time"] for each in log}}
    shuffled = sorted(log, key=lambda each: (each["event_time"] + delays[each["event_time"]], each["event_time"]))
    plan = compiled(*texts, common=common)
    asked = {"at_end": at_end, "max_out_of_orderness": "30m", "profiles": reader(known, GRID_US)}
    assert run(plan, shuffled, chunk_size=2, **asked).answers() == run(plan, log, **asked).answers()


@given(TEXTS, streams(late=False, copies=False), COMMON, profiles(), ENDS, st.integers(1, 4), st.data())
def test_three_partitions_decide_what_one_does(texts, log, common, known, at_end, chunk_size, data):
    place = {time: data.draw(st.integers(0, 2)) for time in sorted({each["event_time"] for each in log})}
    plan = compiled(*texts, common=common)
    chosen = data.draw(st.randoms(use_true_random=False))
    asked = {"at_end": at_end, "max_out_of_orderness": "3h", "profiles": reader(known, GRID_US)}
    one = run(plan, log, **asked)
    three = run(plan, log, partitions=[place[each["event_time"]] for each in log], interleaving=chosen.choice,
                chunk_size=chunk_size, **asked)  # fmt: skip
    assert three.answers() == one.answers()


@settings(max_examples=settings.default.max_examples // 12)  # each is four runs, event by event
@given(TEXTS, streams(), COMMON, profiles(), st.data())
def test_a_crash_after_any_part_of_what_was_sent_changes_no_decision(texts, log, common, known, data):
    """What was sent before the last closed epoch is in the state; of what was sent since, any part is on the topic."""
    plan = compiled(*texts, common=common)

    def fresh():
        return Run(plan, reader(known, GRID_US), out_of_order_us=GRID_US)

    expected = fresh().learn([]).read(*log).finish()
    closed = data.draw(st.integers(0, len(log)))
    died = data.draw(st.integers(closed, len(log)))
    resumed = fresh().learn([]).read(*log[:closed])
    kept = {each.action_id for each in resumed.sent}
    sent = fresh().learn([]).read(*log[:died]).sent
    arrived = [each for each in sent if each.action_id in kept or data.draw(st.booleans())]
    again = data.draw(st.booleans())
    resumed.restart().learn([each for each in arrived if again or each.action_id not in kept])
    resumed.read(*log[closed:]).finish()
    ids = sorted(
        [
            *(each.action_id for each in arrived if each.action_id not in kept),
            *(each.action_id for each in resumed.sent),
        ]
    )
    assert ids == sorted(each.action_id for each in expected.sent)
    assert rows(resumed.result.told) == rows(expected.result.told)
    assert not any(policy.facts for policy in resumed.policies)
