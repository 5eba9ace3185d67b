"""The golden files as a Segment source would send them: Segment's names, the same actions.

Left out is what Segment has no event for: news of the catalogue, which are about no customer.
"""

import orjson
import pytest

from config.vocabulary import load_vocabularies
from operators.decode import Decoder
from tests.golden.cases import MAX_OUT_OF_ORDERNESS, NAMES, ROOT, SCHEMAS, events, expected, shortened, trigger_file
from tests.harness import run

ABOUT_PRODUCTS = {"back_in_stock", "price_drop_on_viewed"}
SEGMENT_NAMES = {
    "cart_add": "Product Added",
    "checkout": "Checkout Started",
    "product_view": "Product Viewed",
    "purchase": "Order Completed",
    "refund": "Order Refunded",
    "signup": "Signed Up",
}
"""Where they are others than ours in Segment's spelling (`payment_failed`: Payment Failed)."""
VOCABULARY = load_vocabularies(ROOT / "config" / "vocabulary")["segment"]
NUMBERS_HERE = {"price-as-text", "a-total-as-text"}
"""Customers of whom the canonical envelope says text where the vocabulary reads a number."""


def sent(row):
    name = SEGMENT_NAMES.get(row["type"], row["type"].replace("_", " ").title())
    call = {"type": {"page_view": "page", "identify": "identify"}.get(row["type"], "track")}
    return call | {
        "event": name,
        "messageId": row["event_id"],
        "userId": row["customer_id"],
        "timestamp": row["event_time"],
        "traits" if row["type"] == "identify" else "properties": row.get("properties", {}),
        "context": row.get("context", {}),
    }


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ABOUT_PRODUCTS])
def test_a_segment_stream_fires_it(name):
    decoder = Decoder(
        "segment", schemas=SCHEMAS, vocabulary=load_vocabularies(ROOT / "config" / "vocabulary")["segment"]
    )
    rows = [sent(row) for row in events(name) if row["customer_id"] not in NUMBERS_HERE]
    found = run(trigger_file(name).read_text(), rows, max_out_of_orderness=MAX_OUT_OF_ORDERNESS, decoder=decoder)
    assert shortened(orjson.loads(line) for line in found.lines().splitlines()) == expected(name)
