"""The identity step and detection find what the definition says of the sorted log, and nothing changes their answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import operators.anonymous.group
from tests.harness import compiled, run, run_flow, us
from tests.property.identity_oracle import answers
from tests.property.strategies import GRID_US, streams, triggers
from tests.property.test_invariance import counted

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
    """A log in which known customers do things, anonymous ones do, and some say who they are.

    ``dense``: one of each, one identify, few types, so that both often have a match open at the identify.
    """
    dense = draw(st.booleans())
    log = draw(streams(late=late, copies=False).filter(lambda found: not dense or len(found) > 5))
    says = draw(st.integers(len(log) // 2, len(log) - 1)) if dense else None
    for place, found in enumerate(log):
        who = draw(st.sampled_from(["known", "a1"] if dense else ["known", "a1", "a1", "a1", "a2", "identify"]))
        if dense:
            found["customer_id"] = "c1"
            found["type"] = draw(st.sampled_from(["a", "a", "a", "b", "d"]))
            found["properties"] |= {"x": 1, "p": "p1"}
        context = found.setdefault("context", {})
        if who == "identify" or place == says:
            found["type"] = "identify"
            context["anonymous_id"] = "a1" if dense else draw(st.sampled_from(["a1", "a1", "a2"]))
        elif who != "known":
            found["customer_id"] = context["anonymous_id"] = who
    return log


@given(SEVERAL, people(), BOUNDS, ENDS, HORIZONS, st.integers(1, 6), st.sampled_from([1, 2, 3, 64]))
def test_the_answer_is_that_of_the_definition(texts, log, bound, at_end, horizon, chunk_size, key_groups):
    plan = compiled(*texts)
    asked = {"max_out_of_orderness": bound, "at_end": at_end, "identity_horizon": horizon}
    found = run(plan, log, chunk_size=chunk_size, key_groups=key_groups, **asked)
    defined = answers(plan, log, bound_us=us(bound), at_end=at_end, horizon_us=us(horizon), max_kept=FEW)
    assert found.lines() == defined.lines()
    assert found.read == sum(found.tally.of(fate) for fate in ("matched", "late", "duplicate")) == len(log)


@given(SEVERAL, people(), BOUNDS, ENDS, st.integers(1, 4), st.integers(1, 5))
def test_a_restart_from_a_snapshot_anywhere_changes_nothing(texts, log, bound, at_end, chunk_size, every):
    plan = compiled(*texts)
    asked = {"max_out_of_orderness": bound, "at_end": at_end}
    straight = run(plan, log, **asked)
    restarted = run(plan, log, chunk_size=chunk_size, snapshot_every=every, key_groups=2, **asked)
    assert restarted.lines() == straight.lines()
    assert (counted(restarted), restarted.pending) == (counted(straight), straight.pending)
    assert restarted.tally.total("identity_conflicts") == straight.tally.total("identity_conflicts")


@given(SEVERAL, people(late=False), ENDS, st.data())
def test_disorder_within_the_bound_changes_no_answer(texts, log, at_end, data):
    delays = {time: data.draw(st.integers(0, 3)) * GRID_US // 1_000 for time in {each["event_time"] for each in log}}
    # Equal times keep their order, for it decides: they are delayed alike.
    shuffled = sorted(log, key=lambda each: (each["event_time"] + delays[each["event_time"]], each["event_time"]))
    plan = compiled(*texts)
    ordered = run(plan, log, max_out_of_orderness="30m", at_end=at_end)
    found = run(plan, shuffled, max_out_of_orderness="30m", at_end=at_end, chunk_size=2)
    assert found.answers() == ordered.answers()


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
