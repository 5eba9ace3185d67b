"""`config/vocabulary/*.yaml`: what each source calls things, and what we call them."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.numbers import number_of
from config.vocabulary import Vocabulary, load_vocabularies, snake_case

VOCABULARIES = load_vocabularies(Path(__file__).parents[3] / "config" / "vocabulary")

# The table of the envelopes page, a row a type of ours; what is not written there is not mapped.
TABLE = {
    "product_click": {"segment": "Product Clicked", "ga4": "select_item", "snowplow": "list_click", "ga360": "1"},
    "product_view": {
        "segment": "Product Viewed",
        "ga4": "view_item",
        "snowplow": "product_view",
        "shopify": "product_viewed",
        "ga360": "2",
        "taobao": "pv",
        "rees46": "view",
        "otto": "clicks",
    },
    "cart_add": {
        "segment": "Product Added",
        "ga4": "add_to_cart",
        "snowplow": "add_to_cart",
        "shopify": "product_added_to_cart",
        "ga360": "3",
        "taobao": "cart",
        "rees46": "cart",
        "otto": "carts",
    },
    "cart_remove": {
        "segment": "Product Removed",
        "ga4": "remove_from_cart",
        "snowplow": "remove_from_cart",
        "shopify": "product_removed_from_cart",
        "ga360": "4",
        "rees46": "remove_from_cart",
    },
    "cart_view": {"segment": "Cart Viewed", "ga4": "view_cart", "shopify": "cart_viewed"},
    "checkout": {
        "segment": "Checkout Started",
        "ga4": "begin_checkout",
        "snowplow": "checkout_step",
        "shopify": "checkout_started",
        "ga360": "5",
    },
    "purchase": {
        "segment": "Order Completed",
        "ga4": "purchase",
        "snowplow": "transaction",
        "shopify": "checkout_completed",
        "ga360": "6",
        "taobao": "buy",
        "rees46": "purchase",
        "otto": "orders",
    },
    "refund": {"segment": "Order Refunded", "ga4": "refund", "snowplow": "refund", "ga360": "7"},
    "wishlist_add": {"segment": "Product Added to Wishlist", "ga4": "add_to_wishlist", "taobao": "fav"},
}
WEBHOOKS = {"checkouts/create": "checkout", "orders/create": "purchase", "refunds/create": "refund"}


@pytest.mark.parametrize(
    ("source", "theirs", "ours"),
    [(source, theirs, ours) for ours, row in TABLE.items() for source, theirs in row.items()],
)
def test_every_row_of_the_table_is_mapped(source, theirs, ours):
    assert VOCABULARIES[source].type(theirs) == ours


@pytest.mark.parametrize(("topic", "ours"), WEBHOOKS.items())
def test_webhooks_are_mapped_by_their_topic(topic, ours):
    assert VOCABULARIES["shopify"].type(topic) == ours


@pytest.mark.parametrize(
    ("old", "ours"),
    [("Added Product", "cart_add"), ("Viewed Product", "product_view"), ("Completed Order", "purchase")],
)
def test_the_names_of_segments_first_version_still_count(old, ours):
    assert VOCABULARIES["segment"].type(old) == ours


@pytest.mark.parametrize(
    "spelling", ["Product Added", "product added", "product_added", "ProductAdded", "productAdded"]
)
def test_a_name_counts_in_any_spelling(spelling):
    assert VOCABULARIES["segment"].type(spelling) == "cart_add"


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Trial Ended", "trial_ended"),
        ("trialEnded", "trial_ended"),
        ("HTTPError", "http_error"),
        ("com.example.cart.item_added", "com_example_cart_item_added"),
        ("carts/update", "carts_update"),
        ("  Spaced  Out ", "spaced_out"),
        ("Step2Done", "step2_done"),
        ("already_snake", "already_snake"),
        ("Bestilt på nett", "bestilt_på_nett"),
        ("!!!", "!!!"),
        ("", ""),
    ],
)
def test_any_other_name_is_snake_cased(name, snake):
    assert snake_case(name) == snake
    assert VOCABULARIES["cloudevents"].type(name) == snake


def test_a_source_that_makes_up_names_does_not_grow_the_memory():
    vocabulary = Vocabulary()
    names = [f"Event {number}" for number in range(10_050)]
    assert [vocabulary.type(name) for name in names] == [f"event_{number}" for number in range(10_050)]
    assert len(vocabulary._seen) == 10_000


def test_segment_properties_get_our_names_and_numbers():
    found = VOCABULARIES["segment"].properties(
        "cart_add", {"id": "p-1", "price": "18.99", "quantity": "2", "cartId": "c-1", "sku": "007"}
    )
    assert found == {"product_id": "p-1", "price": 18.99, "quantity": 2, "cart_id": "c-1", "sku": "007"}


def test_a_property_may_mean_something_in_one_type_only():
    assert VOCABULARIES["ga4"].properties("purchase", {"value": "50", "transaction_id": "o-1"}) == {
        "total": 50,
        "order_id": "o-1",
    }
    assert VOCABULARIES["ga4"].properties("cart_add", {"value": "50"}) == {"value": "50"}


@pytest.mark.parametrize(
    ("source", "theirs"),
    [
        ("segment", {"products": [{"product_id": "p", "price": "2.50", "quantity": "1"}]}),
        ("segment", {"products": [{"id": "p", "price": "2.50", "quantity": 1}]}),
        ("ga4", {"items": [{"item_id": "p", "price": "2.50", "quantity": 1}]}),
        ("snowplow", {"products": [{"id": "p", "price": "2.50", "quantity": "1"}]}),
        ("shopify", {"line_items": [{"product_id": "p", "price": "2.50", "quantity": 1}]}),
    ],
)
def test_the_products_of_an_event_are_named_like_the_event(source, theirs):
    found = VOCABULARIES[source].properties("purchase", theirs)
    assert found == {"products": [{"product_id": "p", "price": 2.5, "quantity": 1}]}


def test_what_was_given_is_left_as_it_was():
    given = {"id": "p", "products": [{"price": "1"}, "text"], "nested": {"innerName": "1"}}
    found = VOCABULARIES["segment"].properties("cart_add", given)
    assert given == {"id": "p", "products": [{"price": "1"}, "text"], "nested": {"innerName": "1"}}
    assert found == {"product_id": "p", "products": [{"price": 1}, "text"], "nested": {"innerName": "1"}}


def test_our_own_name_wins_and_nothing_is_lost():
    found = VOCABULARIES["segment"].properties("cart_add", {"id": "row-7", "product_id": "p"})
    assert found == {"id": "row-7", "product_id": "p"}
    found = VOCABULARIES["segment"].properties("x", {"cartId": 1, "CartId": 2, "cart_id": 3})
    assert found == {"cartId": 1, "CartId": 2, "cart_id": 3}
    assert VOCABULARIES["segment"].properties("x", {"cartId": 1, "CartId": 2}) == {"cart_id": 1, "CartId": 2}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("18.99", 18.99),
        ("2", 2),
        (" -3 ", -3),
        ("1e2", 100.0),
        (".5", 0.5),
        ("18,99", None),
        ("1_000", None),
        ("", None),
        ("abc", None),
        ("NaN", None),
        ("inf", None),
        ("1e999", None),
        ("٣", None),
    ],
)
def test_only_a_finite_decimal_number_is_a_number(text, number):
    found = number_of(text)
    assert found == number
    assert type(found) is type(number)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("vocabulary: x\ntypes: {Order Done: a, order_done: b}\n", 2, "is another spelling"),
        ("vocabulary: x\ntypez: {}\n", 2, "is not known here"),
        ("vocabulary: x\ntypes: {A: two words}\n", 2, "is not a name"),
    ],
)
def test_a_vocabulary_that_contradicts_itself_is_refused(tmp_path, text, line, message):
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as refusal:
        load_vocabularies(tmp_path)
    assert [problem.line for problem in refusal.value.problems] == [line]


def test_a_source_has_one_vocabulary(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("vocabulary: x\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="already has a file in this folder"):
        load_vocabularies(tmp_path)
