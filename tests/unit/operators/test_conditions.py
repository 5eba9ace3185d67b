"""`where`: every operator over every kind of value, with SQL's three values."""

import pytest

from config.language.conditions import read_condition
from operators.conditions import comparator, compile_condition
from tests.harness import compiled, event, run, trigger

TRUE, FALSE, UNKNOWN = True, False, None


def verdict(condition, **properties):
    """What one event with these properties says."""
    test = compile_condition(read_condition(condition), lambda reference: lambda captures: captures[0])
    fields = (0, ("t", 0), 0, 0, 1_767_607_200_000_000, "e1", "view", "c1", "s1", properties, {"device": "phone"})
    return test(fields, ())


def asked(operator, value, **properties):
    return verdict({"properties.x": {operator: value}}, **properties)


@pytest.mark.parametrize(
    ("operator", "value", "found", "expected"),
    [
        ("eq", 5, 5, TRUE), ("eq", 5, 5.0, TRUE), ("eq", 5, 6, FALSE), ("eq", 5, "5", UNKNOWN),
        ("eq", 1, True, UNKNOWN),
        ("eq", "a", "a", TRUE), ("eq", "a", "A", FALSE), ("eq", True, True, TRUE), ("eq", True, 1, UNKNOWN),
        ("eq", "a", None, UNKNOWN), ("eq", "a", ["a"], UNKNOWN), ("eq", "a", {}, UNKNOWN),
        ("ne", 5, 6, TRUE), ("ne", 5, 5, FALSE), ("ne", 5, "5", UNKNOWN), ("ne", 5, None, UNKNOWN),
        ("gt", 5, 6, TRUE), ("gt", 5, 5, FALSE), ("gt", 5, "6", UNKNOWN), ("gt", 5, True, UNKNOWN),
        ("gt", 5, None, UNKNOWN),
        ("gte", 5, 5, TRUE), ("gte", 5, 4.999, FALSE), ("gte", 5, [9], UNKNOWN),
        ("lt", 5, 4, TRUE), ("lt", 5, 5, FALSE), ("lt", 5, False, UNKNOWN),
        ("lte", 5, 5, TRUE), ("lte", 5, 5.001, FALSE), ("lte", 5, None, UNKNOWN),
        ("gt", "b", "c", TRUE), ("gt", "b", "a", FALSE), ("gt", "b", 9, UNKNOWN),
        ("gt", 5, float("inf"), TRUE), ("gt", 5, 10**400, TRUE),
        ("in", ["a", "b"], "a", TRUE), ("in", ["a", "b"], "c", FALSE), ("in", ["a", "b"], None, UNKNOWN),
        ("in", ["a", "b"], 1, UNKNOWN), ("in", [1, 2], 2.0, TRUE), ("in", [True], True, TRUE),
        ("in", [1], True, UNKNOWN),
        ("not_in", ["a", "b"], "c", TRUE), ("not_in", ["a", "b"], "a", FALSE), ("not_in", ["a"], None, UNKNOWN),
        ("not_in", ["a"], 1, UNKNOWN),
        ("exists", True, 0, TRUE), ("exists", True, None, FALSE), ("exists", False, None, TRUE),
        ("exists", False, "", FALSE),
        ("contains", "bc", "abcd", TRUE), ("contains", "x", "abcd", FALSE), ("contains", "a", ["a", "b"], TRUE),
        ("contains", "c", ["a", "b"], FALSE), ("contains", 1, "a1", UNKNOWN), ("contains", "a", 5, UNKNOWN),
        ("contains", "a", None, UNKNOWN), ("contains", 2, [1, 2], TRUE), ("contains", "a", {"a": 1}, UNKNOWN),
        ("starts_with", "ab", "abc", TRUE), ("starts_with", "ab", "ba", FALSE), ("starts_with", "a", 1, UNKNOWN),
        ("ends_with", "bc", "abc", TRUE), ("ends_with", "bc", "bcd", FALSE), ("ends_with", "a", None, UNKNOWN),
        ("matches", "^a.c$", "abc", TRUE), ("matches", "^a.c$", "abcd", FALSE), ("matches", "b", "abc", TRUE),
        ("matches", "a", 1, UNKNOWN), ("matches", "(?i)SHOE", "red shoes", TRUE), ("matches", "é", "café", TRUE),
    ],
)  # fmt: skip
def test_a_comparison_is_true_false_or_unknown(operator, value, found, expected):
    assert asked(operator, value, x=found) is expected


@pytest.mark.parametrize("operator", ["eq", "ne", "gt", "gte", "lt", "lte", "contains", "starts_with", "ends_with"])
def test_a_comparison_with_a_missing_field_is_unknown(operator):
    assert asked(operator, "a") is UNKNOWN


@pytest.mark.parametrize(
    "name", ["eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "contains", "starts_with", "ends_with"]
)
@pytest.mark.parametrize("a", [None, True, 1, 1.5, "a", [], ["a"], {}, float("inf")])
@pytest.mark.parametrize("b", [None, True, 1, 1.5, "a", [], ["a"], {}, float("inf")])
def test_no_two_values_make_a_comparison_raise(name, a, b):
    assert comparator(name)(a, b) in (True, False, None)


A, B, C = ({"properties.a": {"eq": 1}}, {"properties.b": {"eq": 1}}, {"properties.c": {"eq": 1}})
VALUES = {TRUE: 1, FALSE: 0, UNKNOWN: None}


@pytest.mark.parametrize("a", [TRUE, FALSE, UNKNOWN])
@pytest.mark.parametrize("b", [TRUE, FALSE, UNKNOWN])
def test_all_of_any_of_and_not_follow_kleene(a, b):
    has = {"a": VALUES[a], "b": VALUES[b]}
    conjunction = FALSE if FALSE in (a, b) else UNKNOWN if UNKNOWN in (a, b) else TRUE
    disjunction = TRUE if TRUE in (a, b) else UNKNOWN if UNKNOWN in (a, b) else FALSE
    opposite = {TRUE: FALSE, FALSE: TRUE, UNKNOWN: UNKNOWN}
    assert verdict({"all_of": [A, B]}, **has) is conjunction
    assert verdict(A | B, **has) is conjunction
    assert verdict({"any_of": [A, B]}, **has) is disjunction
    assert verdict({"not": A}, **has) is opposite[a]
    assert verdict({"not": {"any_of": [A, B]}}, **has) is opposite[disjunction]


def test_several_operators_on_one_path_are_all_required():
    assert asked_range(20) is TRUE
    assert asked_range(19) is FALSE
    assert asked_range(100) is FALSE


def asked_range(price):
    return verdict({"properties.price": {"gte": 20, "lt": 100}}, price=price)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("type", "view"),
        ("customer_id", "c1"),
        ("session_id", "s1"),
        ("context.device", "phone"),
        ("properties.deep.er", 7),
    ],
)
def test_the_left_side_may_be_any_path_of_an_event(path, value):
    assert verdict({path: {"eq": value}}, deep={"er": 7}) is TRUE


def test_event_time_is_compared_with_a_time():
    assert verdict({"event_time": {"lt": "2026-01-05T10:00:00.001Z"}}) is TRUE
    assert verdict({"event_time": {"lt": "2026-01-05T11:00:00+01:00"}}) is FALSE


def test_a_path_through_a_list_gives_the_list_of_what_its_elements_hold():
    products = [{"id": "a"}, {}, {"id": "b"}, 5]
    assert verdict({"properties.products.id": {"contains": "b"}}, products=products) is TRUE
    assert verdict({"properties.products.id": {"contains": "c"}}, products=products) is FALSE
    assert verdict({"properties.products.id": {"eq": "a"}}, products=products) is UNKNOWN


def test_a_doubled_dollar_is_a_literal_one():
    assert asked("eq", "$$5", x="$5") is TRUE


STEP = "steps: [{event: a, where: {properties.x: {eq: 1}}}, {event: b, where: {properties.y: {gt: 1}}}]"


def test_unknown_does_not_fit_a_step_that_acts():
    assert run(trigger(STEP), [event("a", "0s"), event("b", "1m", y=2)]).fired == []
    assert run(trigger(STEP), [event("a", "0s", x=1), event("b", "1m", y="2")]).fired == []
    assert run(trigger(STEP), [event("a", "0s", x=1), event("b", "1m", y=2)]).fired == ["1m"]


@pytest.mark.parametrize("properties", [{}, {"total": "20"}, {"total": None}, {"total": 20}])
def test_unknown_fits_an_absence(properties):
    text = trigger("steps: [{event: a}, {absent: b, within: 30m, where: {properties.total: {gte: 20}}}]")
    assert run(text, [event("a", "0s"), event("b", "1m", **properties)], at_end="flush").fired == []
    assert run(text, [event("a", "0s"), event("b", "1m", total=19)], at_end="flush").fired == ["30m"]


def test_unknown_fits_an_untimed_absence():
    text = trigger("steps: [{event: a}, {absent: b, where: {properties.x: {eq: 1}}}, {event: c}]")
    assert run(text, [event("a", "0s"), event("b", "1m"), event("c", "2m")]).fired == []
    assert run(text, [event("a", "0s"), event("b", "1m", x=2), event("c", "2m")]).fired == ["2m"]


def test_unknown_fits_an_exit():
    text = trigger("steps: [{event: a}, {wait: 30m}]\nexit: [{event: b, where: {not: {properties.x: {eq: 1}}}}]")
    assert run(text, [event("a", "0s"), event("b", "1m")], at_end="flush").fired == []
    assert run(text, [event("a", "0s"), event("b", "1m", x=1)], at_end="flush").fired == ["30m"]


def test_unknown_verdicts_are_counted():
    plan = compiled(trigger(STEP))
    run(plan, [event("a", "0s"), event("a", "1s"), event("a", "2s", x=1), event("b", "3s")])
    assert plan.unknown_comparisons() == 3


def test_a_reference_to_what_an_earlier_event_did_not_have_is_unknown():
    text = trigger("steps: [{event: a, as: a}, {event: b, where: {properties.x: {eq: $a.properties.x}}}]")
    assert run(text, [event("a", "0s"), event("b", "1m")]).fired == []
    assert run(text, [event("a", "0s"), event("b", "1m", x=1)]).fired == []
    assert run(text, [event("a", "0s", x=1), event("b", "1m", x=1)]).fired == ["1m"]


@pytest.mark.parametrize(
    ("scaled", "fits"),
    [("* 0.5", 50), ("/ 4", 25), ("+ 5", 105), ("- 1", 99)],
)
def test_a_reference_may_be_scaled_by_one_literal(scaled, fits):
    text = trigger(
        f"steps: [{{event: a, as: a}}, {{event: b, where: {{properties.x: {{eq: $a.properties.x {scaled}}}}}}}]"
    )
    assert run(text, [event("a", "0s", x=100), event("b", "1m", x=fits)]).fired == ["1m"]
    assert run(text, [event("a", "0s", x=100), event("b", "1m", x=fits + 1)]).fired == []
    assert run(text, [event("a", "0s", x="100"), event("b", "1m", x=fits)]).fired == []


def test_a_number_beyond_every_double_is_above_every_other():
    text = trigger("steps: [{event: a, as: a}, {event: b, where: {properties.x: {lt: $a.properties.x * 0.5}}}]")
    raw = b'{"event_id":"a","type":"a","customer_id":"c1","event_time":1767607200000,"properties":{"x":1%s}}' % (
        b"0" * 400
    )
    assert run(text, [{"raw": raw}, event("b", "1m", x=1)]).fired == ["1m"]


def test_a_reference_to_a_list_is_what_in_asks_for():
    text = trigger("steps: [{event: a, as: a}, {event: b, where: {properties.x: {in: $a.properties.list}}}]")
    assert run(text, [event("a", "0s", list=[1, 2]), event("b", "1m", x=2)]).fired == ["1m"]
    assert run(text, [event("a", "0s", list=[1, 2]), event("b", "1m", x=3)]).fired == []
    assert run(text, [event("a", "0s", list=2), event("b", "1m", x=2)]).fired == []


def test_a_path_through_an_empty_list_leads_to_nothing():
    text = trigger("steps: [{event: a, where: {properties.products.product_id: {exists: true}}}]")
    assert run(text, [event("a", "0s", products=[]), event("a", "1m", products=[{"product_id": 1}])]).fired == ["1m"]


def test_contains_in_a_list_of_other_types_is_unknown():
    text = trigger("steps: [{event: a}, {absent: b, where: {properties.tags: {contains: x}}, within: 30m}]")
    for tags, fired in (([1, 2], []), (["y", 2], ["30m"]), (["x"], []), ([], ["30m"])):
        assert run(text, [event("a", "0s"), event("b", "1m", tags=tags)], at_end="flush").fired == fired
