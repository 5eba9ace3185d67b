"""What `$NAME` reads: the last, the first, the one before, how many, and aggregates; in conditions and in data."""

from tests.harness import event
from tests.unit.semantics.runner import case, each

LOOP = "steps: [{event: c, as: c}, {event: a, as: l, times: {min: 1, max: 9}}, {event: d}]"
UNBOUNDED = "steps: [{event: c, as: c}, {event: a, as: l, times: {min: 1}}, {event: d}]"
WINDOW = "steps: [{event: a, as: l, times: 3}]"
THREE = "c1(x=9) a1(x=1) a2(x=4) a3(x=1) d1"
TAKEN = ["4m: c1 a1 a2 a3 d1"]


def reads(name, what, value, match=LOOP, line=THREE, fires=TAKEN):
    return case(name, match, line, fires, data=f"{{v: {what}}}", carries=[{"v": value}])


@each(
    reads("the name is the last", "$l.properties.x", 1),
    reads("first is the first", "$l.first.properties.x", 1, line="c1(x=9) a1(x=1) a2(x=4) a3(x=7) d1"),
    reads("prev is the one before the last", "$l.prev.properties.x", 4),
    reads("prev of one is the event step before", "$l.prev.properties.x", 9, line="c1(x=9) a1(x=1) d1",
          fires=["2m: c1 a1 d1"]),
    reads("count", "$l.count", 3),
    reads("sum", "$l.sum(properties.x)", 6),
    reads("min", "$l.min(properties.x)", 1),
    reads("max", "$l.max(properties.x)", 4),
    reads("avg", "$l.avg(properties.x)", 2),
    reads("distinct", "$l.distinct(properties.x)", 2),
    reads("a scaled one", "$l.sum(properties.x) * 0.5", 3),
    reads("its type", "$l.type", "a"),
    reads("its time", "$l.first.event_time", "2026-01-05T10:01:00.000Z"),
    reads("text of a literal dollar", "$$5", "$5"),
)  # fmt: skip
def test_a_repetition_that_keeps_all_its_events(case):
    case.check()


KEPT = ["4m: c1 a1 a3 d1"]


@each(
    reads("the last", "$l.properties.x", 1, match=UNBOUNDED, fires=KEPT),
    reads("the first", "$l.first.properties.x", 1, match=UNBOUNDED, fires=KEPT),
    reads("the one before", "$l.prev.properties.x", 4, match=UNBOUNDED, fires=KEPT),
    reads("count", "$l.count", 3, match=UNBOUNDED, fires=KEPT),
    reads("sum", "$l.sum(properties.x)", 6, match=UNBOUNDED, fires=KEPT),
    reads("max", "$l.max(properties.x)", 4, match=UNBOUNDED, fires=KEPT),
    reads("min", "$l.min(properties.x)", 1, match=UNBOUNDED, fires=KEPT),
    reads("avg", "$l.avg(properties.x)", 2, match=UNBOUNDED, fires=KEPT),
    reads("distinct", "$l.distinct(properties.x)", 2, match=UNBOUNDED, fires=KEPT),
)  # fmt: skip
def test_a_repetition_without_an_end_keeps_its_first_and_last_and_what_is_asked(case):
    case.check()


SET = "a1(x=2) a2(x=3) a3(x=7)"
WHOLE = ["2m: a1 a2 a3"]


@each(
    reads("count of a window", "$l.count", 3, match=WINDOW, line=SET, fires=WHOLE),
    reads("first of a window", "$l.first.properties.x", 2, match=WINDOW, line=SET, fires=WHOLE),
    reads("prev of a window", "$l.prev.properties.x", 3, match=WINDOW, line=SET, fires=WHOLE),
    reads("last of a window", "$l.properties.x", 7, match=WINDOW, line=SET, fires=WHOLE),
    reads("sum of a window", "$l.sum(properties.x)", 12, match=WINDOW, line=SET, fires=WHOLE),
    reads("prev of a window of one is nothing", "$l.prev.properties.x", None,
          match="steps: [{event: a, as: l, times: 1}, {event: b}]", line="a1(x=2) b1", fires=["1m: a1 b1"]),
    reads("a sum that slid", "$l.sum(properties.x)", 10,
          match="steps: [{event: a, as: l, times: {min: 1, within: 10m}, having: {sum: properties.x, gte: 10}}]",
          line="a1(x=9) a2(x=3)@10m a3(x=7)@11m", fires=["11m: a2 a3"]),
)  # fmt: skip
def test_a_window(case):
    case.check()


ABOVE_LAST = "where: {properties.x: {gt: $l.prev.properties.x}}"


@each(
    case("a repetition may ask about the one before, and at first about the step before",
         f"steps: [{{event: c, as: c}}, {{event: a, as: l, times: 3, {ABOVE_LAST}}}]",
         "c1(x=1) a1(x=1) a2(x=3) a3(x=2) a4(x=4) a5(x=9)", ["5m: c1 a2 a4 a5"]),
    case("it may ask about its first",
         "steps: [{event: c}, {event: a, as: l, times: 3, where: {any_of: [{properties.k: {exists: true}},"
         " {properties.x: {eq: $l.first.properties.x}}]}}]",
         "c1 a1(x=1) a2(x=2,k=1) a3(x=1) a4(x=2) a5(x=3,k=1)", ["5m: c1 a2 a4 a5"]),
    case("it may ask how many there are",
         "steps: [{event: c}, {event: a, as: l, times: 3, where: {any_of: [{properties.k: {exists: true}},"
         " {properties.x: {gt: $l.count}}]}}]",
         "c1 a1(k=1) a2(x=1) a3(x=2) a4(x=2) a5(x=3)", ["5m: c1 a1 a3 a5"]),
    case("it may ask for their sum",
         "steps: [{event: c}, {event: a, as: l, times: 3, where: {any_of: [{properties.k: {exists: true}},"
         " {properties.x: {gt: $l.sum(properties.x)}}]}}]",
         "c1 a1(k=1,x=2) a2(x=2) a3(x=3) a4(x=5) a5(x=6)", ["5m: c1 a1 a3 a5"]),
    case("a later step may ask about a repetition",
         "steps: [{event: c}, {event: a, as: l, times: {max: 9}}, {event: d, where: {properties.x:"
         " {gt: $l.sum(properties.x)}}}]",
         "c1 a1(x=2) a2(x=3) d1(x=5) a3(x=1) d2(x=7)", ["5m: c1 a1 a2 a3 d2"]),
    case("and about the one before its last",
         "steps: [{event: c}, {event: a, as: l, times: 2}, {event: d,"
         " where: {properties.x: {eq: $l.prev.properties.x}}}]",
         "c1 a1(x=2) a2(x=3) d1(x=3) d2(x=2)", ["4m: c1 a1 a2 d2"]),
    case("a rising sequence needs a first that is not asked",
         f"steps: [{{event: a, as: l, times: 2, {ABOVE_LAST}}}]", "a1(x=1) a2(x=2) a3(x=3)", []),
    case("an absence may ask about a repetition",
         "steps: [{event: c}, {event: a, as: l, times: 2}, {absent: b, within: 10m,"
         " where: {properties.x: {gt: $l.max(properties.x)}}}]",
         "c1 a1(x=5) a2(x=3) b1(x=4)", ["12m: c1 a1 a2"]),
)  # fmt: skip
def test_conditions_on_a_repetition(case):
    case.check()


@each(
    case("evidence stands in the order of its times",
         "steps: [{event: c}, {all: [{event: a}, {event: b}]}, {event: d}]", "c1 b1 a1 d1", ["3m: c1 b1 a1 d1"]),
    case("a list in the data is a list", "steps: [{event: a, as: a}]",
         [event("a", "0m", id="a1", l=[{"n": 1}, {"n": 2}])], ["0m: a1"],
         data="{v: $a.properties.l.n, w: [$a.type, 1]}",
         carries=[{"v": [1, 2], "w": ["a", 1]}]),
    case("what an event lacks is nothing", "steps: [{event: a, as: a}]", "a1", ["0m: a1"], data="{v: $a.properties.x}",
         carries=[{"v": None}]),
    case("a member of a group has its name",
         "steps: [{event: c}, {all: [{event: a, as: p}, {event: b, as: q}]}]", "c1 b1(x=2) a1(x=1)", ["2m: c1 b1 a1"],
         data="{p: $p.properties.x, q: $q.properties.x}", carries=[{"p": 1, "q": 2}]),
)  # fmt: skip
def test_what_a_match_carries(case):
    case.check()
