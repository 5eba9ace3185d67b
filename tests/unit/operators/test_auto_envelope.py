"""`auto` tells envelopes apart by their shape."""

import json

import pytest

from config.vocabulary import load_vocabularies
from flows.backtest import CONFIG
from operators.decode import Decoder, Messages
from tests.harness import event

CLOUD = {"specversion": "1.0", "id": "1", "source": "s", "type": "x", "subject": "c1", "time": "2026-01-05T10:00:00Z"}
SEGMENT = {"type": "track", "event": "X", "messageId": "m", "userId": "c1", "timestamp": "2026-01-05T10:00:00Z"}
BINARY = [("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"s"), ("ce_type", b"x"), ("ce_subject", b"c1")]


def decode(*values, headers=None):
    decoder = Decoder("auto", vocabulary=load_vocabularies(CONFIG / "vocabulary")["segment"])
    encoded = [json.dumps(each).encode() for each in values]
    count = len(encoded)
    return decoder.decode(Messages(("t", 0), encoded, list(range(count)), [0] * count, headers=headers))


@pytest.mark.parametrize(
    ("message", "ids"),
    [
        (event("x", "0s", id="e1"), ["e1"]),
        (CLOUD, ["s 1"]),
        ([CLOUD, CLOUD | {"id": "2"}], ["s 1", "s 2"]),
        (SEGMENT, ["m"]),
        ({"batch": [SEGMENT, SEGMENT | {"messageId": "n"}]}, ["m", "n"]),
        (CLOUD | {"data": SEGMENT}, ["m"]),
        # A canonical event of a type that Segment knows too has no userId.
        (event("page", "0s", id="e2"), ["e2"]),
    ],
)
def test_an_envelope_is_known_by_its_shape(message, ids):
    decoded = decode(message)
    assert decoded.dead == []
    assert [record.event_id for record in decoded.records] == ids


def test_headers_make_it_a_binary_cloudevent():
    assert decode({"a": 1}, headers=[BINARY]).records[0].event_id == "s 1"


def test_one_topic_may_carry_them_all():
    decoded = decode(event("x", "0s", id="e1"), CLOUD, SEGMENT, {"odd": 1})
    assert [record.event_id for record in decoded.records] == ["e1", "s 1", "m"]
    assert len(decoded.dead) == 1


def test_an_envelope_that_maps_names_needs_a_vocabulary():
    with pytest.raises(ValueError, match="vocabulary"):
        Decoder("segment")
