"""The Segment spec: its calls, its batches, its times, its names."""

import json

import pytest

from config.vocabulary import load_vocabularies
from flows.backtest import CONFIG
from operators.decode import Decoder, Messages
from operators.decode.times import event_time_us
from operators.reasons import DeadReason

VOCABULARIES = load_vocabularies(CONFIG / "vocabulary")
ARRIVAL_US = 1_767_607_300_000_000
TRACK = {
    "type": "track", "event": "Product Added", "messageId": "ajs-1", "anonymousId": "a-1", "userId": "u-1",
    "timestamp": "2026-01-05T10:00:00.120Z", "originalTimestamp": "2026-01-05T09:00:00.100Z",
    "receivedAt": "2026-01-05T10:00:01.020Z", "context": {"ip": "192.0.2.1"}, "integrations": {}, "version": 2,
    "properties": {"cart_id": "c-1", "product_id": "p-1", "price": "18.99", "quantity": 1},
}  # fmt: skip


def decode(*messages, envelope="segment"):
    decoder = Decoder(envelope, vocabulary=VOCABULARIES["segment"])
    values = [json.dumps(each).encode() for each in messages]
    return decoder.decode(Messages(("t", 0), values, list(range(len(values))), [ARRIVAL_US] * len(values)))


def one(message, **options):
    decoded = decode(message, **options)
    assert decoded.dead == []
    (record,) = decoded.records
    return record


def why_not(message):
    (letter,) = decode(message).dead
    return letter.reason, letter.message


def test_a_track_call_is_an_event_of_our_type_with_our_properties():
    record = one(TRACK)
    assert (record.event_id, record.type, record.customer_id) == ("ajs-1", "cart_add", "u-1")
    assert json.loads(bytes(record.properties)) == {
        "cart_id": "c-1",
        "product_id": "p-1",
        "price": 18.99,
        "quantity": 1,
    }


def test_what_has_no_place_of_its_own_survives_in_context():
    context = json.loads(bytes(one(TRACK).context))
    assert context == {
        "ip": "192.0.2.1", "version": 2, "source_type": "Product Added", "anonymous_id": "a-1", "user_id": "u-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("left_out", "time"),
    [
        ((), "2026-01-05T10:00:00.120Z"),
        (("timestamp",), "2026-01-05T09:00:00.100Z"),
        (("timestamp", "originalTimestamp"), "2026-01-05T10:00:01.020Z"),
        (("timestamp", "originalTimestamp", "receivedAt"), "2026-01-05T10:01:40Z"),
    ],
)
def test_the_event_time_is_the_first_there_is_and_at_last_that_of_the_record(left_out, time):
    from datetime import datetime

    record = one({name: value for name, value in TRACK.items() if name not in left_out})
    assert event_time_us(record.event_time) == event_time_us(datetime.fromisoformat(time))


def test_without_a_user_it_is_the_anonymous_visitor():
    assert one({name: value for name, value in TRACK.items() if name != "userId"}).customer_id == "a-1"


@pytest.mark.parametrize(
    ("call", "ours", "properties"),
    [
        ({"type": "page", "name": "Home", "properties": {"path": "/"}}, "page_view", {"path": "/", "name": "Home"}),
        ({"type": "screen", "name": "Main"}, "screen_view", {"name": "Main"}),
        ({"type": "identify", "traits": {"plan": "pro"}}, "identify", {"plan": "pro"}),
        ({"type": "group", "traits": {"company": "x"}, "properties": {"y": 1}}, "group", {"company": "x", "y": 1}),
        ({"type": "alias", "previousId": "old"}, "alias", {"previous_id": "old"}),
        ({"type": "track", "event": "Trial Ended"}, "trial_ended", {}),
        ({"type": "track", "event": "Added Product", "properties": {"id": "p"}}, "cart_add", {"product_id": "p"}),
    ],
)
def test_each_call_has_its_type_and_its_properties(call, ours, properties):
    record = one({"messageId": "m", "userId": "u", "timestamp": "2026-01-05T10:00:00Z", **call})
    assert (record.type, json.loads(bytes(record.properties))) == (ours, properties)


def test_a_batch_is_its_events_with_the_batchs_defaults():
    first = {name: value for name, value in TRACK.items() if name != "context"}
    decoded = decode(
        {
            "batch": [first, TRACK | {"messageId": "ajs-2"}],
            "context": {"from": "batch"},
            "sentAt": "2026-01-05T10:00:02Z",
        }
    )
    assert [record.event_id for record in decoded.records] == ["ajs-1", "ajs-2"]
    assert decoded.indexes == [0, 1]
    assert decoded.offsets == [0, 0]
    assert json.loads(bytes(decoded.records[0].context))["from"] == "batch"
    assert json.loads(bytes(decoded.records[1].context))["ip"] == "192.0.2.1"


def test_one_bad_event_of_a_batch_leaves_its_neighbours_alone():
    decoded = decode({"batch": [TRACK, {"type": "track"}, TRACK | {"messageId": "ajs-3"}]})
    assert [record.event_id for record in decoded.records] == ["ajs-1", "ajs-3"]
    assert decoded.indexes == [0, 2]
    assert [letter.reason for letter in decoded.dead] == [DeadReason.MISSING_FIELD]


@pytest.mark.parametrize(
    ("change", "reason", "message"),
    [
        ({"messageId": None}, DeadReason.INVALID_FIELD, "messageId: input should be a valid string; got None"),
        ({"messageId": "x" * 101}, DeadReason.INVALID_FIELD, "messageId: string should have at most 100 characters"),
        ({"type": "trick"}, DeadReason.INVALID_FIELD, "type: 'trick' is no Segment call; allowed: ['alias', "),
        ({"event": None}, DeadReason.MISSING_FIELD, "event: field required by track"),
        ({"userId": 5}, DeadReason.INVALID_FIELD, "userId: input should be a valid string; got 5"),
        ({"userId": None, "anonymousId": None}, DeadReason.MISSING_CUSTOMER, "userId or anonymousId is required"),
        ({"timestamp": "now"}, DeadReason.INVALID_EVENT_TIME, "timestamp: 'now' is no time; allowed: ISO 8601"),
    ],
)
def test_what_a_segment_event_lacks_is_said(change, reason, message):
    found = why_not(TRACK | change)
    assert found[0] == reason
    assert found[1].startswith(message)


def test_a_missing_message_id_is_a_missing_field():
    without = {name: value for name, value in TRACK.items() if name != "messageId"}
    assert why_not(without) == (DeadReason.MISSING_FIELD, "messageId: field required")


def test_rudderstacks_session_is_the_session():
    assert one(TRACK | {"context": {"sessionId": 17}}).session_id == "17"
