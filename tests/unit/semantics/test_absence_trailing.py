"""An absence at the end: fired at its deadline, cancelled in [A, A+T)."""

from tests.unit.semantics.runner import case, each

QUIET = "steps: [{event: a}, {absent: b, within: 30m}]"
THREE = "steps: [{event: a}, {event: b}, {absent: c, within: 30m}]"


@each(
    case("nothing came", QUIET, "a1 x1", ["30m: a1"]),
    case("the absent event came in time", QUIET, "a1 b1@29m", [], ends={"cancelled": 1}, pending=0),
    case("it came after the time", QUIET, "a1 b1@31m", ["30m: a1"]),
    case("it came before the first", QUIET, "b1 a1", ["31m: a1"]),
    case("nothing is concluded before the watermark is there", QUIET, "a1 x1@30m-1ms", [], at_end="hold", pending=1),
    case("it is concluded when the watermark is there", QUIET, "a1 x1@30m", ["30m: a1"], at_end="hold", pending=0),
    case("of several types each cancels", "steps: [{event: a}, {absent: [b, d], within: 30m}]", "a1 d1", []),
    case("any event at all cancels", 'steps: [{event: a}, {absent: "*", within: 30m}]', "a1 x1", []),
    case("one that does not fit its condition cancels nothing",
         "steps: [{event: a, as: a}, {absent: b, within: 30m, where: {properties.x: {gt: $a.properties.x}}}]",
         "a1(x=55) b1(x=50)", ["30m: a1"]),
    case("one that fits it cancels",
         "steps: [{event: a, as: a}, {absent: b, within: 30m, where: {properties.x: {gt: $a.properties.x}}}]",
         "a1(x=55) b1(x=58)", []),
    case("one that may fit it cancels",
         "steps: [{event: a, as: a}, {absent: b, within: 30m, where: {properties.x: {gt: $a.properties.x}}}]",
         "a1(x=55) b1", []),
    case("after two events it counts from the second", THREE, "a1 b1@10m", ["40m: a1 b1"]),
    case("after two events it is cancelled", THREE, "a1 b1@10m c1@39m", []),
    case("before the second event it is not open", THREE, "a1 c1@5m b1@10m", ["40m: a1 b1"]),
    case("two in a row are one after the other",
         "steps: [{event: a}, {absent: b, within: 10m}, {absent: c, within: 10m}]", "a1 c1@9m b1@10m", ["20m: a1"]),
    case("the second of two is open after the first",
         "steps: [{event: a}, {absent: b, within: 10m}, {absent: c, within: 10m}]", "a1 c1@10m", []),
    case("its own type again restarts nothing and cancels",
         "steps: [{event: a}, {absent: a, within: 30m}]", "a1 a2@10m a3@50m", ["40m: a2", "80m: a3"],
         ends={"cancelled": 1}),
    # Flink's notFollowedBy at the end with a within of 3, in minutes.
    case("of three carts the one that was left is found", "steps: [{event: a}, {absent: b, within: 3m}]",
         "a1@1m b1@2m a2@4m c1@5m b2@10m a3@11m b3@13m", ["7m: a2"]),
    case("with overlap each has its own deadline", f"on_repeat: overlap\n{QUIET}", "a1 a2@10m b1@35m", ["30m: a1"]),
    case("with ignore only the first has one", f"on_repeat: ignore\n{QUIET}", "a1 a2@10m b1@35m", ["30m: a1"]),
    case("with restart only the last has one", QUIET, "a1 a2@10m b1@35m", [], ends={"restarted": 1, "cancelled": 1}),
    case("at the deadline a new first event finds the match fired", QUIET, "a1 a2@30m", ["30m: a1", "60m: a2"]),
    case("one customer's event cancels nobody else's", QUIET, "a1 a2/c2 b1/c2", ["30m: a1"]),
)  # fmt: skip
def test_an_absence_at_the_end(case):
    case.check()
