"""`times` with a range on a later step: a loop that takes what fits until it is full, ended or over."""

import pytest

from tests.harness import event, run, trigger

DATA = "actions: [{channel: email, template: x, data: {n: $b.count}}]"


def bs(*times):
    return [event("b", when) for when in times]


def loop(times, *, rest="", then="\n  - {event: c}", match=""):
    return trigger(f"{match}\nsteps:\n  - {{event: a}}\n  - {{event: b, as: b, times: {times}{rest}}}{then}")


def ids(found):
    return [" ".join(each) for each in found.evidence]


def test_what_follows_is_open_from_min_on_and_the_loop_takes_on_until_it_comes():
    text = loop("{min: 2, max: 4}")
    assert run(text, [event("a", "0s"), *bs("1m"), event("c", "2m")]).fired == []
    found = run(text, [event("a", "0s"), *bs("1m", "2m", "3m"), event("c", "4m")])
    assert ids(found) == ["a@0s b@1m b@2m b@3m c@4m"]


def test_a_full_loop_takes_no_more():
    found = run(loop("{min: 1, max: 2}"), [event("a", "0s"), *bs("1m", "2m", "3m"), event("c", "4m")])
    assert ids(found) == ["a@0s b@1m b@2m c@4m"]


@pytest.mark.parametrize(("greedy", "taken"), [("", "a@0s b@1m both"), (", greedy: true", "a@0s b@1m both end")])
def test_an_event_that_fits_both_goes_to_the_next_step_unless_the_loop_is_greedy(greedy, taken):
    then = "\n  - {event: b, where: {properties.both: {eq: 1}}}"
    events = [event("a", "0s"), *bs("1m"), event("b", "2m", id="both", both=1), event("b", "3m", id="end", both=1)]
    text = loop("{min: 1, max: 2}", rest=greedy, then=then)
    assert ids(run(text, events)) == [taken]


def test_a_last_loop_fires_when_min_is_met_and_is_done():
    assert ids(run(loop("{min: 2}", then=""), [event("a", "0s"), *bs("1m", "2m", "3m")])) == ["a@0s b@1m b@2m"]


def test_with_keep_a_last_loop_fires_again_at_each_further_event_until_it_is_full():
    text = loop("{min: 2, max: 4}", then="", match="after_match: keep")
    found = run(text, [event("a", "0s"), *bs("1m", "2m", "3m", "4m", "5m")])
    assert found.fired == ["2m", "3m", "4m"]
    assert (found.pending, found.tally.of("matches", "t")) == (0, 3)


@pytest.mark.parametrize(("third", "fired"), [("10m-1ms", ["2m", "599999ms"]), ("10m", ["2m"]), ("10m+1ms", ["2m"])])
def test_a_kept_loop_is_closed_by_its_within_without_expiring(third, fired):
    text = loop("{min: 2}", rest=", within: 10m", then="", match="after_match: keep")
    found = run(text, [event("a", "0s"), *bs("1m", "2m", third), event("x", "20m")])
    assert (found.fired, found.expired, found.pending) == (fired, [], 0)


@pytest.mark.parametrize(("second", "fired"), [("10m-1ms", ["10m"]), ("10m", ["10m"]), ("10m+1ms", ["10m"])])
def test_a_greedy_last_loop_fires_when_its_within_is_over(second, fired):
    text = loop("{min: 1, max: 5}", rest=", within: 10m, greedy: true", then="")
    found = run(text, [event("a", "0s"), *bs("1m", second), event("x", "20m")])
    assert found.fired == fired
    assert len(found.evidence[0]) == (3 if second == "10m-1ms" else 2)


def test_a_greedy_last_loop_fires_at_max_at_until_and_at_a_strange_event():
    full = loop("{min: 1, max: 2}", rest=", within: 1h, greedy: true", then="")
    assert run(full, [event("a", "0s"), *bs("1m", "2m")]).fired == ["2m"]
    until = loop("{min: 1}", rest=", greedy: true, until: {event: stop}", then="")
    assert run(until, [event("a", "0s"), *bs("1m", "2m"), event("stop", "3m")]).fired == ["3m"]
    strict = loop("{min: 1, contiguity: strict}", rest=", greedy: true", then="")
    assert run(strict, [event("a", "0s"), *bs("1m", "2m"), event("x", "3m")]).fired == ["3m"]


def test_until_ends_the_loop_and_is_then_offered_to_what_follows():
    text = loop("{min: 1}", rest=", until: {event: c}")
    assert ids(run(text, [event("a", "0s"), *bs("1m"), event("c", "2m")])) == ["a@0s b@1m c@2m"]
    other = loop("{min: 1}", rest=", until: {event: stop}")
    events = [event("a", "0s"), *bs("1m"), event("stop", "2m"), *bs("3m"), event("c", "4m")]
    assert ids(run(other, events)) == ["a@0s b@1m c@4m"]


def test_until_before_min_breaks_the_match():
    found = run(loop("{min: 2}", rest=", until: {event: stop}"), [event("a", "0s"), *bs("1m"), event("stop", "2m")])
    assert (found.pending, found.tally.of("broken", "t")) == (0, 1)


def test_until_may_ask_for_what_the_loop_has():
    until = ", until: {event: b, where: {properties.x: {gt: $b.first.properties.x}}}"
    events = [event("a", "0s"), event("b", "1m", x=5), event("b", "2m", x=5), event("b", "3m", x=6), event("c", "4m")]
    assert ids(run(loop("{min: 1}", rest=until), events)) == ["a@0s b@1m b@2m c@4m"]


@pytest.mark.parametrize(("third", "count"), [("11m-1ms", 2), ("11m", 1), ("11m+1ms", 1)])
def test_the_span_of_a_loop_counts_from_its_first_event(third, count):
    text = loop("{min: 1, within: 10m}")
    found = run(text, [event("a", "0s"), *bs("1m", third), event("c", "20m")])
    assert len(found.evidence[0]) == count + 2


@pytest.mark.parametrize(("second", "expired"), [("11m-1ms", []), ("11m", ["11m"]), ("11m+1ms", ["11m"])])
def test_a_loop_that_can_no_longer_reach_min_expires_at_the_end_of_its_span(second, expired):
    found = run(loop("{min: 2, within: 10m}"), [event("a", "0s"), *bs("1m", second), event("x", "30m")])
    assert found.expired == expired


@pytest.mark.parametrize(("last", "fired"), [("9m-1ms", ["1139999ms"]), ("9m", ["19m"]), ("10m-1ms", ["1199999ms"])])
def test_a_timed_step_after_a_loop_starts_again_from_each_event_of_it(last, fired):
    text = loop("{min: 1}", then="\n  - {absent: c, within: 10m}")
    assert run(text, [event("a", "0s"), *bs("1m", last)], at_end="flush").fired == fired


def test_a_strict_loop_is_closed_by_another_event_and_broken_below_min():
    text = loop("{min: 2, contiguity: strict}")
    assert ids(run(text, [event("a", "0s"), *bs("1m", "2m"), event("x", "3m"), *bs("4m"), event("c", "5m")])) == [
        "a@0s b@1m b@2m c@5m"
    ]
    broken = run(text, [event("a", "0s"), *bs("1m"), event("x", "2m"), *bs("3m"), event("c", "4m")])
    assert (broken.fired, broken.tally.of("broken", "t")) == ([], 1)


def test_a_loop_without_a_bound_keeps_its_ends_and_counts():
    text = trigger(
        "steps: [{event: a}, {event: b, as: b, times: {min: 2}}, {event: c}]",
        rest="actions: [{channel: email, template: x, data: {n: $b.count, sum: $b.sum(properties.x), "
        "first: $b.first.properties.x, prev: $b.prev.properties.x, last: $b.properties.x, "
        "kinds: $b.distinct(properties.x), low: $b.min(properties.x), high: $b.max(properties.x), "
        "mean: $b.avg(properties.x)}}]",
    )
    events = [event("a", "0s"), *[event("b", f"{i}m", x=x) for i, x in enumerate([3, 1, 1, 7], 1)], event("c", "9m")]
    found = run(text, events, chunk_size=1, snapshot_every=1)
    assert ids(found) == ["a@0s b@1m b@4m c@9m"]
    assert found.data == [
        {"n": 4, "sum": 12, "first": 3, "prev": 1, "last": 7, "kinds": 3, "low": 1, "high": 7, "mean": 3.0}
    ]


def test_the_identity_of_an_unbounded_loop_is_of_all_its_events():
    text = loop("{min: 2}")
    one, other = (
        run(text, [event("a", "0s"), *bs("1m"), event("b", "2m", id=middle), *bs("3m"), event("c", "4m")])
        for middle in ("one", "other")
    )
    assert one.evidence == other.evidence
    assert one.decisions[0].match_id != other.decisions[0].match_id


def test_what_a_loop_takes_begins_no_match():
    text = trigger("steps: [{event: a}, {event: a, as: b, times: {min: 1, max: 2}}, {event: c}]")
    events = [event("a", f"{i}m") for i in range(3)]
    assert ids(run(text, [*events, event("c", "5m")])) == ["a@0m a@1m a@2m c@5m"]
