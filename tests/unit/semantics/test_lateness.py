"""What a late event still does, what a copy does, and what order within the bound does not do."""

from tests.unit.semantics.runner import case, each

QUIET = "steps: [{event: a}, {absent: b, within: 30m}]"
THEN = "steps: [{event: a}, {event: b, within: 30m}]"


@each(
    case("it begins nothing", QUIET, "x1@10m a1@9m", [], ends={"late": 1}, pending=0),
    case("it advances nothing", THEN, "a1 x1@10m b1@9m", [], ends={"late": 1}),
    case("it restarts nothing", QUIET, "a1 x1@10m a2@9m", ["30m: a1"], ends={"restarted": 0}),
    case("it cancels an absence in whose time it lies", QUIET, "a1 x1@10m b1@9m", [], ends={"late_cancelled": 1}),
    case("it does not cancel one that began after it", QUIET, "a1@5m x1@10m b1@4m", ["35m: a1"]),
    case("it cancels none that could have fired", QUIET, "a1 x1@30m b1@9m", ["30m: a1"]),
    case("it exits a match that began before it", f"{THEN}\nexit: [{{event: stop}}]", "a1@5m x1@10m stop1@9m b1@20m",
         [], ends={"late_cancelled": 1}),
    case("it exits none that began after it", f"{THEN}\nexit: [{{event: stop}}]", "a1@5m x1@10m stop1@4m b1@20m",
         ["20m: a1 b1"]),
    case("it ends an untimed absence that is open", "steps: [{event: a}, {absent: b}, {event: c}]",
         "a1 x1@10m b1@9m c1@20m", []),
    case("it leaves one alone that is closed", "steps: [{event: a}, {absent: b}, {event: c}, {event: d}]",
         "a1 c1@5m x1@10m b1@1m d1@20m", ["20m: a1 c1 d1"]),
    case("it cancels an absence in a group", "steps: [{event: c}, {all: [{event: a}, {absent: b, within: 30m}]}]",
         "c1 a1@5m x1@10m b1@9m", [], ends={"late_cancelled": 1}),
    case("it fills no member of a group", "steps: [{event: c}, {all: [{event: a}, {event: b}]}]",
         "c1 a1@5m x1@10m b1@9m", []),
    case("it is not taken into a loop", "steps: [{event: c}, {event: a, as: l, times: {max: 9}}, {event: d}]",
         "c1 a1@5m x1@10m a2@9m d1@20m", ["20m: c1 a1 d1"]),
    case("it is not counted in a window", "steps: [{event: a, times: 2, within: 30m}]", "a1 x1@10m a2@9m a3@20m",
         ["20m: a1 a3"]),
    case("what may fit an absence cancels it also when it is late",
         "steps: [{event: a}, {absent: b, within: 30m, where: {properties.x: {eq: 1}}}]", "a1 x1@10m b1@9m", []),
    case("one of another customer cancels nothing", QUIET, "a1 x1@10m b1@9m/c2", ["30m: a1"]),
    case("another customer's time makes late too", QUIET, "a1 x1@10m/c2 b1@9m", [], ends={"late": 1}),
    case("another partition's does not", THEN, "a1 x1@10m/c2 b1@9m", ["9m: a1 b1"], ends={"late": 0},
         partitions=[0, 1, 0]),
    case("a watermark in the log makes late", THEN, "a1 watermark@10m b1@9m", [], ends={"late": 1}),
    case("a single step fires for it", "steps: [{event: a}]", "x1@10m a1@9m", ["9m: a1"], ends={"late": 1}),
)  # fmt: skip
def test_a_late_event(case):
    case.check()


@each(
    case("a second copy begins nothing", "steps: [{event: a, times: 2}]", "a1 a1@0m", [], ends={"duplicate": 1}),
    case("a second copy is not taken into a loop", "steps: [{event: c}, {event: a, times: 2}]", "c1 a1 a1@1m a2@2m",
         ["2m: c1 a1 a2"]),
    case("a second copy of a single step's event fires nothing", "steps: [{event: a}]", "a1 a1@0m", ["0m: a1"]),
    case("a late copy does not cancel what its first began", "steps: [{event: a}, {absent: a, within: 30m}]",
         "a1 x1@10m a1@0m", ["30m: a1"]),
    case("a late one with an id of its own does", "steps: [{event: a}, {absent: a, within: 30m}]",
         "a1 x1@10m a2@0m", [], ends={"late_cancelled": 1}),
    case("of two copies out of order the first that arrives is the event", THEN, "a1 b1@5m b1@7m x1@30m",
         ["5m: a1 b1"], bound="30m", ends={"duplicate": 1}),
)  # fmt: skip
def test_a_copy(case):
    case.check()


@each(
    case("events are taken in order of their times", THEN, "b1@5m a1@1m", ["5m: a1 b1"], bound="10m"),
    case("so an absence is cancelled by what arrives after its deadline's time", QUIET, "a1 x1@31m b1@29m", [],
         bound="5m", ends={"late": 0, "cancelled": 1}),
    case("and a loop takes what lies in it", "steps: [{event: c}, {event: a, times: {max: 9}}, {event: d}]",
         "c1 d1@5m a2@3m a1@2m", ["5m: c1 a1 a2 d1"], bound="10m"),
    case("and neighbours are neighbours in time", "steps: [{event: a}, {event: b, contiguity: strict}]",
         "a1 b1@5m x1@3m", [], bound="10m"),
    case("also when they arrived apart", "steps: [{event: a}, {event: b, contiguity: strict}]",
         "a1 x1@5m b1@3m", ["3m: a1 b1"], bound="10m"),
    case("a heartbeat moves time as an event does", QUIET, "a1 heartbeat@30m", ["30m: a1"], at_end="hold"),
    case("below the deadline it concludes nothing", QUIET, "a1 heartbeat@30m-1ms", [], at_end="hold"),
)  # fmt: skip
def test_order_within_the_bound(case):
    case.check()
