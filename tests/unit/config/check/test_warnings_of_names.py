"""Suspicions about types, properties and literals, with and without schemas."""

import pytest

CART = "{price: {type: number}, sku: {type: string}, brand: {type: string, enum: [a, b]}, gift: {type: boolean}}"


@pytest.fixture
def declared(folder):
    folder.declare("cart_add", CART)
    folder.declare("purchase", "{total: {type: number}, products: {type: array}}")
    return folder


def test_a_type_nobody_declares_is_odd_where_most_are_declared(declared):
    warned = declared.only_warning("""
        steps:
          - event: cart_add
          - absent: [purchase, purchse]
            within: 1h
        """)
    assert (warned.code, warned.line) == ("undeclared-type", 6)
    assert warned.way_out == "did you mean purchase?"


def test_a_type_without_a_schema_is_fine_where_few_have_one(declared):
    assert declared.warnings("steps: [{event: cart_add}, {event: b, within: 1h}, {event: c, within: 1h}]") == []


def test_what_the_engine_sends_and_any_type_need_no_schema(declared):
    assert declared.warnings("steps: [{event: cart_add}, {absent: [purchase, action_sent], within: 1h}]") == []


@pytest.mark.parametrize(
    ("match", "line", "way_out"),
    [
        ("steps:\n  - event: cart_add\n    where: {properties.prise: {gt: 5}}", 6, "did you mean price?"),
        ("key: properties.zzz\nsteps: [{event: cart_add}]", 4, "declared are price, sku, brand, gift"),
        (
            "steps:\n  - event: cart_add\n    times: 3\n    within: 1h\n    having: {sum: properties.pric, gt: 5}",
            8,
            None,
        ),
        ("steps:\n  - event: cart_add\n    as: c\n  - at: $c.properties.skuu", 7, "did you mean sku?"),
        ("key: properties.sku\nsteps:\n  - event: purchase\n    key: properties.sku", 7, None),
    ],
)
def test_a_property_that_the_schema_does_not_have_is_said_where_it_is_asked(declared, match, line, way_out):
    declared.policy.write_text("consent: [marketing]\ndefault_timezone: UTC\n", encoding="utf-8")
    warned = declared.only_warning(match)
    assert (warned.code, warned.line) == ("unknown-property", line)
    assert way_out is None or warned.way_out == way_out


def test_what_an_action_carries_is_looked_at_too(declared):
    rest = """
        policy: {consent: marketing}
        actions:
          - channel: email
            template: t
            data:
              price: $c.properties.price
              name: $c.properties.name
        """
    assert declared.warnings("steps: [{event: cart_add, as: c}]", rest) == [("unknown-property", 11)]


@pytest.mark.parametrize(
    "where",
    [
        '{properties.price: {eq: "20"}}',
        "{properties.price: {starts_with: a}}",
        "{properties.price: {contains: 2}}",
        "{properties.price: {in: [1, two]}}",
        "{properties.price: {eq: true}}",
        "{properties.price.amount: {eq: 2}}",
        "{properties.sku: {gt: 5}}",
        "{properties.gift: {gt: 0}}",
        '{properties.gift: {eq: "yes"}}',
        "{properties.brand: {eq: c}}",
    ],
)
def test_a_comparison_that_the_declared_type_never_meets(declared, where):
    assert declared.warnings(f"steps:\n  - event: cart_add\n    where: {where}") == [("property-type", 6)]


@pytest.mark.parametrize(
    "where",
    [
        "{properties.price: {gte: 20, lt: 99.5}}",
        "{properties.price: {exists: true}}",
        "{properties.sku: {matches: ^a, ne: b}}",
        "{properties.brand: {in: [a, b]}}",
        "{properties.brand: {ne: c}}",
        "{properties.gift: {eq: true}}",
        "{context.kind: {eq: system}}",
    ],
)
def test_a_comparison_that_the_declared_type_may_meet_is_fine(declared, where):
    assert declared.warnings(f"steps: [{{event: cart_add, where: {where}}}]") == []


def test_what_is_inside_a_list_is_not_declared_and_not_odd(declared):
    match = "key: properties.sku\nsteps: [{event: purchase, key: properties.products.sku}]"
    assert declared.warnings(match) == []


@pytest.mark.parametrize(
    "where",
    [
        '{properties.price: {gt: "20"}}',
        '{properties.price: {lte: "9.5"}}',
        "{customer_id: {eq: 5}}",
        "{type: {in: [a, 1]}}",
        "{session_id: {ne: true}}",
        '{score.churn: {gte: "high"}}',
        '{event_time: {matches: "^2026"}}',
        "{any_of: [{customer_id: {eq: 5}}, {properties.x: {eq: 5}}]}",
    ],
)
def test_a_literal_that_can_never_compare_needs_no_schema_to_be_odd(folder, where):
    assert folder.warnings(f"steps:\n  - event: a\n    where: {where}") == [("never-compares", 6)]


@pytest.mark.parametrize(
    "where",
    [
        '{properties.sku: {eq: "20"}}',
        '{properties.name: {gt: "m"}}',
        '{customer_id: {eq: "5"}}',
        "{score.churn: {gte: 0.7}}",
        "{event_time: {gte: 2026-01-05T10:00:00Z}}",
        "{session_id: {exists: false}}",
        "{properties.price: {gt: $b.properties.price}}",
    ],
)
def test_a_literal_that_may_compare_is_fine(folder, where):
    assert folder.warnings(f"steps: [{{event: b, as: b}}, {{event: a, within: 1h, where: {where}}}]") == []


def test_a_condition_of_the_policy_can_misfit_too(folder):
    rest = """
        policy:
          consent: marketing
          where: {customer_id: {eq: 5}}
        actions: [{channel: email, template: t}]
        """
    assert folder.warnings("steps: [{event: a}]", rest) == [("never-compares", 7)]
