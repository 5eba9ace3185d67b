"""`where`: every operator, every group, and what cannot be asked."""

import pytest
from trigger_text import read_where, where_problem

from config.language import AllOf, AnyOf, Comparison, Not, comparisons
from config.references import Reference, Scaled

PRICE = ("properties", "price")
CART_PRICE = Reference("cart", "last", PRICE)


@pytest.mark.parametrize(
    ("operator", "written", "value"),
    [
        ("eq", "5", 5),
        ("eq", "true", True),
        ("eq", "NO", "NO"),
        ("eq", "21:00", "21:00"),
        ("eq", '""', ""),
        ("ne", "5.5", 5.5),
        ("gt", "-1", -1),
        ("gte", "20", 20),
        ("lt", "2026-01-05", "2026-01-05"),
        ("lte", "1e3", 1000.0),
        ("in", "[1, two, 3.5, true]", (1, "two", 3.5, True)),
        ("not_in", "[$$5]", ("$5",)),
        ("exists", "false", False),
        ("contains", "shoe", "shoe"),
        ("starts_with", "$$", "$"),
        ("ends_with", ".no", ".no"),
        ("matches", "'^[a-z]+\\d$'", "^[a-z]+\\d$"),
        ("eq", "$cart.properties.price", CART_PRICE),
        ("lt", "$cart.properties.price * 0.9", Scaled(CART_PRICE, "*", 0.9)),
        ("in", "$cart.properties.price", CART_PRICE),
        ("contains", "$cart.properties.price", CART_PRICE),
        ("starts_with", "$cart.properties.price", CART_PRICE),
        ("gte", "$customer.limit", Reference("customer", "last", ("limit",))),
    ],
)
def test_each_operator_keeps_its_value(operator, written, value):
    condition = read_where(f"{{properties.price: {{{operator}: {written}}}}}")
    assert condition == Comparison(PRICE, operator, value)
    assert type(condition.value) is type(value)


def test_several_paths_and_operators_are_all_required():
    condition = read_where("{properties.price: {gte: 20, lt: 100}, type: {eq: x}}")
    assert condition == AllOf(
        (Comparison(PRICE, "gte", 20), Comparison(PRICE, "lt", 100), Comparison(("type",), "eq", "x"))
    )


def test_groups_nest():
    condition = read_where(
        "{any_of: [{properties.a: {eq: 1}}, {not: {all_of: [{properties.b: {eq: 2}}, {properties.c: {eq: 3}}]}}]}"
    )
    b, c = Comparison(("properties", "b"), "eq", 2), Comparison(("properties", "c"), "eq", 3)
    assert condition == AnyOf((Comparison(("properties", "a"), "eq", 1), Not(AllOf((b, c)))))


def test_a_comparison_knows_its_place_below_the_where():
    condition = read_where("{any_of: [{properties.a: {eq: 1}}, {not: {properties.b: {gt: 2}}}]}")
    assert [found.location for found in comparisons(condition)] == [
        ("any_of", 0, "properties.a", "eq"),
        ("any_of", 1, "not", "properties.b", "gt"),
    ]


@pytest.mark.parametrize(
    ("written", "event_time_us"),
    [("2026-01-05T10:00:00Z", 1_767_607_200_000_000), ("2026-01-05T11:00:00.5+01:00", 1_767_607_200_500_000)],
)
def test_a_literal_event_time_is_in_microseconds(written, event_time_us):
    assert read_where(f"{{event_time: {{gte: '{written}'}}}}") == Comparison(("event_time",), "gte", event_time_us)


def test_the_customer_and_a_score_stand_on_the_left():
    condition = read_where("{$customer.country: {eq: NO}, score.churn: {gt: 0.5}}")
    assert condition == AllOf(
        (Comparison(("$customer", "country"), "eq", "NO"), Comparison(("score", "churn"), "gt", 0.5))
    )


@pytest.mark.parametrize(
    ("where", "below", "value", "allowed"),
    [
        ("{properties.price: 5}", "properties.price", 5, "{OPERATOR: VALUE}"),
        ("{properties.price: {}}", "properties.price", {}, "{OPERATOR: VALUE}"),
        ("{properties.price: [1]}", "properties.price", [1], "{OPERATOR: VALUE}"),
        ("{properties.price: {equals: 5}}", "properties.price.equals", "equals", "eq, ne, gt"),
        ("{price: {eq: 5}}", "price", "price", "properties.NAME"),
        ("{$cart.properties.price: {eq: 5}}", "$cart.properties.price", "$cart.properties.price", "$customer.NAME"),
        ("{}", "", {}, "PATH: {OPERATOR: VALUE}"),
        ("[]", "", [], "PATH: {OPERATOR: VALUE}"),
        ("text", "", "text", "PATH: {OPERATOR: VALUE}"),
        ("{any_of: []}", "any_of", [], "[{PATH: {OPERATOR: VALUE}}, …]"),
        ("{any_of: {properties.a: {eq: 1}}}", "any_of", {"properties.a": {"eq": 1}}, "[{PATH"),
        ("{all_of: [5]}", "all_of[0]", 5, "PATH: {OPERATOR: VALUE}"),
        ("{not: []}", "not", [], "PATH: {OPERATOR: VALUE}"),
        ("{properties.a: {eq: null}}", "properties.a.eq", None, "a value"),
        ("{properties.a: {eq: [1]}}", "properties.a.eq", [1], "a text, a number"),
        ("{properties.a: {gt: true}}", "properties.a.gt", True, "a number, a text"),
        ("{properties.a: {in: 5}}", "properties.a.in", 5, "a list of values"),
        ("{properties.a: {in: []}}", "properties.a.in", [], "a list of values"),
        ("{properties.a: {in: [$cart.type]}}", "properties.a.in", ["$cart.type"], "literals"),
        ("{properties.a: {in: [null]}}", "properties.a.in", [None], "a value"),
        ("{properties.a: {not_in: text}}", "properties.a.not_in", "text", "a list of values"),
        ("{properties.a: {exists: 1}}", "properties.a.exists", 1, "true, false"),
        ("{properties.a: {starts_with: 5}}", "properties.a.starts_with", 5, "a text"),
        ("{properties.a: {ends_with: ''}}", "properties.a.ends_with", "", "a text"),
        ("{properties.a: {starts_with: $cart.type * 2}}", "properties.a.starts_with", "$cart.type * 2", "a text"),
        ("{properties.a: {matches: '('}}", "properties.a.matches", "(", "RE2 syntax"),
        ("{properties.a: {matches: '(?=x)'}}", "properties.a.matches", "(?=x)", "RE2 syntax"),
        ("{properties.a: {matches: 5}}", "properties.a.matches", 5, "RE2 syntax"),
        ("{properties.a: {matches: $cart.type}}", "properties.a.matches", "$cart.type", "no reference"),
        ("{event_time: {gt: 5}}", "event_time.gt", 5, "ISO 8601"),
        ("{event_time: {gt: '2026-01-05T10:00:00'}}", "event_time.gt", "2026-01-05T10:00:00", "ISO 8601"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_place(where, below, value, allowed):
    problem = where_problem(where)
    dot = "." if below and not below.startswith("[") else ""
    assert problem.path == f"match.steps[2].where{dot}{below}"
    assert problem.value == value
    assert allowed in problem.allowed
    assert (problem.file, problem.line) == ("tested.yaml", 4)


def test_a_list_as_a_plain_value_is_refused_with_the_operator_it_wants():
    assert where_problem("{properties.a: [1, 2]}").hint == "did you mean {in: […]}?"


def test_all_mistakes_of_one_condition_are_said():
    from trigger_text import problems

    found = problems("steps: [{event: x, where: {price: {eq: 1}, properties.a: {eqq: 1, gt: true}, any_of: [{}, 5]}}]")
    assert len(found) == 5
