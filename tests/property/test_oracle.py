"""The automaton finds what brute force over the sorted events finds, whatever the trigger and the log."""

from hypothesis import given
from hypothesis import strategies as st

from config.durations import UNITS_US
from config.loader import parse_trigger
from operators.reasons import Outcome
from tests.harness import run, us
from tests.property import oracle
from tests.property.strategies import streams, triggers


def found_by_engine(text, log, bound, at_end, **options):
    found = run(text, log, max_out_of_orderness=bound, at_end=at_end, **options)
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
    return sorted(answers, key=repr)


def found_by_hand(text, log, bound, at_end):
    events = [each | {"event_time": each["event_time"] * UNITS_US["ms"]} for each in log]
    return oracle.answers(parse_trigger(text).trigger, events, bound_us=us(bound), at_end=at_end).answers


BOUNDS = st.sampled_from(["0m", "10m", "30m"])


@given(triggers(), streams(), BOUNDS, st.sampled_from(["hold", "flush"]), st.integers(1, 15))
def test_the_automaton_equals_brute_force(text, log, bound, at_end, chunk_size):
    assert found_by_engine(text, log, bound, at_end, chunk_size=chunk_size) == found_by_hand(text, log, bound, at_end)
