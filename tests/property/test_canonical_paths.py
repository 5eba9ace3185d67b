"""The canonical envelope has a fast and a slow reader: whatever one accepts the other does, with the same record.

An unknown key sends a message to the slow one and survives in ``context``; beside that nothing may differ.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from operators.decode import Decoder, Messages

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=6),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
OBJECT = st.dictionaries(st.text(max_size=4), JSON, max_size=3)
MOMENTS = st.datetimes()
TIMES = st.one_of(
    st.integers(-62_135_596_800_001, 253_402_300_800_000),
    MOMENTS.map(lambda time: time.isoformat()),
    MOMENTS.map(lambda time: time.isoformat() + "Z"),
    MOMENTS.map(lambda time: time.isoformat(timespec="milliseconds") + "+05:30"),
    st.sampled_from(
        [
            "2026-01-05t10:00:00Z", "2026-01-05 10:00:00Z", "2026-01-05T10:00:00-00:00",
            "2026-01-05T10:00:00+0100", "2026-01-05T10:00:00+01", "20260105T100000Z", "2026-01-05T24:00:00Z",
            "2026-01-05T10:00:60Z", "2026-01-05T10:00Z", "2026-01-05", "2026-W02-1T10:00:00Z", "2026-01-05T10:00:00,5Z",
            "2026-01-05T10:00:00.1Z", "2026-01-05T10:00:00.1234564Z",

            "2026-01-05T10:00:00+23:59", "2026-01-05T10:00:00+24:00", "2026-01-05T10:00:00+01:30:15", "",
            "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00", "now", "1767607200000",
        ]
    ),
)  # fmt: skip
FIELDS = st.fixed_dictionaries(
    {"event_id": st.text(max_size=5) | JSON, "type": st.text(max_size=5) | JSON, "event_time": TIMES | JSON},
    optional={
        "customer_id": st.text(max_size=5) | JSON,
        "session_id": st.text(max_size=5) | JSON,
        "properties": OBJECT | JSON,
        "context": OBJECT | JSON,
    },
)


def read(text):
    """(reason, or None), and the record with parsed JSON."""
    decoded = Decoder(schemas={}).decode(Messages(("t", 0), [text], [0], [0]))
    if decoded.dead:
        return decoded.dead[0].reason, None
    (record,) = decoded.records
    context = json.loads(bytes(record.context))
    context.pop("unknown key", None)
    return None, (
        *(record.event_id, record.type, record.customer_id, record.session_id, decoded.event_times_us[0]),
        *(json.loads(bytes(record.properties)), context),
    )


def both(text):
    return read(text), read(text[:-1] + (b"," if len(text) > 2 else b"") + b'"unknown key":1}')


@given(FIELDS, st.booleans())
def test_the_fast_and_the_slow_reader_agree(fields, ascii_only):
    fast, slow = both(json.dumps(fields, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))
    assert fast == slow


@pytest.mark.parametrize(
    "properties",
    [
        '{"a":1,"a":2}', '{"a":"\\u0000"}', '{"a":"\\ud83d\\ude00"}', '{"a":-0}', '{"a":-0.0}', '{"a":1E5}',
        '{"a":5e-324}', '{"a":1e-999}', '{"a":0.1e1}', '{ "a" : [ ] }', '{"\\u0061":1}', '{"a":"\\/"}', '{"a":\t1}',
        '{"a":1e308}', '{"a":18446744073709551615}', '{"a":-9223372036854775808}', '{"a":1.7976931348623157e308}',
    ],
)  # fmt: skip
def test_they_agree_on_odd_json(properties):
    text = '{"event_id":"e","type":"x","customer_id":"c","event_time":1767607200000,"properties":' + properties + "}"
    fast, slow = both(text.encode())
    assert fast == slow
    assert fast[0] is None


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 30, "1" + "0" * 400, "-9223372036854775809"])
def test_they_agree_on_numbers_out_of_range(number):
    text = '{"event_id":"e","type":"x","customer_id":"c","event_time":1767607200000,"properties":{"a":' + number + "}}"
    fast, slow = both(text.encode())
    assert fast == slow


def decoded_times(times):
    rows = [b'{"event_id":"e","type":"x","customer_id":"c","event_time":"%s"}' % time.encode() for time in times]
    return Decoder(schemas={}).decode(Messages(("t", 0), rows, list(range(len(rows))), [0] * len(rows))).event_times_us


def exact(time):
    return (datetime.fromisoformat(time) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@given(st.lists(MOMENTS.map(lambda time: f"{time.isoformat()}+00:00"), min_size=1))
@example(["9999-12-31T23:59:59.999999+00:00"])
@example(["1969-12-31T23:59:59.999999+00:00"])
def test_event_times_are_exact_to_the_microsecond(times):
    assert decoded_times(times) == [exact(time) for time in times]


def test_event_times_long_ago_are_exact_too():
    assert decoded_times(["0001-01-01T00:00:00.000001+00:00"]) == [exact("0001-01-01T00:00:00.000001+00:00")]
