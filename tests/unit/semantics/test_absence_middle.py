"""An absence between two events: with a time the next counts only after it, without one it ends with the next."""

from tests.unit.semantics.runner import case, each

TIMED = "steps: [{event: a}, {absent: b, within: 10m}, {event: c}]"
UNTIMED = "steps: [{event: a}, {absent: b}, {event: c}]"
BIGGER = "where: {properties.x: {gt: $a.properties.x}}"


@each(
    case("nothing came and the next event follows", TIMED, "a1 c1@11m", ["11m: a1 c1"]),
    case("the next event too early does not count", TIMED, "a1 c1@1m c2@12m", ["12m: a1 c2"]),
    case("at the end of the time it counts", TIMED, "a1 c1@10m", ["10m: a1 c1"]),
    case("the absent event ends the match", TIMED, "a1 b1@1m c1@12m", [], ends={"cancelled": 1}),
    case("after the time it is none of the match's", TIMED, "a1 b1@10m c1@12m", ["12m: a1 c1"]),
    case("one that does not fit its condition is none",
         f"steps: [{{event: a, as: a}}, {{absent: b, within: 10m, {BIGGER}}}, {{event: c}}]",
         "a1(x=5) b1(x=5)@1m c1@12m", ["12m: a1 c1"]),
    case("one that does ends the match",
         f"steps: [{{event: a, as: a}}, {{absent: b, within: 10m, {BIGGER}}}, {{event: c}}]",
         "a1(x=5) b1(x=6)@1m c1@12m", []),
    case("a restart starts the time again", TIMED, "a1 a2@5m c1@14m c2@15m", ["15m: a2 c2"]),
    case("with overlap each match has a time of its own", f"on_repeat: overlap\n{TIMED}", "a1 a2@5m b1@12m c1@16m",
         ["16m: a1 c1"]),
    case("the within of the next step counts from the event before the absence",
         "steps: [{event: a}, {absent: b, within: 10m}, {event: c, within: 20m}]", "a1 c1@20m", [],
         expires=["20m: a1"]),
    case("and so leaves what is left of it",
         "steps: [{event: a}, {absent: b, within: 10m}, {event: c, within: 20m}]", "a1 c1@20m-1ms",
         ["20m-1ms: a1 c1"]),
    case("two in a row follow each other",
         "steps: [{event: a}, {absent: b, within: 10m}, {absent: d, within: 10m}, {event: c}]",
         "a1 d1@9m b1@11m c1@20m",
         ["20m: a1 c1"]),
)  # fmt: skip
def test_an_absence_with_a_time(case):
    case.check()


@each(
    case("none came between", UNTIMED, "a1 x1 c1 b1", ["2m: a1 c1"]),
    case("one that came between ends the match", UNTIMED, "a1 b1 c1", [], ends={"cancelled": 1}, pending=0),
    case("one that came before the first does not", UNTIMED, "b1 a1 c1", ["2m: a1 c1"]),
    case("a new match may begin after it", UNTIMED, "a1 b1 a2 c1", ["3m: a2 c1"]),
    case("of several types each ends it", "steps: [{event: a}, {absent: [b, d]}, {event: c}]", "a1 d1 c1", []),
    case("it is over with the event that follows it", "steps: [{event: a}, {absent: b}, {event: c}, {event: d}]",
         "a1 c1 b1 d1", ["3m: a1 c1 d1"]),
    # Flink's notFollowedBy before followedByAny.
    case("before each it ends what still waits and not what went on",
         "on_repeat: overlap\nsteps: [{event: a}, {absent: b}, {event: c, contiguity: each}, {event: d}]",
         "a1 c1 b1 c2 d1", ["4m: a1 c1 d1"]),
    case("before an optional step it is over when that is taken",
         "steps: [{event: a}, {absent: b}, {event: c, optional: true}, {event: d}]", "a1 c1 b1 d1", ["3m: a1 c1 d1"]),
    case("before an optional step that is left out it lasts until the next",
         "steps: [{event: a}, {absent: b}, {event: c, optional: true}, {event: d}]", "a1 b1 d1", []),
    case("before an optional step it may find nothing at all",
         "steps: [{event: a}, {absent: b}, {event: c, optional: true}, {event: d}]", "a1 d1 b1", ["1m: a1 d1"]),
    case("before a loop it is over with the loop's first event",
         "steps: [{event: a}, {absent: b}, {event: c, times: {max: 9}}, {event: d}]", "a1 c1 b1 c2 d1",
         ["4m: a1 c1 c2 d1"]),
    case("before a loop that needs more it is over with the first event too",
         "steps: [{event: a}, {absent: b}, {event: c, times: 2}, {event: d}]", "a1 c1 b1 c2 d1",
         ["4m: a1 c1 c2 d1"]),
    case("before an all it is over with the first event of that",
         "steps: [{event: a}, {absent: b}, {all: [{event: c}, {event: d}]}]", "a1 d1 b1 c1", ["3m: a1 d1 c1"]),
    # Flink finds none here: it looks between the repetitions too.
    case("after a loop it is not asked before the loop has its min",
         "steps: [{event: a}, {event: c, times: 2}, {absent: b}, {event: d}]", "a1 c1 b1 c2 d1", ["4m: a1 c1 c2 d1"]),
    case("after a loop that has its min it ends the match",
         "steps: [{event: a}, {event: c, times: 2}, {absent: b}, {event: d}]", "a1 c1 c2 b1 d1", []),
    case("that of another customer is none", UNTIMED, "a1 b1/c2 c1", ["2m: a1 c1"]),
    case("the next event may ask about the one before",
         "steps: [{event: a, as: first}, {absent: b}, {event: a, as: second, within: 24h}]", "a1 a2@23h b1@25h a3@26h",
         ["23h: a1 a2"]),
)  # fmt: skip
def test_an_absence_without_a_time(case):
    case.check()
