"""True, false and unknown: what is unknown begins and advances nothing, and ends what it may end."""

from tests.unit.semantics.runner import case, each

ONE = "{properties.x: {eq: 1}}"


@each(
    case("a missing field does not begin a match", f"steps: [{{event: a, where: {ONE}}}, {{event: b}}]", "a1 b1", []),
    case("another type does not either", f"steps: [{{event: a, where: {ONE}}}, {{event: b}}]", 'a1(x="1") b1', []),
    case("true is not one", f"steps: [{{event: a, where: {ONE}}}, {{event: b}}]", "a1(x=true) b1", []),
    case("nothing is not one", f"steps: [{{event: a, where: {ONE}}}, {{event: b}}]", "a1(x=null) b1", []),
    case("the opposite of unknown is unknown", f"steps: [{{event: a, where: {{not: {ONE}}}}}, {{event: b}}]",
         "a1 a2(x=2) b1", ["2m: a2 b1"]),
    case("unknown or true is true",
         f"steps: [{{event: a}}, {{event: b, where: {{any_of: [{ONE}, {{properties.y: {{eq: 1}}}}]}}}}]", "a1 b1(y=1)",
         ["1m: a1 b1"]),
    case("unknown or false is unknown",
         f"steps: [{{event: a}}, {{event: b, where: {{any_of: [{ONE}, {{properties.y: {{eq: 1}}}}]}}}}]", "a1 b1(y=2)",
         []),
    case("unknown and true is unknown", "steps: [{event: a}, {event: b, where: {properties.x: {eq: 1},"
         " properties.y: {eq: 1}}}]", "a1 b1(y=1)", []),
    case("whether a field is there is never unknown",
         "steps: [{event: a}, {event: b, where: {properties.x: {exists: false}}}]", "a1 b1(x=1) b2", ["2m: a1 b2"]),
    case("what is not one of a list is known only of what is there",
         "steps: [{event: a}, {event: b, where: {properties.x: {not_in: [1, 2]}}}]", "a1 b1 b2(x=1) b3(x=3)",
         ["3m: a1 b3"]),
)  # fmt: skip
def test_a_step_that_acts_asks_for_true(case):
    case.check()


@each(
    case("an absence at the end", f"steps: [{{event: a}}, {{absent: b, within: 10m, where: {ONE}}}]", "a1 b1", []),
    case("false is no doubt", f"steps: [{{event: a}}, {{absent: b, within: 10m, where: {ONE}}}]", "a1 b1(x=2)",
         ["10m: a1"]),
    case("its opposite is in doubt too",
         f"steps: [{{event: a}}, {{absent: b, within: 10m, where: {{not: {ONE}}}}}]", "a1 b1", []),
    case("unknown and false is no doubt",
         "steps: [{event: a}, {absent: b, within: 10m, where: {properties.x: {eq: 1}, properties.y: {eq: 1}}}]",
         "a1 b1(y=2)", ["10m: a1"]),
    case("an absence between two events", f"steps: [{{event: a}}, {{absent: b, where: {ONE}}}, {{event: c}}]",
         "a1 b1 c1", []),
    case("an exit", f"steps: [{{event: a}}, {{wait: 10m}}]\nexit: [{{event: b, where: {ONE}}}]", "a1 b1", []),
    case("an exit that is false is none", f"steps: [{{event: a}}, {{wait: 10m}}]\nexit: [{{event: b, where: {ONE}}}]",
         "a1 b1(x=2)", ["10m: a1"]),
    case("an absence that asks about what the first event lacks",
         "steps: [{event: a, as: a}, {absent: b, within: 10m, where: {properties.x: {gt: $a.properties.x}}}]",
         "a1 b1(x=1)", []),
    case("an absence in a group",
         f"steps: [{{event: c}}, {{any: [{{event: a}}, {{absent: b, within: 10m, where: {ONE}}}]}}]", "c1 b1", []),
)  # fmt: skip
def test_what_ends_a_match_is_enough_in_doubt(case):
    case.check()


@each(
    case("a window counts what certainly fits", f"steps: [{{event: a, times: 2, where: {ONE}}}]",
         "a1(x=1) a2 a3(x=1)", ["2m: a1 a3"]),
    case("a loop takes what certainly fits", f"steps: [{{event: c}}, {{event: a, times: 2, where: {ONE}}}]",
         "c1 a1 a2(x=1) a3(x=1)", ["3m: c1 a2 a3"]),
    case("an optional step takes what certainly fits",
         f"steps: [{{event: c}}, {{event: a, optional: true, where: {ONE}}}, {{event: d}}]", "c1 a1 d1", ["2m: c1 d1"]),
    case("a member of all takes what certainly fits",
         f"steps: [{{event: c}}, {{all: [{{event: a, where: {ONE}}}, {{event: b}}]}}]", "c1 a1 b1", []),
    case("an end of a repetition must be certain",
         f"steps: [{{event: c}}, {{event: a, times: {{max: 9}}, until: {{event: u, where: {ONE}}}}}, {{event: d}}]",
         "c1 a1 u1 a2 d1", ["4m: c1 a1 a2 d1"]),
    case("an aggregate must certainly hold", "steps: [{event: c, as: c}, {event: a, times: {max: 9},"
         " having: {sum: properties.x, gte: $c.properties.x}}, {event: d}]", "c1 a1(x=5) d1", []),
    case("what is not the very next event breaks strict, also in doubt",
         f"steps: [{{event: a}}, {{event: b, contiguity: strict, where: {ONE}}}]", "a1 b1 b2(x=1)", [],
         ends={"broken": 1}),
)  # fmt: skip
def test_the_other_words_ask_for_true(case):
    case.check()
