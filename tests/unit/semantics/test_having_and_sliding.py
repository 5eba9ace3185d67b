"""`having`: over a sliding window on the first event step, over the loop on a later one."""

from tests.unit.semantics.runner import case, each


def window(having, *, times="{min: 1, within: 30d}", more=""):
    return f"steps: [{{event: p, as: p, times: {times}, having: {having}}}{more}]"


SUM = window("{sum: properties.x, gte: 500}")


@each(
    case("it fires where the aggregate holds", SUM, "p1(x=200) p2(x=200)@10d p3(x=200)@20d", ["20d: p1 p2 p3"]),
    case("one event may be enough", SUM, "p1(x=500)", ["0m: p1"]),
    case("at exactly the span the first is out", SUM, "p1(x=300) p2(x=200)@30d", []),
    case("less than the span apart both count", SUM, "p1(x=300) p2(x=200)@30d-1ms", ["30d-1ms: p1 p2"]),
    case("the window slides", SUM, "p1(x=300) p2(x=200)@30d p3(x=300)@31d", ["31d: p2 p3"]),
    case("a match uses its events up", SUM, "p1(x=300) p2(x=200) p3(x=499) p4(x=1)", ["1m: p1 p2", "3m: p3 p4"]),
    case("with keep the window goes on sliding", f"after_match: keep\n{SUM}", "p1(x=300) p2(x=200) p3(x=1)",
         ["1m: p1 p2", "2m: p1 p2 p3"]),
    case("min is asked besides", window("{sum: properties.x, gte: 10}", times="{min: 3, within: 1h}"),
         "p1(x=10) p2(x=10) p3(x=10)", ["2m: p1 p2 p3"]),
    case("more than max do not fit", window("{sum: properties.x, gte: 10}", times="{min: 2, max: 2, within: 30d}"),
         "p1(x=1) p2(x=1)@1d p3(x=10)@2d", []),
    case("until the window has slid past them",
         window("{sum: properties.x, gte: 10}", times="{min: 2, max: 2, within: 30d}"),
         "p1(x=1) p2(x=1)@1d p3(x=10)@2d p4(x=1)@31d+12h", ["31d+12h: p3 p4"]),
    case("only events that fit are added up",
         "steps: [{event: p, times: {min: 1, within: 1h}, where: {properties.on: {eq: 1}},"
         " having: {sum: properties.x, gte: 10}}]",
         "p1(x=9,on=1) p2(x=9,on=2) p3(x=1,on=1)", ["2m: p1 p3"]),
    case("an aggregate that became true by sliding is seen at the next event",
         window("{max: properties.x, lte: 5}", times="{min: 2, within: 10m}"),
         "p1(x=9) p2(x=1)@5m p3(x=2)@12m", ["12m: p2 p3"]),
    case("two bounds are both asked", window("{sum: properties.x, gte: 10, lt: 20}", times="{min: 2, within: 1h}"),
         "p1(x=5) p2(x=4) p3(x=3)", ["2m: p1 p2 p3"]),
    case("the sum of two customers is none", SUM, "p1(x=300) p2(x=200)/c2", []),
)  # fmt: skip
def test_an_aggregate_over_a_sliding_window(case):
    case.check()


@each(
    case("count", window("{count: properties.x, gte: 2}"), "p1(x=1) p2(x=1)", ["1m: p1 p2"]),
    case("min", window("{min: properties.x, gte: 5}", times="{min: 2, within: 1h}"), "p1(x=5) p2(x=6)", ["1m: p1 p2"]),
    case("max", window("{max: properties.x, gt: 5}"), "p1(x=5) p2(x=6)", ["1m: p1 p2"]),
    case("avg", window("{avg: properties.x, gte: 10}"), "p1(x=5) p2(x=14) p3(x=11)", ["2m: p1 p2 p3"]),
    case("distinct", window("{distinct: properties.x, gte: 2}"), "p1(x=red) p2(x=red) p3(x=blue)", ["2m: p1 p2 p3"]),
    case("sum", window("{sum: properties.x, eq: 6}"), "p1(x=1) p2(x=2) p3(x=3)", ["2m: p1 p2 p3"]),
)  # fmt: skip
def test_each_aggregate(case):
    case.check()


THEN_QUIET = window("{sum: properties.x, gte: 500}", more=", {absent: r, within: 7d}")


@each(
    case("the match begins where it holds", THEN_QUIET, "p1(x=300) p2(x=200)@1d", ["8d: p1 p2"]),
    case("with restart a further event begins it anew with all there are", THEN_QUIET,
         "p1(x=300) p2(x=200)@1d p3(x=1)@2d", ["9d: p1 p2 p3"]),
    case("with ignore the first set stays", f"on_repeat: ignore\n{THEN_QUIET}", "p1(x=300) p2(x=200)@1d p3(x=1)@2d",
         ["8d: p1 p2"]),
    case("with overlap each set is a match", f"on_repeat: overlap\n{THEN_QUIET}",
         "p1(x=300) p2(x=200)@1d p3(x=1)@2d", ["8d: p1 p2", "9d: p1 p2 p3"]),
    case("what a cancelled match had taken is used", THEN_QUIET, "p1(x=300) p2(x=200)@1d r1@2d p3(x=499)@3d", []),
    case("and what comes later is not", THEN_QUIET, "p1(x=300) p2(x=200)@1d r1@2d p3(x=499)@3d p4(x=1)@4d",
         ["11d: p3 p4"]),
)  # fmt: skip
def test_an_aggregate_that_begins_a_match(case):
    case.check()


def loop(having, *, rest=", {event: d}"):
    return f"steps: [{{event: c, as: c}}, {{event: a, as: a, times: {{min: 1, max: 9}}, having: {having}}}{rest}]"


@each(
    case("the next step waits until it holds", loop("{sum: properties.x, gte: 10}"),
         "c1 a1(x=4) d1 a2(x=6) d2", ["4m: c1 a1 a2 d2"]),
    case("a loop that is last fires when it holds", loop("{sum: properties.x, gte: 10}", rest=""),
         "c1 a1(x=4) a2(x=6) a3(x=1)", ["2m: c1 a1 a2"], pending=0),
    case("each match adds up its own", "on_repeat: overlap\n" + loop("{sum: properties.x, gte: 10}", rest=""),
         "c1 a1(x=6) c2 a2(x=6) a3(x=4)", ["3m: c1 a1 a2", "4m: c1 a1 a2 a3", "4m: c2 a2 a3"]),
    case("the bound may be an earlier event's", loop("{sum: properties.x, gte: $c.properties.limit}", rest=""),
         "c1(limit=7) a1(x=4) a2(x=2) a3(x=1)", ["3m: c1 a1 a2 a3"]),
    case("the bound may be scaled", loop("{sum: properties.x, gt: $c.properties.limit * 0.5}", rest=""),
         "c1(limit=10) a1(x=5) a2(x=1)", ["2m: c1 a1 a2"]),
    case("a bound that is missing is unknown, which does not hold",
         loop("{sum: properties.x, gte: $c.properties.limit}", rest=""), "c1 a1(x=4)", [], pending=1),
    case("distinct over a loop", loop("{distinct: properties.x, gte: 2}", rest=""), "c1 a1(x=u) a2(x=u) a3(x=v)",
         ["3m: c1 a1 a2 a3"]),
)  # fmt: skip
def test_an_aggregate_over_a_loop(case):
    case.check()
