"""The identity step and detection find what the definition says of the sorted log, and nothing changes their answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import operators.anonymous.group
from tests.backtests import run_flow
from tests.harness import compiled, run, trigger
from tests.moments import START_US, us
from tests.property.identity_oracle import answers
from tests.property.policy_strategies import profiles, reader, ruled
from tests.property.strategies import GRID_US, streams, triggers
from tests.property.test_invariance import LESS, counted
from tests.property.test_policy_invariance import reasons

BOUNDS = st.sampled_from(["0m", "10m", "30m"])
ENDS = st.sampled_from(["hold", "flush"])
HORIZONS = st.sampled_from(["10m", "30m", "24h"])
FEW = 4
"""Kept events, in place of 200: what is let go of must be let go of here too."""
SEVERAL = st.lists(triggers(), min_size=1, max_size=3).map(
    lambda texts: [text.replace('"trigger": "t"', f'"trigger": "t{i}"') for i, text in enumerate(texts)]
)


@pytest.fixture(autouse=True, scope="module")
def _few_are_kept():
    kept = operators.anonymous.group.MAX_KEPT
    operators.anonymous.group.MAX_KEPT = FEW
    yield
    operators.anonymous.group.MAX_KEPT = kept


@st.composite
def people(draw, *, late=True):
    """A log in which two known customers do things, two anonymous ones do, and some say who they are."""
    log = draw(streams(late=late, copies=False))
    for found in log:
        who = draw(st.sampled_from(["known", "a1", "a1", "a1", "a2", "identify"]))
        context = found.setdefault("context", {})
        if who == "identify":
            found["type"] = "identify"
            context["anonymous_id"] = draw(st.sampled_from(["a1", "a1", "a2"]))
        elif who != "known":
            found["customer_id"] = context["anonymous_id"] = who
    return log


MOMENTS = st.tuples(st.sampled_from(["c1", "a1"]), st.sampled_from("aaabc"), st.integers(0, 9), st.sampled_from("pq"))


@st.composite
def one_who_says_it(draw):
    """Two names of one person who does few things often, in nearly the order of time, and says once who he is."""
    moments = sorted(draw(st.lists(MOMENTS, min_size=8, max_size=14)), key=lambda each: each[2])
    says = draw(st.integers(3, len(moments) - 1))
    log = []
    for place, (who, kind, time, product) in enumerate(moments):
        log.append({
            "event_id": f"e{place}",
            "type": "identify" if place == says else kind,
            "event_time": START_US // 1_000 + time * GRID_US // 1_000,
            "customer_id": "c1" if place == says else who,
            "properties": {"p": product},
            "context": {"anonymous_id": "a1"},
        })  # fmt: skip
    if draw(st.integers(0, 2)) == 0:
        log.append(log.pop(draw(st.integers(0, len(log) - 1))))
    return log


@st.composite
def plain_triggers(draw, name):
    """What is often open: few types, no condition."""
    first = draw(st.sampled_from(["event: a", "event: a", "event: a, times: 2", "event: a, times: 3, within: 30m"]))
    then = draw(st.sampled_from([
        "absent: b, within: 20m", "absent: b, within: 40m", "event: b", "event: [b, c], within: 30m", "idle: 20m",
        "wait: 30m",
    ]))  # fmt: skip
    lines = [f"on_repeat: {draw(st.sampled_from(['restart', 'ignore', 'overlap']))}"]
    lines.append(draw(st.sampled_from(["", "", "key: [customer_id, properties.p]", "per: properties.p"])))
    lines.append(draw(st.sampled_from(["", "", "exit: [{event: c}]"])))
    steps = f"steps: [{{{first}}}, {{{then}}}]"
    return trigger("\n".join([*filter(None, lines), steps]), name=name)


FEW_PLAIN = st.tuples(plain_triggers("t0"), plain_triggers("t1"), plain_triggers("t2")).map(list)


@given(FEW_PLAIN, one_who_says_it(), BOUNDS, ENDS, HORIZONS, st.integers(1, 6))
def test_what_both_have_open_is_joined_as_defined(texts, log, bound, at_end, horizon, chunk_size):
    plan = compiled(*texts)
    asked = {"max_out_of_orderness": bound, "at_end": at_end, "identity_horizon": horizon}
    defined = answers(plan, log, bound_us=us(bound), at_end=at_end, horizon_us=us(horizon), max_kept=FEW)
    assert run(plan, log, chunk_size=chunk_size, **asked).lines() == defined.lines()
    assert run(plan, log, chunk_size=chunk_size, snapshot_every=1, **asked).lines() == defined.lines()


@given(SEVERAL, people(), BOUNDS, ENDS, HORIZONS, st.integers(1, 6), st.sampled_from([1, 2, 3, 64]))
def test_the_answer_is_that_of_the_definition(texts, log, bound, at_end, horizon, chunk_size, key_groups):
    plan = compiled(*texts)
    asked = {"max_out_of_orderness": bound, "at_end": at_end, "identity_horizon": horizon}
    found = run(plan, log, chunk_size=chunk_size, key_groups=key_groups, **asked)
    defined = answers(plan, log, bound_us=us(bound), at_end=at_end, horizon_us=us(horizon), max_kept=FEW)
    assert found.lines() == defined.lines()
    assert found.read == sum(found.tally.of(fate) for fate in ("matched", "late", "duplicate")) == len(log)


@LESS
@given(SEVERAL, people(), BOUNDS, ENDS, st.integers(1, 4), st.integers(1, 5))
def test_a_restart_from_a_snapshot_anywhere_changes_nothing(texts, log, bound, at_end, chunk_size, every):
    plan = compiled(*texts)
    asked = {"max_out_of_orderness": bound, "at_end": at_end}
    straight = run(plan, log, **asked)
    restarted = run(plan, log, chunk_size=chunk_size, snapshot_every=every, key_groups=2, **asked)
    assert restarted.lines() == straight.lines()
    assert (counted(restarted), restarted.pending) == (counted(straight), straight.pending)
    assert restarted.tally.total("identity_conflicts") == straight.tally.total("identity_conflicts")


@LESS
@given(SEVERAL, people(late=False), ENDS, st.data())
def test_disorder_within_the_bound_changes_no_answer(texts, log, at_end, data):
    delays = {time: data.draw(st.integers(0, 3)) * GRID_US // 1_000 for time in {each["event_time"] for each in log}}
    # Equal times keep their order, for it decides: they are delayed alike.
    shuffled = sorted(log, key=lambda each: (each["event_time"] + delays[each["event_time"]], each["event_time"]))
    plan = compiled(*texts)
    ordered = run(plan, log, max_out_of_orderness="30m", at_end=at_end)
    found = run(plan, shuffled, max_out_of_orderness="30m", at_end=at_end, chunk_size=2)
    assert found.answers() == ordered.answers()


@LESS
@given(SEVERAL, people(), BOUNDS, ENDS, st.data())
def test_how_partitions_interleave_changes_nothing(texts, log, bound, at_end, data):
    partitions = [data.draw(st.integers(0, 2)) for _ in log]
    chosen = data.draw(st.randoms(use_true_random=False))
    plan = compiled(*texts)
    options = {"max_out_of_orderness": bound, "at_end": at_end, "partitions": partitions}
    one = run(plan, log, **options, interleaving=min)
    other = run(plan, log, **options, interleaving=chosen.choice, chunk_size=data.draw(st.integers(1, 4)), key_groups=3)
    assert other.lines() == one.lines()
    assert (counted(other), other.pending) == (counted(one), one.pending)


POLICED = st.tuples(ruled("t")) | st.tuples(ruled("t"), ruled("u"))
KEY_GROUPS = st.sampled_from([1, 2, 5])


@given(
    POLICED, people() | one_who_says_it(), profiles(), BOUNDS, ENDS, st.integers(1, 6), KEY_GROUPS, st.integers(0, 3)
)
def test_no_chunk_restart_or_key_group_changes_a_decision(texts, log, known, bound, at_end, size, key_groups, every):
    plan = compiled(*texts)
    asked = {"at_end": at_end, "max_out_of_orderness": bound, "profiles": reader(known, GRID_US)}
    whole = run(plan, log, key_groups=1, **asked)
    cut = run(plan, log, key_groups=key_groups, chunk_size=size, snapshot_every=every or None, **asked)
    assert cut.lines() == whole.lines()
    assert [each.not_before_us for each in cut.decisions] == [each.not_before_us for each in whole.decisions]
    assert reasons(cut) == reasons(whole)


@LESS
@given(SEVERAL, streams(), BOUNDS, ENDS, st.integers(1, 4))
def test_where_nobody_is_anonymous_the_step_changes_nothing(texts, log, bound, at_end, chunk_size):
    plan = compiled(*texts)
    asked = {"max_out_of_orderness": bound, "at_end": at_end, "chunk_size": chunk_size}
    with_it, without = run(plan, log, **asked), run(plan, log, **asked, identity=False)
    assert with_it.lines() == without.lines()
    assert (counted(with_it), with_it.pending) == (counted(without), without.pending)


@pytest.mark.parametrize("workers", [1, 2])
@settings(max_examples=6)
@given(texts=SEVERAL, log=people(), bound=BOUNDS, at_end=ENDS)
def test_through_bytewax_workers_change_nothing(workers, texts, log, bound, at_end, tmp_path_factory):
    folder = tmp_path_factory.mktemp("flow")
    # In worker processes nobody has made the number of kept events small; these logs are shorter than the real one.
    operators.anonymous.group.MAX_KEPT, few = 200, operators.anonymous.group.MAX_KEPT
    try:
        asked = {"max_out_of_orderness": bound, "at_end": at_end}
        parts = run(texts, log, **asked)
        flow = run_flow(texts, log, folder, workers=workers, chunk_size=3, **asked)
    finally:
        operators.anonymous.group.MAX_KEPT = few
    assert flow.lines == parts.lines()
    assert flow.summary.read == flow.summary.matched + flow.summary.late == len(log)
