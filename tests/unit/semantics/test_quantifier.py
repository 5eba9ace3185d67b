"""`times`: a sliding window on the first event step, a loop on a later one."""

import pytest

from config.errors import ConfigError
from tests.harness import compiled, trigger
from tests.unit.semantics.runner import case, each

RANGE = "{event: a, times: {min: 2, max: 3}}"
LOOP = "steps: [{event: c}, {event: a, as: l, times: {min: 1, max: 9}}, {event: d}]"
KEEP = "after_match: keep\n"


@each(
    case("n events of any distance are a match", "steps: [{event: a, times: 3}]", "a1 x1 a2 a3@9d", ["9d: a1 a2 a3"]),
    case(
        "a completed match uses its events up",
        "steps: [{event: a, times: 3}]",
        "a1 a2 a3 a4 a5 a6",
        ["2m: a1 a2 a3", "5m: a4 a5 a6"],
    ),
    case(
        "with keep the window slides on by one event",
        f"{KEEP}steps: [{{event: a, times: 3}}]",
        "a1 a2 a3 a4 a5 a6",
        ["2m: a1 a2 a3", "3m: a2 a3 a4", "4m: a3 a4 a5", "5m: a4 a5 a6"],
    ),
    case(
        "a range that is all of the match fires at its min",
        f"steps: [{RANGE}]",
        "a1 a2 a3 a4",
        ["1m: a1 a2", "3m: a3 a4"],
    ),
    case(
        "a range with keep fires at each further event with the newest max",
        f"{KEEP}steps: [{RANGE}]",
        "a1 a2 a3 a4",
        ["1m: a1 a2", "2m: a1 a2 a3", "3m: a2 a3 a4"],
    ),
    case(
        "without a max the newest min are held",
        f"{KEEP}steps: [{{event: a, times: {{min: 2}}}}]",
        "a1 a2 a3",
        ["1m: a1 a2", "2m: a2 a3"],
    ),
    # Flink gives every run of two or three a before b.
    case(
        "with restart the match begins with the newest max",
        f"steps: [{RANGE}, {{event: b}}]",
        "a1 a2 a3 a4 b1",
        ["4m: a2 a3 a4 b1"],
    ),
    case(
        "with restart and no max it begins with the newest min",
        "steps: [{event: a, times: {min: 2}}, {event: b}]",
        "a1 a2 a3 b1",
        ["3m: a2 a3 b1"],
    ),
    case(
        "with ignore it begins with the oldest min",
        f"on_repeat: ignore\nsteps: [{RANGE}, {{event: b}}]",
        "a1 a2 a3 a4 b1",
        ["4m: a1 a2 b1"],
    ),
    case(
        "with overlap each event that completes the window begins a match",
        f"on_repeat: overlap\nsteps: [{RANGE}, {{event: b}}]",
        "a1 a2 a3 a4 b1",
        ["4m: a1 a2 b1", "4m: a1 a2 a3 b1", "4m: a2 a3 a4 b1"],
    ),
    case("below its min a window begins nothing", f"steps: [{RANGE}, {{event: b}}]", "a1 b1 x1", [], pending=0),
    case(
        "a window still fills over an event that fits only the next step",
        f"steps: [{RANGE}, {{event: b}}]",
        "a1 b1 a2 b2",
        ["3m: a1 a2 b2"],
    ),
    case(
        "an event that leaves the window incomplete leaves the open match alone",
        "steps: [{event: a, times: {min: 2, max: 2, within: 10m}}, {event: b}]",
        "a1 a2@1m a3@30m b1@31m",
        ["31m: a1 a2 b1"],
    ),
    case("a max alone means from one on", "steps: [{event: a, times: {max: 2}}, {event: b}]", "a1 b1", ["1m: a1 b1"]),
    case(
        "what a cancelled match had taken does not go back to the window",
        "steps: [{event: a, times: 3}, {absent: b, within: 1h}]",
        "a1 a2 a3 b1 a4 a5 x1@9h",
        [],
        ends={"cancelled": 1},
        pending=0,
    ),
    case(
        "after a cancelled match a whole new set begins the next",
        "steps: [{event: a, times: 3}, {absent: b, within: 1h}]",
        "a1 a2 a3 b1 a4 a5 a6",
        ["66m: a4 a5 a6"],
    ),
    case(
        "an exit of a begun match empties the window of what it had taken",
        "steps: [{event: a, times: 2}, {event: b}]\nexit: [{event: stop}]",
        "a1 a2 stop1 a3 b1 a4 b2",
        ["6m: a3 a4 b2"],
    ),
    case(
        "times of one is one event",
        "steps: [{event: a, times: 1}, {event: b}]",
        "a1 a2 b1",
        ["2m: a2 b1"],
    ),
)
def test_times_on_the_first_event_step(case):
    case.check()


@each(
    case("n events are needed", "steps: [{event: c}, {event: a, times: 2}]", "c1 a1 x1 a2 a3", ["3m: c1 a1 a2"]),
    case("fewer are not enough", "steps: [{event: c}, {event: a, times: 2}, {event: d}]", "c1 a1 d1", [], pending=1),
    # Siddhi's <2:5> counts the same; Flink would also give [c1 a1 d1] for min 1.
    case("a loop takes every event until the next step's", LOOP, "c1 a1 a2 x1 a3 d1", ["5m: c1 a1 a2 a3 d1"]),
    case("it takes none after the next step's event", LOOP, "c1 a1 d1 a2 d2", ["2m: c1 a1 d1"]),
    case(
        "the next step waits until min is held",
        "steps: [{event: c}, {event: a, times: {min: 2, max: 5}}, {event: d}]",
        "c1 a1 d1 a2 d2",
        ["4m: c1 a1 a2 d2"],
    ),
    case(
        "a full loop takes no more",
        "steps: [{event: c}, {event: a, times: {min: 2, max: 3}}, {event: d}]",
        "c1 a1 a2 a3 a4 d1",
        ["5m: c1 a1 a2 a3 d1"],
    ),
    case(
        "n exactly takes the first n",
        "steps: [{event: c}, {event: a, times: 2}, {event: d}]",
        "c1 a1 a2 a3 d1",
        ["4m: c1 a1 a2 d1"],
    ),
    case(
        "only events that fit its condition are counted",
        "steps: [{event: c}, {event: a, times: {min: 2, max: 5}, where: {properties.x: {gt: 20}}}, {event: d}]",
        "c1 a1(x=25) a2(x=13) d1 a3(x=47) d2",
        ["5m: c1 a1 a3 d2"],
    ),
    case(
        "an unbounded loop keeps its first, its last and how many there were",
        "steps: [{event: c}, {event: a, as: l, times: {min: 1}}, {event: d}]",
        "c1 a1 a2 a3 a4 d1",
        ["5m: c1 a1 a4 d1"],
        data="{n: $l.count}",
        carries=[{"n": 4}],
    ),
    case(
        "one event of an unbounded loop is its first and its last",
        "steps: [{event: c}, {event: a, as: l, times: {min: 1}}, {event: d}]",
        "c1 a1 d1",
        ["2m: c1 a1 d1"],
        data="{n: $l.count}",
        carries=[{"n": 1}],
    ),
    case(
        "two loops follow each other, and the first closes when the second takes an event",
        "steps: [{event: c}, {event: a, times: {max: 9}}, {event: b, times: {max: 9}}, {event: d}]",
        "c1 a1 a2 b1 a3 b2 d1",
        ["6m: c1 a1 a2 b1 b2 d1"],
    ),
    case(
        "a restart begins a new loop",
        LOOP,
        "c1 a1 c2 a2 d1",
        ["4m: c2 a2 d1"],
    ),
    case(
        "with overlap each match has a loop of its own",
        f"on_repeat: overlap\n{LOOP}",
        "c1 a1 c2 a2 d1",
        ["4m: c1 a1 a2 d1", "4m: c2 a2 d1"],
    ),
)
def test_times_on_a_later_step_is_a_loop(case):
    case.check()


@each(
    case(
        "an event that fits the loop and the next step is the next step's",
        "steps: [{event: c}, {event: a, as: l, times: {max: 9}}, {event: a, where: {properties.x: {eq: 1}}}]",
        "c1 a1 a2 a3(x=1)",
        ["3m: c1 a1 a2 a3"],
        data="{n: $l.count}",
        carries=[{"n": 2}],
    ),
    case(
        "unless the loop has not its min",
        "steps: [{event: c}, {event: a, as: l, times: {max: 9}}, {event: a, where: {properties.x: {eq: 1}}}]",
        "c1 a1(x=1) a2(x=1)",
        ["2m: c1 a1 a2"],
        data="{n: $l.count}",
        carries=[{"n": 1}],
    ),
    case(
        "a loop and a next step of one type share their events between them",
        "steps: [{event: c}, {event: a, times: 2}, {event: a}]",
        "c1 a1 a2 a3",
        ["3m: c1 a1 a2 a3"],
    ),
    case(
        "an event taken into the loop starts the absence after it again",
        "steps: [{event: c}, {event: a, times: {max: 9}}, {absent: b, within: 10m}]",
        "c1 a1@1m a2@5m",
        ["15m: c1 a1 a2"],
    ),
    case(
        "at the deadline of that absence it is too late for the loop",
        "steps: [{event: c}, {event: a, times: {max: 9}}, {absent: b, within: 10m}]",
        "c1 a1@1m a2@11m",
        ["11m: c1 a1"],
    ),
    case(
        "the absent event ends the match also after the loop went on",
        "steps: [{event: c}, {event: a, times: {max: 9}}, {absent: b, within: 10m}]",
        "c1 a1@1m a2@5m b1@12m",
        [],
        ends={"cancelled": 1},
    ),
    case(
        "a full loop starts the absence no more",
        "steps: [{event: c}, {event: a, times: {max: 2}}, {absent: b, within: 10m}]",
        "c1 a1@1m a2@5m a3@9m",
        ["15m: c1 a1 a2"],
    ),
    case(
        "an event taken into the loop starts the wait after it again",
        "steps: [{event: c}, {event: a, times: {max: 9}}, {wait: 10m}]",
        "c1 a1@1m a2@5m",
        ["15m: c1 a1 a2"],
    ),
    case(
        "an absence before the loop has its min is not yet asked",
        "steps: [{event: c}, {event: a, times: 2}, {absent: b, within: 10m}]",
        "c1 a1 b1 a2",
        ["13m: c1 a1 a2"],
    ),
)
def test_a_loop_and_what_follows_it(case):
    case.check()


LAST = "steps: [{event: c}, {event: a, times: {max: 9}}]"


@each(
    case("a loop that is last fires when min is first held", LAST, "c1 a1 a2 a3", ["1m: c1 a1"], pending=0),
    case(
        "with keep it fires again at each further event",
        f"{KEEP}{LAST}",
        "c1 a1 a2 a3",
        ["1m: c1 a1", "2m: c1 a1 a2", "3m: c1 a1 a2 a3"],
    ),
    case(
        "with keep it fires from min to max",
        f"{KEEP}steps: [{{event: c}}, {{event: a, times: {{min: 2, max: 3}}}}]",
        "c1 a1 a2 a3 a4",
        ["2m: c1 a1 a2", "3m: c1 a1 a2 a3"],
        pending=0,
    ),
    case(
        "with keep it fires until its within is over",
        f"{KEEP}steps: [{{event: c}}, {{event: a, times: {{min: 2, max: 9}}, within: 10m}}]",
        "c1 a1@1m a2@2m a3@9m a4@10m",
        ["2m: c1 a1 a2", "9m: c1 a1 a2 a3"],
        expires=[],
    ),
    case(
        "overlapping matches that end in loops each fire on",
        f"on_repeat: overlap\n{LAST}",
        "c1 a1 c2 a2",
        ["1m: c1 a1", "3m: c1 a1 a2", "3m: c2 a2"],
    ),
)
def test_a_loop_that_is_last(case):
    case.check()


SPAN = "{event: a, times: {min: 2, max: 3, within: 10m}}"


@each(
    case(
        "the last of a loop lies less than its span after its first",
        f"steps: [{{event: c}}, {SPAN}]",
        "c1 a1@5m a2@15m-1ms",
        ["15m-1ms: c1 a1 a2"],
    ),
    case(
        "a loop that cannot reach its min in its span expires then",
        f"steps: [{{event: c}}, {SPAN}]",
        "c1 a1@5m a2@15m",
        [],
        expires=["15m: c1 a1"],
    ),
    case(
        "a loop that had its min when its span passed is closed and goes on",
        f"steps: [{{event: c}}, {SPAN}, {{event: d}}]",
        "c1 a1@5m a2@6m a3@15m d1@1h",
        ["1h: c1 a1 a2 d1"],
        expires=[],
    ),
    case(
        "the span of a loop begins with its first event and not with the step before",
        f"steps: [{{event: c}}, {SPAN}]",
        "c1 a1@60m a2@69m",
        ["69m: c1 a1 a2"],
    ),
    case(
        "the step's within closes a loop that has its min",
        "steps: [{event: c}, {event: a, times: {max: 9}, within: 10m}, {event: d}]",
        "c1 a1@1m a2@10m d1@20m",
        ["20m: c1 a1 d1"],
        expires=[],
    ),
    case(
        "the step's within ends a loop that has not",
        "steps: [{event: c}, {event: a, times: {min: 2, max: 9}, within: 10m}, {event: d}]",
        "c1 a1@1m a2@10m d1@20m",
        [],
        expires=["10m: c1 a1"],
    ),
    case(
        "of two spans of a loop the one that is over first counts",
        "steps: [{event: c}, {event: a, times: {min: 2, max: 9, within: 10m}, within: 12m}]",
        "c1 a1@5m a2@12m",
        [],
        expires=["12m: c1 a1"],
    ),
)
def test_the_spans_of_a_loop(case):
    case.check()


@pytest.mark.parametrize("before", ["", "{event: c}, "])
def test_every_combination_of_a_repetition_is_refused_for_good(before):
    with pytest.raises(ConfigError, match="each") as refused:
        compiled(trigger(f"steps: [{before}{{event: a, times: {{min: 2, max: 3, contiguity: each}}}}, {{event: b}}]"))
    assert "in this version yet" not in str(refused.value)
