"""`contiguity`: the very next event of the key (`strict`), or every later one (`each`)."""

from tests.unit.semantics.runner import case, each

NEXT = "steps: [{event: a}, {event: b, contiguity: strict}]"
OVERLAP = "on_repeat: overlap\n"


@each(
    case("the very next event is taken", NEXT, "a1 b1", ["1m: a1 b1"]),
    case("an event of a type nobody asks for breaks it", NEXT, "a1 x1 b1", [], ends={"broken": 1}, pending=0),
    case("a repeated first event breaks it and begins the next", NEXT, "a1 a2 b1", ["2m: a2 b1"]),
    case("with overlap too", f"{OVERLAP}{NEXT}", "a1 a2 b1", ["2m: a2 b1"], ends={"broken": 1}),
    case("an event of another customer does not", NEXT, "a1 x1/c2 b1", ["2m: a1 b1"]),
    case("one that fits but for its condition does",
         "steps: [{event: a}, {event: b, contiguity: strict, where: {properties.x: {eq: 1}}}]", "a1 b1(x=2) b2(x=1)",
         [], ends={"broken": 1}),
    case("a late event does not", NEXT, "x1@10m a1@11m x2@1m b1@12m", ["12m: a1 b1"]),
    case("a second copy of an event does not", NEXT, "a1 a1@0m b1", ["1m: a1 b1"]),
    case("only the step that says so is strict",
         "steps: [{event: a}, {event: b}, {event: c, contiguity: strict}]", "a1 x1 b1 c1", ["3m: a1 b1 c1"]),
    case("and it is strict",
         "steps: [{event: a}, {event: b}, {event: c, contiguity: strict}]", "a1 b1 x1 c1", [], ends={"broken": 1}),
    case("all three may be neighbours",
         "steps: [{event: a}, {event: b, contiguity: strict}, {event: c, contiguity: strict}]", "a1 b1 c1",
         ["2m: a1 b1 c1"]),
    case("three in a row of one type, with overlap, share their neighbours",
         f"{OVERLAP}steps: [{{event: a}}, {{event: a, contiguity: strict}}, {{event: a, contiguity: strict}}]",
         "a1 a2 x1 a3 a4 a5", ["5m: a3 a4 a5"]),
    case("a broken match may be followed by another", NEXT, "a1 x1 a2 b1", ["3m: a2 b1"]),
    case("strict and of any type is the next event whatever it is",
         'steps: [{event: a}, {event: "*", contiguity: strict, where: {type: {ne: b}}}]', "a1 b1 a2 c1",
         ["3m: a2 c1"]),
    case("its within is asked too", "steps: [{event: a}, {event: b, contiguity: strict, within: 10m}]", "a1 b1@10m",
         [], expires=["10m: a1"]),
)  # fmt: skip
def test_strict_between_steps(case):
    case.check()


@each(
    case("the first event of a loop must be the next",
         "steps: [{event: c}, {event: a, times: {min: 2, max: 9}, contiguity: strict}, {event: d}]",
         "c1 a1 x1 a2 d1", ["4m: c1 a1 a2 d1"]),
    case("the first event of a loop that is not the next breaks it",
         "steps: [{event: c}, {event: a, times: {min: 2, max: 9}, contiguity: strict}, {event: d}]",
         "c1 x1 a1 a2 d1", [], ends={"broken": 1}),
    case("the step after a loop may have to follow its last event",
         "steps: [{event: c}, {event: a, times: {max: 9}}, {event: d, contiguity: strict}]", "c1 a1 a2 d1",
         ["3m: c1 a1 a2 d1"]),
    case("and is broken by an event between when the loop is full",
         "steps: [{event: c}, {event: a, times: 2}, {event: d, contiguity: strict}]", "c1 a1 a2 x1 d1", [],
         ends={"broken": 1}),
    case("a strict repetition ends at another event and goes on with what it has",
         "steps: [{event: c}, {event: a, times: {min: 2, max: 9, contiguity: strict}}, {event: d}]",
         "c1 a1 a2 x1 a3 d1", ["5m: c1 a1 a2 d1"]),
    case("below its min it breaks the match",
         "steps: [{event: c}, {event: a, times: {min: 2, max: 9, contiguity: strict}}, {event: d}]",
         "c1 a1 x1 a2 a3 d1", [], ends={"broken": 1}),
    case("before its first event others may come",
         "steps: [{event: c}, {event: a, times: {min: 2, max: 9, contiguity: strict}}, {event: d}]",
         "c1 x1 a1 a2 d1", ["4m: c1 a1 a2 d1"]),
    case("on the first step any other event empties the window",
         "steps: [{event: a, times: {min: 2, max: 2, contiguity: strict}}]", "a1 x1 a2 a3", ["3m: a2 a3"]),
    case("on the first step neighbours are a set",
         "steps: [{event: a, times: {min: 3, max: 3, contiguity: strict}}, {event: b}]", "x1 a1 a2 a3 x2 b1",
         ["5m: a1 a2 a3 b1"]),
    case("on the first step with others between there is none",
         "steps: [{event: a, times: {min: 2, max: 2, contiguity: strict}}]", "a1 x1 a2 x2 a3 x3", []),
    case("events of another customer are none between",
         "steps: [{event: a, times: {min: 2, max: 2, contiguity: strict}}]", "a1 x1/c2 a2", ["2m: a1 a2"]),
)  # fmt: skip
def test_strict_and_repetitions(case):
    case.check()


EACH = "steps: [{event: a}, {event: b, contiguity: each}]"
KEEP = "after_match: keep\n"


@each(
    case("with keep every later event is a match", f"{KEEP}{EACH}", "a1 b1 x1 b2", ["1m: a1 b1", "3m: a1 b2"]),
    case("by default the first match drops the one that waits on", EACH, "a1 b1 b2", ["1m: a1 b1"], pending=0),
    case("relaxed takes one with keep, too", f"{KEEP}steps: [{{event: a}}, {{event: b}}]", "a1 b1 b2", ["1m: a1 b1"]),
    case("with overlap every pair is a match", f"{OVERLAP}{EACH}", "a1 b1 a2 b2",
         ["1m: a1 b1", "3m: a1 b2", "3m: a2 b2"]),
    case("of one type every pair in order is a match",
         f"{OVERLAP}steps: [{{event: a}}, {{event: a, contiguity: each}}]", "a1 a2 a3",
         ["1m: a1 a2", "2m: a1 a3", "2m: a2 a3"]),
    case("in the middle each goes on by itself",
         f"{KEEP}steps: [{{event: a}}, {{event: b, contiguity: each}}, {{event: c}}]", "a1 b1 b2 c1",
         ["3m: a1 b1 c1", "3m: a1 b2 c1"]),
    case("what went on by itself takes one of the relaxed step",
         f"{KEEP}steps: [{{event: a}}, {{event: b, contiguity: each}}, {{event: c}}]", "a1 b1 c1 b2 c2",
         ["2m: a1 b1 c1", "4m: a1 b2 c2"]),
    case("two steps of each are every combination",
         f"{KEEP}steps: [{{event: a}}, {{event: b, contiguity: each}}, {{event: c, contiguity: each}}]",
         "a1 b1 b2 c1 c2", ["3m: a1 b1 c1", "3m: a1 b2 c1", "4m: a1 b1 c2", "4m: a1 b2 c2"]),
    case("the step's within ends it, and it has timed out",
         f"{KEEP}steps: [{{event: a}}, {{event: b, contiguity: each, within: 10m}}]", "a1 b1@5m b2@9m b3@10m",
         ["5m: a1 b1", "9m: a1 b2"], expires=["10m: a1"]),
    case("within of the match ends it",
         f"{KEEP}within: 10m\n{EACH}", "a1 b1@5m b2@10m", ["5m: a1 b1"], expires=["10m: a1"]),
    case("an exit ends it", f"{KEEP}{EACH}\nexit: [{{event: stop}}]", "a1 b1 stop1 b2", ["1m: a1 b1"],
         ends={"exited": 1}),
    case("an absence ends it and leaves alone what has gone on",
         f"{KEEP}steps: [{{event: a}}, {{absent: x}}, {{event: b, contiguity: each}}, {{event: d}}]",
         "a1 b1 x1 b2 d1", ["4m: a1 b1 d1"], ends={"cancelled": 1}),
    case("a restart ends it", f"{KEEP}{EACH}", "a1 b1 a2 b2", ["1m: a1 b1", "3m: a2 b2"]),
    case("each asks its condition",
         f"{KEEP}steps: [{{event: a, as: a}}, {{event: b, contiguity: each,"
         " where: {properties.x: {gt: $a.properties.x}}}]",
         "a1(x=2) b1(x=1) b2(x=3) b3(x=2) b4(x=9)", ["2m: a1 b2", "4m: a1 b4"]),
)  # fmt: skip
def test_each_later_event(case):
    case.check()
