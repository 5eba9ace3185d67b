"""The automaton finds what brute force over the sorted events finds, whatever the trigger and the log."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.durations import UNITS_US
from config.loader import parse_trigger
from operators.reasons import Outcome
from tests.harness import run, us
from tests.property import oracle
from tests.property.runs_here import runs_here
from tests.property.strategies import PROFILES, streams, triggers

BOUNDS = st.sampled_from(["0m", "10m", "30m"])
ENDS = st.sampled_from(["hold", "flush"])
EACH = settings(max_examples=settings.default.max_examples // 8)
"""Of every profile."""


ENDS_OF_RUNS = (
    *("matches", "expired", "cancelled", "exited", "late_cancelled"),
    *("restarted", "broken", "skipped", "at_unresolved", "at_stale"),
)


def found_by_engine(text, log, **options):
    found = run(runs_here(text), log, **options)
    answers = [
        oracle.Answer(
            each.outcome == Outcome.EXPIRED,
            each.event_time_us,
            each.key,
            each.per,
            tuple((row.step, row.event_id) for row in each.evidence),
        )
        for each in found.decisions
    ]
    return sorted(answers, key=repr), {end: found.tally.total(end) for end in ENDS_OF_RUNS}


def found_by_hand(text, log, *, bound, at_end, partitions=None):
    events = [each | {"event_time": each["event_time"] * UNITS_US["ms"]} for each in log]
    trigger = parse_trigger(text).trigger
    told = oracle.answers(trigger, events, bound_us=us(bound), at_end=at_end, partitions=partitions)
    return told.answers, {end: told.tally[end] for end in ENDS_OF_RUNS}


@pytest.mark.parametrize("profile", PROFILES)
@EACH
@given(st.data(), BOUNDS, ENDS, st.integers(1, 15))
def test_the_automaton_equals_brute_force(profile, data, bound, at_end, chunk_size):
    text, log = data.draw(triggers(profile)), data.draw(streams())
    by_engine = found_by_engine(text, log, max_out_of_orderness=bound, at_end=at_end, chunk_size=chunk_size)
    assert by_engine == found_by_hand(text, log, bound=bound, at_end=at_end), json.loads(text)["match"]


@settings(max_examples=settings.default.max_examples // 4)
@given(triggers(), streams(copies=False), BOUNDS, ENDS, st.data())
def test_it_does_over_several_partitions(text, log, bound, at_end, data):
    partitions = [data.draw(st.integers(0, 2)) for _ in log]
    options = {"at_end": at_end, "partitions": partitions}
    by_engine = found_by_engine(text, log, max_out_of_orderness=bound, chunk_size=3, **options)
    assert by_engine == found_by_hand(text, log, bound=bound, **options)
