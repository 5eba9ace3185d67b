"""CloudEvents 1.0: structured, batched, binary; `data` or `data_base64`; a Segment event inside."""

import base64
import json

import pytest

from config.vocabulary import load_vocabularies
from flows.backtest import CONFIG
from operators.decode import Decoder, Messages
from operators.decode.times import event_time_us
from operators.reasons import DeadReason

VOCABULARIES = load_vocabularies(CONFIG / "vocabulary")
ARRIVAL_US = 1_767_607_300_000_000
STRUCTURED = {
    "specversion": "1.0", "id": "A1", "source": "/shop/eu", "type": "cart_add", "subject": "u-1",
    "time": "2026-01-05T10:00:00Z", "datacontenttype": "application/json", "traceparent": "00-x",
    "data": {"product_id": "p-1", "quantity": 1},
}  # fmt: skip


def decode(*values, envelope="cloudevents", headers=None):
    decoder = Decoder(envelope, vocabulary=VOCABULARIES["cloudevents" if envelope == "cloudevents" else "segment"])
    encoded = [each if isinstance(each, bytes | None) else json.dumps(each).encode() for each in values]
    count = len(encoded)
    return decoder.decode(Messages(("t", 0), encoded, list(range(count)), [ARRIVAL_US] * count, headers=headers))


def one(*values, **options):
    decoded = decode(*values, **options)
    assert decoded.dead == []
    (record,) = decoded.records
    return record


def test_a_structured_event_is_identified_by_source_and_id_together():
    record = one(STRUCTURED)
    assert (record.event_id, record.type, record.customer_id) == ("/shop/eu A1", "cart_add", "u-1")
    assert json.loads(bytes(record.properties)) == {"product_id": "p-1", "quantity": 1}


def test_extension_attributes_survive_in_context():
    assert json.loads(bytes(one(STRUCTURED).context)) == {
        "subject": "u-1", "datacontenttype": "application/json", "traceparent": "00-x",
        "source": "/shop/eu", "source_type": "cart_add",
    }  # fmt: skip


def test_without_a_time_it_takes_the_records():
    record = one({name: value for name, value in STRUCTURED.items() if name != "time"})
    assert event_time_us(record.event_time) == ARRIVAL_US


def test_a_batch_is_an_array():
    decoded = decode([STRUCTURED, STRUCTURED | {"id": "A2"}, {"id": "A3"}])
    assert [record.event_id for record in decoded.records] == ["/shop/eu A1", "/shop/eu A2"]
    assert decoded.indexes == [0, 1]
    assert [letter.message for letter in decoded.dead] == ["event 3 of 3: source: field required"]


HEADERS = [("ce_specversion", b"1.0"), ("ce_id", b"A1"), ("ce_source", b"/shop"), ("ce_type", b"cart_add"),
           ("ce_subject", b"u-1"), ("content-type", b"application/json")]  # fmt: skip


def test_in_binary_mode_attributes_are_headers_and_the_value_is_the_data():
    record = one(b'{"product_id":"p-1"}', headers=[HEADERS])
    assert (record.event_id, record.type, record.customer_id) == ("/shop A1", "cart_add", "u-1")
    assert json.loads(bytes(record.properties)) == {"product_id": "p-1"}


def test_in_binary_mode_there_may_be_no_value():
    assert bytes(one(None, headers=[HEADERS]).properties) == b"{}"


def test_a_header_that_is_not_utf8_is_named():
    (letter,) = decode(b"{}", headers=[[*HEADERS, ("ce_x", b"\xff")]]).dead
    assert (letter.reason, letter.message) == (DeadReason.INVALID_FIELD, "header ce_x: not UTF-8")


def test_data_may_be_base64():
    encoded = base64.b64encode(b'{"product_id":"p-9"}').decode()
    message = {name: value for name, value in STRUCTURED.items() if name != "data"} | {"data_base64": encoded}
    assert json.loads(bytes(one(message).properties)) == {"product_id": "p-9"}


@pytest.mark.parametrize("encoded", ["!", "e30", 5])
def test_what_is_not_base64_is_said(encoded):
    message = {name: value for name, value in STRUCTURED.items() if name != "data"} | {"data_base64": encoded}
    (letter,) = decode(message).dead
    assert (letter.reason, letter.message) == (DeadReason.INVALID_FIELD, "data_base64: not base64 of JSON")


def test_base64_of_something_else_than_json_is_a_dead_letter():
    encoded = base64.b64encode(b"{").decode()
    message = {name: value for name, value in STRUCTURED.items() if name != "data"} | {"data_base64": encoded}
    (letter,) = decode(message).dead
    assert letter.reason == DeadReason.MALFORMED_JSON


def test_a_segment_event_inside_is_unwrapped():
    inside = {
        "type": "track",
        "event": "Added Product",
        "messageId": "m-1",
        "userId": "u-7",
        "timestamp": "2026-01-05T10:00:00Z",
    }
    record = one(STRUCTURED | {"data": inside})
    assert (record.event_id, record.type, record.customer_id) == ("m-1", "added_product", "u-7")
    assert one(STRUCTURED | {"data": inside}, envelope="auto").type == "cart_add"


@pytest.mark.parametrize(
    ("change", "customer"),
    [
        ({"data": {"customer_id": "own"}}, "own"),
        ({"customerid": "ext"}, "ext"),
        ({}, "u-1"),
        ({"subject": None, "partitionkey": "pk"}, "pk"),
    ],
)
def test_the_customer_is_the_datas_own_or_the_first_attribute_that_says(change, customer):
    assert one(STRUCTURED | change).customer_id == customer


@pytest.mark.parametrize(
    ("change", "reason", "message"),
    [
        ({"id": None}, DeadReason.MISSING_FIELD, "id: field required"),
        ({"id": ""}, DeadReason.INVALID_FIELD, "id: not a text of one or more; got ''"),
        ({"source": 5}, DeadReason.INVALID_FIELD, "source: not a text of one or more; got 5"),
        ({"specversion": "0.3"}, DeadReason.INVALID_FIELD, "specversion: '0.3'; allowed: 1.x"),
        ({"data": [1]}, DeadReason.INVALID_FIELD, "data: expected an object, got [1]"),
        ({"subject": 5}, DeadReason.INVALID_FIELD, "customer id: expected a text of one or more, got 5"),
        ({"subject": None}, DeadReason.MISSING_CUSTOMER, "customer_id: required for type 'cart_add'; "
         "a schema in config/events may say `customer_id: optional`"),
        ({"time": "now"}, DeadReason.INVALID_EVENT_TIME, "time: 'now' is no time; allowed: ISO 8601 with an offset, "
         "e.g. 2026-01-05T10:00:00.120Z"),
    ],
)  # fmt: skip
def test_what_a_cloudevent_lacks_is_said(change, reason, message):
    (letter,) = decode(STRUCTURED | change).dead
    assert (letter.reason, letter.message) == (reason, message)
