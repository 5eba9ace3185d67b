"""`optional`: a step that may be left out; what follows is open at once."""

import pytest

from config.errors import ConfigError
from tests.harness import compiled, trigger
from tests.unit.semantics.runner import case, each

MIDDLE = "steps: [{event: c}, {event: a, as: o, optional: true}, {event: d}]"
TWO = "steps: [{event: c}, {event: a, optional: true}, {event: b, optional: true}, {event: d}]"
LAST = "steps: [{event: c}, {event: a, optional: true}]"
FIRST = "steps: [{event: a, optional: true}, {event: b}]"


@each(
    case("it may be taken", MIDDLE, "c1 a1 d1", ["2m: c1 a1 d1"]),
    case("it may be left out", MIDDLE, "c1 x1 d1", ["2m: c1 d1"]),
    case("it is taken once", MIDDLE, "c1 a1 a2 d1", ["3m: c1 a1 d1"]),
    case("after the next step's event it is over", MIDDLE, "c1 d1 a1", ["1m: c1 d1"], pending=0),
    case("two in a row may both be taken", TWO, "c1 a1 b1 d1", ["3m: c1 a1 b1 d1"]),
    case("of two in a row the first may be left out", TWO, "c1 b1 d1", ["2m: c1 b1 d1"]),
    case("of two in a row the second may be left out", TWO, "c1 a1 d1", ["2m: c1 a1 d1"]),
    case("of two in a row both may be left out", TWO, "c1 d1", ["1m: c1 d1"]),
    case("of two in a row the second closes the first", TWO, "c1 b1 a1 d1", ["3m: c1 b1 d1"]),
    case(
        "an event that fits it and the step after is the earlier step's",
        "steps: [{event: c}, {event: a, as: o, optional: true}, {event: [a, d]}]",
        "c1 a1 a2 a3",
        ["2m: c1 a1 a2"],
    ),
    case(
        "an optional loop takes what there is",
        "steps: [{event: c}, {event: a, times: {max: 9}, optional: true}, {event: d}]",
        "c1 a1 x1 a2 d1",
        ["4m: c1 a1 a2 d1"],
    ),
    case(
        "an optional loop may take nothing",
        "steps: [{event: c}, {event: a, times: {max: 9}, optional: true}, {event: d}]",
        "c1 d1",
        ["1m: c1 d1"],
    ),
    case(
        "its within closes it and ends nothing",
        "steps: [{event: c}, {event: a, optional: true, within: 10m}, {event: d}]",
        "c1 a1@10m d1@20m",
        ["20m: c1 d1"],
        expires=[],
    ),
    case(
        "before its within is over it is taken",
        "steps: [{event: c}, {event: a, optional: true, within: 10m}, {event: d}]",
        "c1 a1@10m-1ms d1@20m",
        ["20m: c1 a1 d1"],
    ),
    case(
        "an absence after it counts from the step before it",
        "steps: [{event: c}, {event: a, optional: true}, {absent: b, within: 10m}]",
        "c1 x1",
        ["10m: c1"],
    ),
    case(
        "and from its event when it comes",
        "steps: [{event: c}, {event: a, optional: true}, {absent: b, within: 10m}]",
        "c1 a1@5m",
        ["15m: c1 a1"],
    ),
    case(
        "the absent event ends the match although the optional one could still come",
        "steps: [{event: c}, {event: a, optional: true}, {absent: b, within: 10m}]",
        "c1 b1 a1",
        [],
        ends={"cancelled": 1},
    ),
)
def test_an_optional_step_in_the_middle(case):
    case.check()


@each(
    case("it is not waited for", LAST, "c1 a1", ["0m: c1"], pending=0),
    # Flink's optional end: the match without it, and the one with it.
    case("with keep the match fires again when it comes", f"after_match: keep\n{LAST}", "c1 x1 a1 a2",
         ["0m: c1", "2m: c1 a1"]),
    case("with keep and a within only before that is over",
         "after_match: keep\nsteps: [{event: c}, {event: a, optional: true, within: 10m}]", "c1 a1@10m", ["0m: c1"],
         expires=[]),
    case("each first event fires at once", LAST, "c1 c2 a1 c3", ["0m: c1", "1m: c2", "3m: c3"]),
)  # fmt: skip
def test_an_optional_step_that_is_last(case):
    case.check()


@each(
    case("a match begins with it", FIRST, "a1 b1", ["1m: a1 b1"]),
    case("or with the step after it", FIRST, "b1", ["0m: b1"]),
    case("each in its turn", FIRST, "a1 b1 b2 a2 a3 b3", ["1m: a1 b1", "2m: b2", "5m: a3 b3"]),
    # Flink gives both here by default.
    case("with overlap what advances one match begins another", f"on_repeat: overlap\n{FIRST}", "a1 b1",
         ["1m: a1 b1", "1m: b1"]),
    case("with three steps the second may be the first event",
         "steps: [{event: a, optional: true}, {event: b}, {event: c}]", "b1 c1 a2 b2 c2",
         ["1m: b1 c1", "4m: a2 b2 c2"]),
)  # fmt: skip
def test_an_optional_step_that_is_first(case):
    case.check()


@each(
    case("what was not taken is nothing in the data", MIDDLE, "c1 d1", ["1m: c1 d1"],
         data="{x: $o.properties.x}", carries=[{"x": None}]),
    case("what was taken is there", MIDDLE, "c1 a1(x=5) d1", ["2m: c1 a1 d1"],
         data="{x: $o.properties.x}", carries=[{"x": 5}]),
    case("a condition on what was not taken is unknown, which does not fit",
         "steps: [{event: c}, {event: a, as: o, optional: true},"
         " {event: d, where: {properties.x: {eq: $o.properties.x}}}]",
         "c1 d1(x=5) a1(x=5) d2(x=5)", ["3m: c1 a1 d2"]),
    case("and which does fit an absence",
         "steps: [{event: c}, {event: a, as: o, optional: true},"
         " {absent: b, within: 10m, where: {properties.x: {eq: $o.properties.x}}}]",
         "c1 b1(x=5)", [], ends={"cancelled": 1}),
)  # fmt: skip
def test_what_an_optional_step_captured(case):
    case.check()


def test_a_match_of_optional_steps_alone_is_refused():
    with pytest.raises(ConfigError, match="could match without any event"):
        compiled(trigger("steps: [{event: a, optional: true}, {event: b, optional: true}]"))
