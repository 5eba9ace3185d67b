"""Paths into events, references to captured ones, scaled values, and the literal `$`."""

import pytest

from config.errors import Refused
from config.references import (
    Reference,
    Scaled,
    parse_condition_path,
    parse_event_path,
    parse_key_path,
    parse_name,
    parse_reference,
    parse_value,
)

PRICE = ("properties", "price")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("customer_id", ("customer_id",)),
        ("type", ("type",)),
        ("session_id", ("session_id",)),
        ("event_time", ("event_time",)),
        ("properties.price", PRICE),
        ("properties.products.product_id", ("properties", "products", "product_id")),
        ("context.page-path", ("context", "page-path")),
        ("properties.2fa", ("properties", "2fa")),
    ],
)
def test_a_path_is_its_parts(text, path):
    assert parse_event_path(text) == path


@pytest.mark.parametrize(
    "text", ["", ".", "properties.", ".price", "properties..price", "a b", "properties.a b", 5, None]
)
def test_what_is_no_path_is_refused(text):
    with pytest.raises(Refused, match="is not a path"):
        parse_event_path(text)


def test_a_path_without_its_root_is_refused_with_the_likely_one():
    with pytest.raises(Refused) as refusal:
        parse_event_path("product_id")
    assert refusal.value.hint == "did you mean properties.product_id?"


@pytest.mark.parametrize(("text", "hint"), [("custmer_id", "customer_id"), ("propertys.price", "properties")])
def test_a_misspelt_root_is_refused_with_the_nearest(text, hint):
    with pytest.raises(Refused) as refusal:
        parse_event_path(text)
    assert refusal.value.hint == f"did you mean {hint}?"


@pytest.mark.parametrize("text", ["properties", "context"])
def test_an_open_root_needs_the_name_of_what_is_inside(text):
    with pytest.raises(Refused, match="names nothing inside"):
        parse_event_path(text)


def test_a_field_has_nothing_inside():
    with pytest.raises(Refused, match="goes on after customer_id"):
        parse_event_path("customer_id.name")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("$customer.country", ("$customer", "country")),
        ("$customer.traits.vip", ("$customer", "traits", "vip")),
        ("score.churn", ("score", "churn")),
        ("type", ("type",)),
    ],
)
def test_the_left_of_a_condition_may_be_the_customer_or_a_score(text, path):
    assert parse_condition_path(text) == path


@pytest.mark.parametrize("text", ["$cart.properties.price", "$customer", "score", "score.a.b", "item.price"])
def test_other_left_hand_sides_are_refused(text):
    with pytest.raises(Refused):
        parse_condition_path(text)


@pytest.mark.parametrize("text", ["type", "event_time", "score.churn", "$customer.country", "product_id"])
def test_a_key_is_who_or_what_an_event_belongs_to(text):
    with pytest.raises(Refused):
        parse_key_path(text)


@pytest.mark.parametrize("text", ["customer_id", "session_id", "properties.product_id", "context.device"])
def test_keys_are_paths_of_identity(text):
    assert parse_key_path(text) == tuple(text.split("."))


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("$cart.properties.price", Reference("cart", "last", PRICE)),
        ("$cart.customer_id", Reference("cart", "last", ("customer_id",))),
        ("$views.first.properties.price", Reference("views", "first", PRICE)),
        ("$views.prev.properties.price", Reference("views", "prev", PRICE)),
        ("$views.count", Reference("views", "count", ())),
        ("$views.sum(properties.price)", Reference("views", "sum", PRICE)),
        ("$views.min(properties.price)", Reference("views", "min", PRICE)),
        ("$views.max(properties.price)", Reference("views", "max", PRICE)),
        ("$views.avg(properties.price)", Reference("views", "avg", PRICE)),
        ("$views.distinct(type)", Reference("views", "distinct", ("type",))),
        ("$order.item", Reference("order", "item", ())),
        ("$order.item.price", Reference("order", "item", ("price",))),
        ("$customer.timezone", Reference("customer", "last", ("timezone",))),
    ],
)
def test_a_reference_names_an_event_and_something_of_it(text, reference):
    assert parse_reference(text) == reference
    assert str(reference) == text


@pytest.mark.parametrize(
    "text",
    [
        *("cart.properties.price", "$", "$.x", "$cart", "$cart.", "$5 off", "$$cart.type", "$customer", "$cart.price"),
        *(
            "$cart.first",
            "$cart.prev",
            "$cart.count.x",
            "$cart.median(properties.x)",
            "$cart.sum()",
            "$cart.sum(price)",
        ),
        *("$cart.properties", "$cart.properties.price*0.9", "$cart.last.properties.price", 5, None),
    ],
)
def test_what_is_no_reference_is_refused(text):
    with pytest.raises(Refused):
        parse_reference(text)


@pytest.mark.parametrize(
    ("text", "operator", "operand"),
    [
        ("$cart.properties.price * 0.9", "*", 0.9),
        ("$cart.properties.price + 5", "+", 5),
        ("$cart.properties.price - 5", "-", 5),
        ("$cart.properties.price / 2", "/", 2),
        ("$cart.properties.price * -1.5", "*", -1.5),
        ("$cart.properties.price  *  1e-3", "*", 0.001),
    ],
)
def test_a_reference_may_be_scaled_by_one_number(text, operator, operand):
    assert parse_value(text) == Scaled(Reference("cart", "last", PRICE), operator, operand)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$cart.properties.price / 0", "divides by zero"),
        ("$cart.properties.price * nan", "no number"),
        ("$cart.properties.price * 1e999", "too large"),
        ("$cart.properties.price * $cart.properties.x", "no number"),
        ("$cart.properties.price ^ 2", "not a scaled reference"),
        ("$cart.properties.price * 2 * 3", "not a path"),
    ],
)
def test_other_arithmetic_is_refused(text, message):
    with pytest.raises(Refused, match=message):
        parse_value(text)


@pytest.mark.parametrize(
    ("text", "literal"),
    [("$$5 off", "$5 off"), ("$$$", "$$"), ("costs $5", "costs $5"), ("a$$b", "a$$b"), ("", ""), ("plain", "plain")],
)
def test_only_a_leading_dollar_makes_a_reference_and_two_make_a_literal_one(text, literal):
    assert parse_value(text) == literal


@pytest.mark.parametrize("name", ["cart", "Cart_2", "_x"])
def test_a_name_is_a_word(name):
    assert parse_name(name) == name


@pytest.mark.parametrize("name", ["", "2nd", "my cart", "cart-1", "café", 5, None, "customer"])
def test_what_cannot_be_referred_to_is_no_name(name):
    with pytest.raises(Refused):
        parse_name(name)
