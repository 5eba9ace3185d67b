"""`all` and `any`: members in any order, nested, with absences inside, on the first step and on a later one."""

import pytest

from config.errors import ConfigError
from tests.harness import compiled, trigger
from tests.unit.semantics.runner import case, each

BOTH = "steps: [{event: c}, {all: [{event: a}, {event: b}]}]"
EITHER = "steps: [{event: c}, {any: [{event: a, as: a}, {event: b, as: b}]}]"
NAMED = """
steps:
  - {event: c}
  - all: [{event: a, as: p, where: {properties.x: {eq: 1}}}, {event: a, as: q}]
"""
OTHER_WAY = """
steps:
  - {event: c}
  - all: [{event: a, as: q}, {event: a, as: p, where: {properties.x: {eq: 1}}}]
"""
WHICH = {"data": "{p: $p.properties.n, q: $q.properties.n}"}


@each(
    case("all in the order written", BOTH, "c1 a1 b1", ["2m: c1 a1 b1"]),
    case("all in the other order", BOTH, "c1 b1 x1 a1", ["3m: c1 b1 a1"]),
    case("one of all is not enough", BOTH, "c1 a1 a2", [], pending=1),
    case("what came before the group does not count", BOTH, "a1 c1 b1", [], pending=1),
    case("one event fills one member", "steps: [{event: c}, {all: [{event: a}, {event: a}]}]", "c1 a1", [], pending=1),
    case("two events fill two members of one type",
         "steps: [{event: c}, {all: [{event: a}, {event: a}]}]", "c1 a1 a2", ["2m: c1 a1 a2"]),
    case("an event fills the first unfilled member it fits", NAMED, "c1 a1(x=1,n=1) a2(x=1,n=2)", ["2m: c1 a1 a2"],
         carries=[{"p": 1, "q": 2}], **WHICH),
    case("one that does not fit the first fills the second", NAMED, "c1 a1(x=2,n=1) a2(x=1,n=2)", ["2m: c1 a1 a2"],
         carries=[{"p": 2, "q": 1}], **WHICH),
    case("a filled member is not filled again", OTHER_WAY, "c1 a1(x=1,n=1) a2(x=2,n=2) a3(x=1,n=3)",
         ["3m: c1 a1 a3"], carries=[{"p": 3, "q": 1}], **WHICH),
    case("a restart empties the group", BOTH, "c1 a1 c2 b1 a2", ["4m: c2 b1 a2"]),
    case("with overlap each match has a group of its own", f"on_repeat: overlap\n{BOTH}", "c1 a1 c2 b1 a2",
         ["3m: c1 a1 b1", "4m: c2 b1 a2"]),
    case("members may ask about an earlier event",
         "steps: [{event: c, as: c}, {all: [{event: a, where: {properties.x: {gt: $c.properties.x}}}, {event: b}]}]",
         "c1(x=5) a1(x=5) b1 a2(x=6)", ["3m: c1 b1 a2"]),
    case("a member that is unknown is not filled",
         "steps: [{event: c}, {all: [{event: a, where: {properties.x: {eq: 1}}}, {event: b}]}]", "c1 a1 b1 a2(x=1)",
         ["3m: c1 b1 a2"]),
    case("a step after the group waits for all of it",
         "steps: [{event: c}, {all: [{event: a}, {event: b}]}, {event: d}]", "c1 a1 d1 b1 d2", ["4m: c1 a1 b1 d2"]),
)  # fmt: skip
def test_all(case):
    case.check()


@each(
    case("any is done by its first member", EITHER, "c1 a1", ["1m: c1 a1"]),
    case("any is done by its second member", EITHER, "c1 b1", ["1m: c1 b1"]),
    case("any is done once", EITHER, "c1 b1 a1", ["1m: c1 b1"], pending=0),
    case("a member that was not taken is nothing in the data", EITHER, "c1 b1(x=5)", ["1m: c1 b1"],
         data="{a: $a.properties.x, b: $b.properties.x}", carries=[{"a": None, "b": 5}]),
    case("the first member written takes an event that fits two",
         "steps: [{event: c}, {any: [{event: a, as: p}, {event: a, as: q}]}]", "c1 a1(x=5)", ["1m: c1 a1"],
         data="{p: $p.properties.x, q: $q.properties.x}", carries=[{"p": 5, "q": None}]),
    case("a step after any goes on", "steps: [{event: c}, {any: [{event: a}, {event: b}]}, {event: a}]", "c1 a1 a2",
         ["2m: c1 a1 a2"]),
)  # fmt: skip
def test_any(case):
    case.check()


@each(
    case("any inside all, by its first", "steps: [{event: c}, {all: [{event: a}, {any: [{event: b}, {event: d}]}]}]",
         "c1 b1 a1", ["2m: c1 b1 a1"]),
    case("any inside all, by its second", "steps: [{event: c}, {all: [{event: a}, {any: [{event: b}, {event: d}]}]}]",
         "c1 a1 d1", ["2m: c1 a1 d1"]),
    case("any inside all is filled once",
         "steps: [{event: c}, {all: [{event: a}, {any: [{event: b}, {event: d}]}]}]", "c1 b1 d1 a1", ["3m: c1 b1 a1"]),
    case("all inside any needs all", "steps: [{event: c}, {any: [{all: [{event: a}, {event: b}]}, {event: d}]}]",
         "c1 a1 b1", ["2m: c1 a1 b1"]),
    case("or the other member", "steps: [{event: c}, {any: [{all: [{event: a}, {event: b}]}, {event: d}]}]",
         "c1 d1", ["1m: c1 d1"]),
    case("all inside all is all", "steps: [{event: c}, {all: [{all: [{event: a}, {event: b}]}, {event: d}]}]",
         "c1 d1 b1 a1", ["3m: c1 d1 b1 a1"]),
)  # fmt: skip
def test_groups_in_groups(case):
    case.check()


QUIET_ALL = "steps: [{event: c}, {all: [{event: a}, {absent: b, within: 10m}]}]"
QUIET_ANY = "steps: [{event: c}, {any: [{event: a}, {absent: b, within: 10m}]}]"
TWO_QUIETS = "steps: [{event: c}, {any: [{absent: b, within: 10m}, {absent: d, within: 20m}]}]"


@each(
    case("all is done when its absence is over", QUIET_ALL, "c1 a1@5m", ["10m: c1 a1"]),
    case("all is done when its event comes after that", QUIET_ALL, "c1 a1@12m", ["12m: c1 a1"]),
    case("the absent event ends all", QUIET_ALL, "c1 a1@5m b1@10m-1ms", [], ends={"cancelled": 1}, pending=0),
    case("at its deadline the absence is over", QUIET_ALL, "c1 a1@5m b1@10m", ["10m: c1 a1"]),
    case("the absent event before the group does not count", QUIET_ALL, "b1 c1 a1", ["11m: c1 a1"]),
    case("what may fit the absence ends all too",
         "steps: [{event: c}, {all: [{event: a}, {absent: b, within: 10m, where: {properties.x: {eq: 1}}}]}]",
         "c1 a1 b1", [], ends={"cancelled": 1}),
    case("any is done by the event before its absence is over", QUIET_ANY, "c1 a1@5m", ["5m: c1 a1"]),
    case("any is done by the absence when no event comes", QUIET_ANY, "c1 x1@5m", ["10m: c1"]),
    case("the absent event leaves any to its other member", QUIET_ANY, "c1 b1@3m a1@15m", ["15m: c1 a1"]),
    case("and it waits for it", QUIET_ANY, "c1 b1@3m", [], pending=1),
    case("of two absences the first that is over is enough", TWO_QUIETS, "c1 d1@3m", ["10m: c1"]),
    case("of two absences the other may be over", TWO_QUIETS, "c1 b1@3m", ["20m: c1"]),
    case("any without a member left ends the match", TWO_QUIETS, "c1 b1@3m d1@4m", [], ends={"cancelled": 1},
         pending=0),
    case("all of two absences is done at the later",
         "steps: [{event: c}, {all: [{absent: b, within: 10m}, {absent: d, within: 20m}]}]", "c1 b1@10m", ["20m: c1"]),
    case("an absence of a group in a group begins with the group",
         "steps: [{event: c}, {all: [{event: a}, {any: [{event: d}, {absent: b, within: 10m}]}]}]", "c1 a1@3m",
         ["10m: c1 a1"]),
)  # fmt: skip
def test_absences_in_groups(case):
    case.check()


SPAN = "steps: [{event: c}, {all: [{event: a}, {event: b}], within: 10m}]"


@each(
    case("every member comes within the step's within", SPAN, "c1 a1@1m b1@10m-1ms", ["10m-1ms: c1 a1 b1"]),
    case("at the within it has timed out", SPAN, "c1 a1@1m b1@10m", [], expires=["10m: c1 a1"]),
    case("any has a within too", "steps: [{event: c}, {any: [{event: a}, {event: b}], within: 10m}]", "c1 a1@10m", [],
         expires=["10m: c1"]),
    case("the next within counts from the group's latest event",
         "steps: [{event: c}, {all: [{event: a}, {event: b}]}, {event: d, within: 10m}]", "c1 b1@1m a1@5m d1@15m-1ms",
         ["15m-1ms: c1 b1 a1 d1"]),
    case("and not from its end",
         "steps: [{event: c}, {all: [{event: a}, {absent: b, within: 10m}]}, {event: d, within: 10m}]",
         "c1 a1@5m d1@15m", [], expires=["15m: c1 a1"]),
    case("an absence after a group counts from the group's end",
         "steps: [{event: c}, {all: [{event: a}, {absent: b, within: 10m}]}, {absent: d, within: 5m}]", "c1 a1@2m",
         ["15m: c1 a1"]),
)  # fmt: skip
def test_the_spans_of_a_group(case):
    case.check()


FIRST_ALL = "steps: [{all: [{event: a}, {event: b}]}, {event: d}]"
FIRST_SPAN = "steps: [{all: [{event: a}, {event: b}], within: 10m}]"


@each(
    case("a first all is a match by itself", "steps: [{all: [{event: a}, {event: b}]}]", "b1 x1 a1", ["2m: b1 a1"]),
    case("its events are used up",
         "steps: [{all: [{event: a}, {event: b}]}]", "a1 b1 b2 a2", ["1m: a1 b1", "3m: b2 a2"]),
    case("with overlap they are not",
         "on_repeat: overlap\nsteps: [{all: [{event: a}, {event: b}]}]", "a1 b1 b2", ["1m: a1 b1", "2m: a1 b2"]),
    case("with restart the newest of each begin", FIRST_ALL, "a1 a2 b1 d1", ["3m: a2 b1 d1"]),
    case("with restart a newer one begins anew", FIRST_ALL, "a1 b1 a2 d1", ["3m: b1 a2 d1"]),
    case("with ignore the oldest of each begin", f"on_repeat: ignore\n{FIRST_ALL}", "a1 a2 b1 b2 d1",
         ["4m: a1 b1 d1"]),
    case("less than its span apart they begin", FIRST_SPAN, "a1 b1@10m-1ms", ["10m-1ms: a1 b1"]),
    case("at its span apart they do not", FIRST_SPAN, "a1 b1@10m", []),
    case("its window slides", FIRST_SPAN, "a1 b1@10m a2@15m", ["15m: b1 a2"]),
    case("with ignore the oldest still inside the span begins", f"on_repeat: ignore\n{FIRST_SPAN}",
         "a1 a2@5m a3@8m b1@12m", ["12m: a2 b1"]),
    case("two customers do not make it full", "steps: [{all: [{event: a}, {event: b}]}]", "a1 b1/c2", []),
    case("a first any begins with either", "steps: [{any: [{event: a}, {event: b}]}, {event: d}]", "b1 d1 a1 d2",
         ["1m: b1 d1", "3m: a1 d2"]),
    case("a first any is a match by itself", "steps: [{any: [{event: a}, {event: b}]}]", "a1 x1 b1",
         ["0m: a1", "2m: b1"]),
    case("any inside a first all is filled by either",
         "steps: [{all: [{event: a}, {any: [{event: b}, {event: d}]}]}]", "d1 a1 b1 a2", ["1m: d1 a1", "3m: b1 a2"]),
    case("an exit leaves a group that has not begun alone",
         "steps: [{all: [{event: a}, {event: b}]}]\nexit: [{event: stop}]", "a1 stop1 b1", ["2m: a1 b1"]),
    case("per has a window of its own for each value",
         "key: properties.k\nper: customer_id\nsteps: [{all: [{event: a}, {event: b}]}]",
         "a1(k=p) b1(k=p)/c2 a2(k=p)/c2", ["p 2m: b1 a2"]),
)  # fmt: skip
def test_a_group_as_the_first_step(case):
    case.check()


def test_an_absence_in_a_group_that_is_first_is_refused():
    with pytest.raises(ConfigError, match="absent"):
        compiled(trigger("steps: [{any: [{event: a}, {absent: b, within: 10m}]}, {event: c}]"))
