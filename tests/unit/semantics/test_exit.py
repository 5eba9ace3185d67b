"""`exit`: ends every open match of its key, whatever its step."""

from tests.unit.semantics.runner import case, each

TEXT = "steps: [{event: a, as: a}, {event: b}, {absent: c, within: 10m}]\nexit: [{event: stop}]"
TWO = "steps: [{event: a}, {event: b}]\nexit: [{event: stop}, {event: leave}]"


@each(
    case("at the first step", TEXT, "a1 stop1 b1", [], ends={"exited": 1}, pending=0),
    case("while an absence is open", TEXT, "a1 b1 stop1", [], ends={"exited": 1}, pending=0),
    case("after the match it ends nothing", TEXT, "a1 b1 stop1@20m", ["11m: a1 b1"]),
    case("before the match it ends nothing", TEXT, "stop1 a1 b1", ["12m: a1 b1"]),
    case("any of several ends it", TWO, "a1 leave1 b1", []),
    case("it ends every open match", f"on_repeat: overlap\n{TWO}", "a1 a2 stop1 b1", [], ends={"exited": 2}),
    case("after it a match may begin", TWO, "a1 stop1 a2 b1", ["3m: a2 b1"]),
    case("one of another customer ends nothing", TWO, "a1 stop1/c2 b1", ["2m: a1 b1"]),
    case("what advances the match does not exit it", "steps: [{event: a}, {event: b}]\nexit: [{event: b}]", "a1 b1",
         ["1m: a1 b1"]),
    case("what cancels it is counted as that", "steps: [{event: a}, {absent: b, within: 9m}]\nexit: [{event: b}]",
         "a1 b1", [], ends={"cancelled": 1, "exited": 0}),
    case("what exits one match may begin the next", "steps: [{event: a}, {event: b}]\nexit: [{event: a}]", "a1 a2 b1",
         ["2m: a2 b1"], ends={"exited": 1, "restarted": 0}),
    case("it may ask about what was captured",
         "steps: [{event: a, as: a}, {event: b}]\nexit: [{event: stop, where: {properties.x: {eq: $a.properties.x}}}]",
         "a1(x=1) stop1(x=2) b1 a2(x=1) stop2(x=1) b2", ["2m: a1 b1"]),
    case("what may fit it ends the match",
         "steps: [{event: a, as: a}, {event: b}]\nexit: [{event: stop, where: {properties.x: {eq: $a.properties.x}}}]",
         "a1(x=1) stop1 b1", []),
    case("a loop that is open is ended",
         "steps: [{event: a}, {event: b, times: {max: 9}}, {event: c}]\nexit: [{event: stop}]", "a1 b1 stop1 b2 c1",
         []),
    case("what the loop takes does not exit it",
         "steps: [{event: a}, {event: b, times: {max: 9}}, {event: c}]\nexit: [{event: b}]", "a1 b1 b2 c1",
         ["3m: a1 b1 b2 c1"]),
    case("what a full loop does not take exits it",
         "steps: [{event: a}, {event: b, times: 2}, {event: c}]\nexit: [{event: b}]", "a1 b1 b2 b3 c1", [],
         ends={"exited": 1}),
    case("events that wait for a set are no match yet", "steps: [{event: a, times: 2}]\nexit: [{event: stop}]",
         "a1 stop1 a2", ["2m: a1 a2"]),
    case("a wait is ended", "steps: [{event: a}, {wait: 2h}]\nexit: [{event: stop}]", "a1 stop1@2h-1ms", []),
    case("when the wait is over it comes too late", "steps: [{event: a}, {wait: 2h}]\nexit: [{event: stop}]",
         "a1 stop1@2h", ["2h: a1"]),
)  # fmt: skip
def test_an_exit(case):
    case.check()
