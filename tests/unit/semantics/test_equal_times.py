"""Events of one time are processed in order of arrival: partition, then offset."""

from tests.unit.semantics.runner import case, each

THEN = "steps: [{event: a}, {event: b, within: 10m}]"


@each(
    case("the second may come at the time of the first", THEN, "a1@0m b1@0m", ["0m: a1 b1"]),
    case("but not before it", THEN, "b1@0m a1@0m", []),
    case("of two pairs each in its turn", THEN, "a1@0m b1@0m a2@0m b2@0m", ["0m: a1 b1", "0m: a2 b2"]),
    case("two first events, one second", "on_repeat: overlap\n" + THEN, "a1@0m a2@0m b1@0m b2@0m",
         ["0m: a1 b1", "0m: a2 b1"]),
    case("a repetition at one time", "steps: [{event: a, times: 3, within: 1s}]", "a1@0m a2@0m a3@0m",
         ["0m: a1 a2 a3"]),
    case("a loop at one time", "steps: [{event: c}, {event: a, times: {max: 9}}, {event: d}]",
         "c1@0m a1@0m a2@0m d1@0m a3@0m", ["0m: c1 a1 a2 d1"]),
    case("neighbours at one time", "steps: [{event: a}, {event: b, contiguity: strict}]", "a1@0m b1@0m x1@0m",
         ["0m: a1 b1"]),
    case("not neighbours at one time", "steps: [{event: a}, {event: b, contiguity: strict}]", "a1@0m x1@0m b1@0m", []),
    case("the absent event right after the first", "steps: [{event: a}, {absent: b, within: 10m}]", "a1@0m b1@0m", []),
    case("the absent event right before the first", "steps: [{event: a}, {absent: b, within: 10m}]", "b1@0m a1@0m",
         ["10m: a1"]),
    case("an absence between two events of one time", "steps: [{event: a}, {absent: b}, {event: c}]",
         "a1@0m b1@0m c1@0m", []),
    case("an absence after which it came", "steps: [{event: a}, {absent: b}, {event: c}]", "a1@0m c1@0m b1@0m",
         ["0m: a1 c1"]),
    case("two of all at one time", "steps: [{all: [{event: a}, {event: b}]}]", "b1@0m a1@0m", ["0m: b1 a1"]),
    case("of two partitions the lower comes first", THEN, "b1@0m a1@0m x1@1m x2@1m", ["0m: a1 b1"],
         partitions=[1, 0, 0, 1]),
    case("and the higher comes second", THEN, "a1@0m b1@0m x1@1m x2@1m", [], partitions=[1, 0, 0, 1]),
    case("at the deadline the timer is before the event", "steps: [{event: a}, {absent: a, within: 10m}]",
         "a1 a2@10m a3@10m", ["10m: a1", "20m: a3"]),
)  # fmt: skip
def test_one_time(case):
    case.check()
