"""Each reason for which a message becomes no event, with what its message says: field, value, what is allowed."""

import json

import pytest

from config.events import load_event_schemas
from config.vocabulary import load_vocabularies
from flows.backtest import CONFIG
from operators.decode import Decoder, Messages
from operators.reasons import DeadReason

SCHEMAS = load_event_schemas(CONFIG / "events")
VOCABULARIES = load_vocabularies(CONFIG / "vocabulary")
GOOD = {"event_id": '"e1"', "type": '"view"', "event_time": "1767607200000", "customer_id": '"c1"'}


def canonical(**fields):
    """A canonical message whose fields are JSON text; None leaves one out."""
    merged = {name: text for name, text in (GOOD | fields).items() if text is not None}
    return ("{" + ",".join(f'"{name}":{text}' for name, text in merged.items()) + "}").encode(
        "utf-8", "surrogateescape"
    )


def place(offset):
    return f"line 1 column {offset + 1} (char {offset})"


def dead(*values, envelope="canonical", headers=None, record_time_us=0, **options):
    decoder = Decoder(envelope, schemas=SCHEMAS, vocabulary=VOCABULARIES.get("segment"), **options)
    count = len(values)
    messages = Messages(("t", 3), values, list(range(10, 10 + count)), [record_time_us] * count, headers=headers)
    return [(each.reason, each.message) for each in decoder.decode(messages).dead]


def test_a_tombstone_and_an_empty_value_are_empty_messages():
    assert dead(None, b"") == [(DeadReason.EMPTY_MESSAGE, "a message without a value")] * 2


@pytest.mark.parametrize("batch", [b'{"batch":[]}', b"[]"])
def test_a_batch_of_nothing_is_an_empty_message(batch):
    assert dead(batch, envelope="auto") == [(DeadReason.EMPTY_MESSAGE, "a batch without an event")]


@pytest.mark.parametrize(("size", "refused"), [(-1, 1), (0, 0), (1, 0)])
def test_a_message_above_the_limit_is_too_large(size, refused):
    value = canonical()
    found = dead(value, max_message_bytes=len(value) + size)
    expected = (DeadReason.MESSAGE_TOO_LARGE, f"{len(value)} bytes; allowed: up to {len(value) - 1}")
    assert found == [expected] * refused


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"{", f"unexpected end of data: {place(1)}"),
        (canonical(event_id='"\udcff"'), f"str is not valid UTF-8: surrogates not allowed: {place(0)}"),
        (canonical(properties='{"x":"\udcff"}'), f"str is not valid UTF-8: surrogates not allowed: {place(0)}"),
        (canonical(properties='{"x":NaN}'), f"unexpected character, expected a JSON value: {place(95)}"),
        (canonical(properties='{"x":Infinity}'), f"unexpected character, expected a JSON value: {place(95)}"),
        (canonical(properties='{"x":"\\ud800"}'), f"no low surrogate in string: {place(96)}"),
        (canonical(properties='{"x":01}'), f"number with leading zero is not allowed: {place(95)}"),
        (canonical(properties='{"x":' + "[" * 5_000 + "}"), f"depth limit exceeded: {place(1_118)}"),
        (canonical() + b"\n" + canonical(), "unexpected content after document: line 2 column 1 (char 78)"),
    ],
)  # fmt: skip
def test_what_is_not_json_is_malformed(value, message):
    assert dead(value) == [(DeadReason.MALFORMED_JSON, message)]


@pytest.mark.parametrize("depth", [1_000, 1_020])
def test_nesting_that_one_parser_takes_and_another_does_not_is_malformed(depth):
    (found,) = dead(canonical(properties='{"x":' + "[" * depth + "]" * depth + "}", extra="1"))
    assert found == (DeadReason.MALFORMED_JSON, "nested too deep")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"[1]", "expected a JSON object, got [1]; allowed: an object"),
        (b"5", "expected a JSON object, got 5; allowed: an object"),
    ],
)
def test_json_of_another_shape_is_an_unknown_envelope(value, message):
    assert dead(value) == [(DeadReason.UNKNOWN_ENVELOPE, message)]


def test_other_envelopes_say_what_they_expect():
    assert dead(b"5", envelope="segment") == [(DeadReason.UNKNOWN_ENVELOPE, "a Segment message is an object; got 5")]
    assert dead(b'{"batch":[7]}', envelope="segment") == [
        (DeadReason.UNKNOWN_ENVELOPE, "a Segment event is an object; got 7")
    ]
    assert dead(b"7", envelope="cloudevents") == [(DeadReason.UNKNOWN_ENVELOPE, "a CloudEvent is an object; got 7")]


@pytest.mark.parametrize("field", ["event_id", "type"])
def test_a_missing_field_is_named(field):
    assert dead(canonical(**{field: None})) == [(DeadReason.MISSING_FIELD, f"{field}: field required")]


def test_a_missing_event_time_is_a_missing_field():
    assert dead(canonical(event_time=None)) == [(DeadReason.MISSING_FIELD, "event_time: field required")]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"event_id": '""'}, "event_id: string should have at least 1 character; got ''"),
        ({"event_id": "5"}, "event_id: input should be a valid string; got 5"),
        ({"type": "null"}, "type: input should be a valid string; got None"),
        ({"customer_id": '""'}, "customer_id: string should have at least 1 character; got ''"),
        ({"customer_id": "7"}, "customer_id: input should be a valid string; got 7"),
        ({"session_id": "7"}, "session_id: input should be a valid string; got 7"),
        ({"properties": "[]"}, "properties: input should be a valid dictionary; got []"),
        ({"properties": "null"}, "properties: input should be a valid dictionary; got None"),
        ({"context": '"x"'}, "context: input should be a valid dictionary; got 'x'"),
    ],
)
def test_a_field_of_another_type_is_shown_with_its_value(fields, message):
    assert dead(canonical(**fields)) == [(DeadReason.INVALID_FIELD, message)]


def test_a_long_value_is_cut():
    ((_, message),) = dead(canonical(properties='["' + "x" * 500 + '"]'))
    assert message.endswith("…")
    assert len(message) < 200


ALLOWED = "allowed: ISO 8601 with an offset"
EXAMPLE = f"{ALLOWED}, e.g. 2026-01-05T10:00:00.120Z"


@pytest.mark.parametrize(
    ("time", "message"),
    [
        ('"yesterday"', f"event_time: 'yesterday' is no time; {EXAMPLE}"),
        ('"2026-01-05T10:00:00"', f"event_time: '2026-01-05T10:00:00' is no time; {EXAMPLE}"),
        ('"2026-02-30T10:00:00Z"', f"event_time: '2026-02-30T10:00:00Z' is no time; {EXAMPLE}"),
        ("1767607200.5", f"event_time: 1767607200.5 is no time; {ALLOWED}, or whole epoch milliseconds"),
        ("null", f"event_time: None is no time; {ALLOWED}, or whole epoch milliseconds"),
        ("true", f"event_time: True is no time; {ALLOWED}, or whole epoch milliseconds"),
        ('"1767607200000"', f"event_time: '1767607200000' is no time; {EXAMPLE}"),
    ],
)  # fmt: skip
def test_what_is_no_time_is_an_invalid_event_time(time, message):
    assert dead(canonical(event_time=time)) == [(DeadReason.INVALID_EVENT_TIME, message)]


@pytest.mark.parametrize(
    ("time", "accepted"),
    [
        (-62_135_596_800_001, False),
        (-62_135_596_800_000, True),
        (253_402_300_799_999, True),
        (253_402_300_800_000, False),
    ],
)
def test_milliseconds_outside_the_years_1_to_9999_are_an_invalid_event_time(time, accepted):
    found = dead(canonical(event_time=str(time)))
    assert [reason for reason, _ in found] == ([] if accepted else [DeadReason.INVALID_EVENT_TIME])


def test_without_a_customer_only_types_whose_schema_allows_it_are_events():
    message = "customer_id: required for type 'view'; a schema in config/events may say `customer_id: optional`"
    assert dead(canonical(customer_id=None)) == [(DeadReason.MISSING_CUSTOMER, message)]
    assert dead(canonical(customer_id="null")) == [(DeadReason.MISSING_CUSTOMER, message)]
    price = canonical(type='"price_changed"', customer_id=None, properties='{"product_id":"p","price":1}')
    assert dead(price) == []


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ('{"price":1}', "properties.product_id: is missing; allowed: a string"),
        ('{"product_id":"p","price":-1}', "properties.price: -1.0 does not fit; allowed: a number, at least 0"),
        ('{"product_id":"p","price":"x"}', 'properties.price: "x" does not fit; allowed: a number, at least 0'),
        ('{"product_id":7,"price":1}', "properties.product_id: 7 does not fit; allowed: a string"),
    ],
)
def test_properties_that_break_their_schema_are_shown_with_what_is_allowed(properties, message):
    found = dead(canonical(type='"price_changed"', customer_id=None, properties=properties))
    assert found == [(DeadReason.SCHEMA_VIOLATION, message)]


@pytest.mark.parametrize(("ahead_ms", "refused"), [(299_999, 0), (300_000, 0), (300_001, 1)])
def test_an_event_too_far_ahead_of_its_kafka_record_is_dead(ahead_ms, refused):
    record_time_us = 1_767_607_200_000_000 - ahead_ms * 1_000
    found = dead(canonical(), max_future_skew_us=300_000_000, record_time_us=record_time_us)
    message = "event_time is 300 s ahead of its Kafka record; allowed: 300 s"
    assert found == [(DeadReason.FUTURE_EVENT_TIME, message)] * refused


def test_one_bad_message_leaves_its_chunk_alone():
    values = [canonical(event_id=f'"e{i}"') for i in range(5)]
    values[2] = b"{"
    decoded = Decoder().decode(Messages(("t", 0), values, list(range(5)), [0] * 5))
    assert [record.event_id for record in decoded.records] == ["e0", "e1", "e3", "e4"]
    assert decoded.offsets == [0, 1, 3, 4]
    assert [each.offset for each in decoded.dead] == [2]


def test_a_dead_letter_keeps_what_came_and_where_from():
    messages = Messages(("t", 3), [b"{"], [77], [5], keys=[b"k"])
    (letter,) = Decoder().decode(messages).dead
    assert (letter.raw, letter.raw_key, letter.origin, letter.offset, letter.record_time_us) == (
        b"{",
        b"k",
        ("t", 3),
        77,
        5,
    )


@pytest.mark.parametrize("field", ["event_id", "type", "customer_id", "session_id"])
@pytest.mark.parametrize(("length", "refused"), [(1_023, 0), (1_024, 0), (1_025, 1)])
def test_an_id_that_is_too_long_is_refused(field, length, refused):
    found = dead(canonical(**{field: '"' + "x" * length + '"'}))
    message = f"{field}: 1025 characters, {repr('x' * 1_025)[:120]}…; allowed: up to 1024"
    assert found == [(DeadReason.INVALID_FIELD, message)] * refused


def track(number, **changes):
    fields = {"type": "track", "event": "x", "messageId": f"m{number}", "userId": "c", **changes}
    return json.dumps(fields).encode()


def batch(*events, **more):
    members = [b'"batch":[' + b",".join(events) + b"]", *(b'"%b":%b' % (n.encode(), v) for n, v in more.items())]
    return b"{" + b",".join(members) + b"}"


def test_a_batch_has_one_dead_letter_however_much_of_it_is_wrong():
    """Half a million nothings were half a million dead letters, each with the whole message."""
    value = batch(track(0), b"7", b"{}", track(1), b"8")
    decoded = Decoder("segment", vocabulary=VOCABULARIES["segment"]).decode(Messages(("t", 0), [value], [3], [0]))
    assert [record.event_id for record in decoded.records] == ["m0", "m1"]
    assert decoded.indexes == [0, 3]
    message = "event 2 of 5: a Segment event is an object; got 7; 2 others are refused too"
    assert [(each.reason, each.message) for each in decoded.dead] == [(DeadReason.UNKNOWN_ENVELOPE, message)]


@pytest.mark.parametrize(("count", "refused"), [(10_000, 0), (10_001, 1)])
@pytest.mark.parametrize("envelope", ["segment", "cloudevents", "auto"])
def test_a_batch_of_too_many_events_is_too_large(envelope, count, refused):
    events = [b"0"] * count
    value = b"[" + b",".join(events) + b"]" if envelope == "cloudevents" else batch(*events)
    ((reason, message),) = dead(value, envelope=envelope)
    assert (reason == DeadReason.MESSAGE_TOO_LARGE) == bool(refused)
    assert (message == f"{count} events; allowed: up to 10000") == bool(refused)


@pytest.mark.parametrize(("events", "refused"), [(60, 0), (70, 1)])
def test_a_batch_that_unfolds_to_too_much_is_too_large_as_a_whole(events, refused):
    """Its context is every event's: a message of 1 MB could be some GB."""
    context = b'{"a":"' + b"x" * 5_000 + b'"}'
    value = batch(*[track(number) for number in range(events)], context=context)
    found = dead(value, envelope="segment", max_message_bytes=20_000)
    message = "its events, each with what the batch gives them, are more than 16 times what is allowed of a message"
    assert found == [(DeadReason.MESSAGE_TOO_LARGE, message)] * refused
    decoder = Decoder("segment", vocabulary=VOCABULARIES["segment"], max_message_bytes=20_000)
    decoded = decoder.decode(Messages(("t", 0), [value, track("last")], [0, 1], [0, 0]))
    assert len(decoded.records) == len(decoded.offsets) == (1 if refused else events + 1)


def test_nesting_found_too_deep_in_the_middle_of_a_batch_takes_back_what_came_before():
    deep = track(1)[:-1] + b',"properties":{"a":' + b"[" * 990 + b"]" * 990 + b"}}"
    value = batch(track(0), deep, track(2))
    decoded = Decoder("segment", vocabulary=VOCABULARIES["segment"]).decode(Messages(("t", 0), [value], [0], [0]))
    assert bool(decoded.records) != bool(decoded.dead)


@pytest.mark.parametrize("kind", ["{}", "[]", "7", "null", '{"a":1}'])
def test_a_type_of_another_kind_is_a_dead_letter_where_envelopes_are_told_apart(kind):
    found = dead(canonical(type=kind), envelope="auto")
    assert [reason for reason, _ in found] == [DeadReason.INVALID_FIELD]


def test_headers_are_kept_and_say_nothing_where_the_envelope_has_none():
    """A binary CloudEvent without a value is an event; on a canonical topic it is an empty message."""
    headers = [("ce_specversion", b"1.0"), ("x", None)]
    (letter,) = Decoder().decode(Messages(("t", 0), [None], [0], [0], headers=[headers])).dead
    assert (letter.reason, letter.headers) == (DeadReason.EMPTY_MESSAGE, headers)
