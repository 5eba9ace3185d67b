"""`greedy`: the loop wins over the next step, and a greedy loop that is last fires when it is ended."""

from tests.unit.semantics.runner import case, each

SHARED = """
steps:
  - {event: c}
  - {event: a, as: l, times: {min: 1, max: 2}, greedy: true}
  - {event: a, where: {properties.x: {eq: 1}}}
"""
COUNT = {"data": "{n: $l.count}"}


@each(
    case("a greedy loop takes what fits the next step too", SHARED, "c1 a1 a2(x=1)", [], pending=1),
    case("once it is full the next step has its turn", SHARED, "c1 a1 a2(x=1) a3(x=1)", ["3m: c1 a1 a2 a3"]),
    case(
        "what only fits the next step is the next step's",
        "steps: [{event: c}, {event: a, times: {min: 1, max: 9}, greedy: true}, {event: [a, d]}]",
        "c1 a1 a2 d1",
        ["3m: c1 a1 a2 d1"],
    ),
    # Flink: c a{2,5} d, greedy.
    case(
        "a greedy range takes all there are up to its max",
        "steps: [{event: c}, {event: a, times: {min: 2, max: 5}, greedy: true}, {event: d}]",
        "c1 a1 a2 x1 a3 a4 d1",
        ["6m: c1 a1 a2 a3 a4 d1"],
    ),
    case(
        "a greedy range with too few is none",
        "steps: [{event: c}, {event: a, times: {min: 2, max: 5}, greedy: true}, {event: d}]",
        "c1 a1 d1",
        [],
        pending=1,
    ),
    case(
        "greedy and not, the loop before the absence takes the same",
        "steps: [{event: c}, {event: a, times: {max: 9}, greedy: true}, {absent: b, within: 10m}]",
        "c1 a1@1m a2@5m",
        ["15m: c1 a1 a2"],
    ),
    case(
        "a greedy optional loop may take nothing",
        "steps: [{event: c}, {event: a, times: {max: 9}, greedy: true, optional: true}, {event: d}]",
        "c1 x1 d1",
        ["2m: c1 d1"],
    ),
    case(
        "a greedy optional loop takes all there are",
        "steps: [{event: c}, {event: a, times: {max: 9}, greedy: true, optional: true}, {event: d}]",
        "c1 x1 a1 x2 a2 x3 a3 d1",
        ["7m: c1 a1 a2 a3 d1"],
    ),
    case(
        "of two loops after each other the greedy one takes what fits both",
        "steps: [{event: c}, {event: a, as: l, times: {max: 9}, greedy: true}, {event: [a, b], times: {max: 9}},"
        " {event: d}]",
        "c1 a1 a2 b1 a3 d1",
        ["5m: c1 a1 a2 b1 a3 d1"],
        carries=[{"n": 2}],
        **COUNT,
    ),
    case(
        "a loop that is not greedy leaves it to the second",
        "steps: [{event: c}, {event: a, as: l, times: {max: 9}}, {event: [a, b], times: {max: 9}}, {event: d}]",
        "c1 a1 a2 b1 a3 d1",
        ["5m: c1 a1 a2 b1 a3 d1"],
        carries=[{"n": 1}],
        **COUNT,
    ),
)
def test_a_greedy_loop_before_another_step(case):
    case.check()


def last(how, *, step="", match=""):
    return f"{match}steps: [{{event: c}}, {{event: a, times: {how}, greedy: true{step}}}]"


UNTIL = last("{min: 1, max: 9}", step=", until: {event: u}")
STRICT = last("{min: 1, max: 9, contiguity: strict}")


@each(
    case("a full one fires at the event that filled it", last("{max: 3}", match="within: 9d\n"), "c1 a1 a2 a3 a4",
         ["3m: c1 a1 a2 a3"]),
    case("until ends it at the time of the event that ended it", UNTIL, "c1 a1 a2 u1 a3", ["3m: c1 a1 a2"]),
    case("before it is ended it waits", UNTIL, "c1 a1 a2", [], pending=1),
    case("an end before its min is none", last("{min: 2, max: 9}", step=", until: {event: u}"), "c1 a1 u1 a2 u2", [],
         ends={"broken": 1}, pending=0),
    case("a broken neighbourhood ends it at the time of the event that broke it", STRICT, "c1 a1 a2 x1 a3",
         ["3m: c1 a1 a2"]),
    case("with neighbours only it waits for one that is none", STRICT, "c1 a1 a2 a3", [], pending=1),
    case("its within ends it at its deadline", last("{max: 9}", step=", within: 10m"), "c1 a1@1m a2@9m",
         ["10m: c1 a1 a2"], expires=[]),
    case("an event at the deadline is not taken", last("{max: 9}", step=", within: 10m"), "c1 a1@1m a2@10m",
         ["10m: c1 a1"]),
    case("its own span ends it", last("{max: 9, within: 10m}"), "c1 a1@1m a2@5m a3@11m", ["11m: c1 a1 a2"]),
    case("within of the match ends it", last("{max: 9}", match="within: 10m\n"), "c1 a1@1m a2@5m", ["10m: c1 a1 a2"]),
    case("of several spans the first that is over ends it", last("{max: 9, within: 10m}", step=", within: 10m"),
         "c1 a1@1m a2@9m", ["10m: c1 a1 a2"]),
    case("below min at its deadline it has timed out", last("{min: 2, max: 9}", step=", within: 10m"), "c1 a1@1m",
         [], expires=["10m: c1 a1"]),
    case("with keep it fires once all the same", f"after_match: keep\n{UNTIL}", "c1 a1 a2 u1 a3 u2", ["3m: c1 a1 a2"]),
    case("an exit leaves nothing to fire", f"{UNTIL}\nexit: [{{event: stop}}]", "c1 a1 a2 stop1 u1", [],
         ends={"exited": 1}),
)  # fmt: skip
def test_a_greedy_loop_that_is_last(case):
    case.check()
