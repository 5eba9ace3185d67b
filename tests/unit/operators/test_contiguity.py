"""`contiguity` between steps: `strict` is the very next event of the key, `each` a match of its own for every event."""

import pytest

from tests.harness import event, run, trigger

STRICT = trigger("steps: [{event: a}, {event: b, contiguity: strict}]")


def ids(found):
    return [" ".join(each) for each in found.evidence]


def test_strict_takes_the_very_next_event_of_the_key():
    assert run(STRICT, [event("a", "0s"), event("b", "1m")]).fired == ["1m"]
    broken = run(STRICT, [event("a", "0s"), event("x", "30s"), event("b", "1m")])
    assert (broken.fired, broken.tally.of("broken", "t")) == ([], 1)


def test_events_of_other_keys_and_late_ones_and_copies_do_not_come_between():
    assert run(STRICT, [event("a", "0s"), event("x", "30s", customer="c2"), event("b", "1m")]).fired == ["1m"]
    late = [event("a", "10s"), event("x", "5s"), event("a", "10s"), event("b", "1m")]
    assert run(STRICT, late).fired == ["1m"]


def test_after_a_wait_strict_still_allows_no_event_between():
    text = trigger("steps: [{event: a}, {wait: 10m}, {event: b, contiguity: strict}]")
    assert run(text, [event("a", "0s"), event("b", "11m")]).fired == ["11m"]
    assert run(text, [event("a", "0s"), event("x", "5m"), event("b", "11m")]).fired == []


def test_an_optional_strict_step_is_closed_by_another_event():
    text = trigger("steps: [{event: a}, {event: b, contiguity: strict, optional: true}, {event: c}]")
    assert ids(run(text, [event("a", "0s"), event("b", "1m"), event("c", "2m")])) == ["a@0s b@1m c@2m"]
    assert ids(run(text, [event("a", "0s"), event("x", "1s"), event("b", "1m"), event("c", "2m")])) == ["a@0s c@2m"]


def test_a_strict_first_repetition_is_emptied_by_any_other_event():
    text = trigger("steps: [{event: a, times: {min: 2, max: 2, contiguity: strict}}]")
    events = [event("a", "0s"), event("x", "1s"), event("a", "2s"), event("a", "3s")]
    assert ids(run(text, events, chunk_size=1, snapshot_every=1)) == ["a@2s a@3s"]


def each_of(match=""):
    return trigger(f"{match}\nsteps: [{{event: a}}, {{event: b, contiguity: each, within: 10m}}]")


@pytest.mark.parametrize(("last", "count"), [("10m-1ms", 3), ("10m", 2), ("10m+1ms", 2)])
def test_each_later_event_makes_a_match_until_the_step_is_over(last, count):
    events = [event("a", "0s"), event("b", "1m"), event("b", "2m"), event("b", last), event("x", "1h")]
    found = run(each_of("after_match: keep"), events)
    assert len(found.fired) == count
    assert (found.expired, found.pending) == (["10m"], 0)


def test_with_skip_past_last_the_first_of_them_ends_the_others():
    found = run(each_of(), [event("a", "0s"), event("b", "1m"), event("b", "2m")])
    assert (ids(found), found.tally.of("skipped", "t"), found.pending) == (["a@0s b@1m"], 1, 0)


def test_each_of_them_goes_on_by_itself():
    text = trigger("after_match: keep\nsteps: [{event: a}, {event: b, contiguity: each}, {absent: c, within: 5m}]")
    events = [event("a", "0s"), event("b", "1m"), event("b", "4m"), event("c", "7m"), event("b", "9m")]
    found = run(text, events, at_end="flush", chunk_size=1, snapshot_every=1)
    assert ids(found) == ["a@0s b@1m", "a@0s b@9m"]


def test_a_strict_step_that_another_event_kept_from_being_next_waits_for_what_may_still_come_before_it():
    text = trigger("steps: [{event: a}, {event: b, optional: true, within: 10m}, {event: c, contiguity: strict}]")
    assert ids(run(text, [event("a", "0s"), event("x", "1m"), event("b", "2m"), event("c", "3m")])) == [
        "a@0s b@2m c@3m"
    ]
    assert run(text, [event("a", "0s"), event("x", "1m"), event("c", "2m")]).fired == []
    for when, broken in (("10m-1ms", 0), ("10m", 1), ("10m+1ms", 1)):
        found = run(text, [event("a", "0s"), event("x", "1m"), event("y", when, customer="c2")])
        assert (found.tally.of("broken", "t"), found.expired) == (broken, [])
