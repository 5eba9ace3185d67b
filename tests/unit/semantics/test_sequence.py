"""Steps one after another: the next event that fits is taken, and what an event begins beside what it advances."""

from tests.unit.semantics.runner import case, each

THEN = "steps: [{event: a}, {event: b}]"
THREE = "steps: [{event: a}, {event: b}, {event: c}]"
SAME = "steps: [{event: a}, {event: a}, {event: a}]"
ABOVE = "steps: [{event: a, as: a}, {event: b, where: {properties.x: {gt: $a.properties.x}}}]"


@each(
    case("events that fit no step may come between", THEN, "a1 x1 y1 b1", ["3m: a1 b1"]),
    case("an event before the first step does not count", THEN, "b1 a1", [], pending=1),
    case("the second step alone is nothing", THEN, "b1 b2", [], pending=0),
    case("a match ends with the first event that fits its last step", THEN, "a1 b1 b2", ["1m: a1 b1"], pending=0),
    # Flink gives [a1 b1] as well: it does not restart.
    case("a repeated first event restarts the match by default", THEN, "a1 a2 b1", ["2m: a2 b1"]),
    case("with ignore the first of the first events stays", f"on_repeat: ignore\n{THEN}", "a1 a2 b1", ["2m: a1 b1"]),
    case(
        "with overlap one event ends every open match",
        f"on_repeat: overlap\n{THEN}",
        "a1 a2 b1 b2",
        ["2m: a1 b1", "2m: a2 b1"],
    ),
    case("a match may follow a match", THEN, "a1 b1 a2 b2", ["1m: a1 b1", "3m: a2 b2"]),
    case("three steps are taken in their order", THREE, "a1 c1 b1 c2", ["3m: a1 b1 c2"]),
    case("steps out of order are none", THREE, "c1 b1 a1", [], pending=1),
    case(
        "a restart forgets what the match had taken besides its first event",
        THREE,
        "a1 b1 a2 c1 b2 c2",
        ["5m: a2 b2 c2"],
        ends={"restarted": 1},
    ),
    case(
        "with ignore a repeated first event leaves an advanced match alone",
        f"on_repeat: ignore\n{THREE}",
        "a1 b1 a2 c1",
        ["3m: a1 b1 c1"],
    ),
    case(
        "with overlap each match is at a step of its own",
        f"on_repeat: overlap\n{THREE}",
        "a1 b1 a2 c1 b2 c2",
        ["3m: a1 b1 c1", "5m: a2 b2 c2"],
    ),
)
def test_a_sequence(case):
    case.check()


@each(
    case("one event fills one step of a match", SAME, "a1 a2", [], pending=1),
    case(
        "an event that advances a match begins none",
        SAME,
        "a1 a2 a3 a4 a5 a6",
        ["2m: a1 a2 a3", "5m: a4 a5 a6"],
    ),
    case(
        "with overlap it also begins one",
        f"on_repeat: overlap\n{SAME}",
        "a1 a2 a3 a4 a5",
        ["2m: a1 a2 a3", "3m: a2 a3 a4", "4m: a3 a4 a5"],
    ),
    case(
        "a step may name several types",
        "steps: [{event: [a, b]}, {event: [c, d]}]",
        "b1 x1 d1 c1 a1 c2",
        ["2m: b1 d1", "5m: a1 c2"],
    ),
    case('a step may take an event of any type, "*"', 'steps: [{event: a}, {event: "*"}]', "x1 a1 y1", ["2m: a1 y1"]),
    case(
        "an event that fits its own step's condition but not its type is none",
        "steps: [{event: a, where: {properties.x: {eq: 1}}}, {event: b}]",
        "x1(x=1) a1(x=2) b1 a2(x=1) b2",
        ["4m: a2 b2"],
    ),
)
def test_what_one_event_may_be(case):
    case.check()


@each(
    case("a step may ask about an earlier event", ABOVE, "a1(x=5) b1(x=5) b2(x=7)", ["2m: a1 b2"]),
    case(
        "each open match asks about its own earlier event",
        f"on_repeat: overlap\n{ABOVE}",
        "a1(x=5) a2(x=2) b1(x=3) b2(x=6)",
        ["2m: a2 b1", "3m: a1 b2"],
    ),
    case(
        "a condition may ask about a scaled value of an earlier event",
        "steps: [{event: a, as: a}, {event: b, where: {properties.x: {lt: $a.properties.x * 0.9}}}]",
        "a1(x=100) b1(x=90) b2(x=89)",
        ["2m: a1 b2"],
    ),
    case(
        "a third step may ask about the first and the second",
        "steps: [{event: a, as: a}, {event: b, as: b},"
        " {event: c, where: {properties.x: {gt: $a.properties.x, lt: $b.properties.x}}}]",
        "a1(x=1) b1(x=5) c1(x=5) c2(x=1) c3(x=3)",
        ["4m: a1 b1 c3"],
    ),
    case("customers are apart", THEN, "a1 b1/c2 a2/c2 b2 b3/c2", ["3m: a1 b2", "c2 4m: a2 b3"]),
    case("a customer without a first event has no match", THEN, "a1 b1/c2", [], pending=1),
)
def test_a_sequence_is_of_one_customer_and_may_look_back(case):
    case.check()
