"""Everything that can be wrong with a message, through the real flow: one fate with its reason, in every envelope, and
the good ones before and after it arrive."""

import json
from typing import Any, Final

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from tests.integration.conftest import SiteFactory
from tests.integration.live_site import Site
from tests.integration.live_topics import Sent
from tests.integration.odd_headers import produce_with_header
from tests.kafka.topics import admin_client

pytestmark = pytest.mark.integration

START_MS: Final = 1_767_600_000_000
START: Final = "2026-01-05T08:00:00Z"
ENVELOPES: Final = ("canonical", "segment", "cloudevents")
LARGEST: Final = 12_000_000
Reasons = tuple[str | None, str | None, str | None]
"""Of the three envelopes in their order; None is an event."""


def good(envelope: str, event_id: str, **changes: Any) -> dict[str, Any]:
    """A valid message of an envelope; `id`, `customer`, `time` and `properties` are changed under its own names."""
    names = {
        "canonical": ("event_id", "customer_id", "event_time", "properties"),
        "segment": ("messageId", "userId", "timestamp", "properties"),
        "cloudevents": ("id", "subject", "time", "data"),
    }[envelope]
    shape: dict[str, dict[str, Any]] = {
        "canonical": {"type": "view"},
        "segment": {"type": "track", "event": "view"},
        "cloudevents": {"type": "view", "source": "/s", "specversion": "1.0"},
    }
    ours = {"id": event_id, "customer": "c", "time": START, "properties": {"a": 1}} | changes
    return shape[envelope] | dict(zip(names, ours.values(), strict=True))


def text(envelope: str, **changes: Any) -> bytes:
    return json.dumps(good(envelope, "odd", **changes)).encode()


def with_property(envelope: str, value: bytes) -> bytes:
    return text(envelope, properties={"a": "HERE"}).replace(b'"HERE"', value)


MALFORMED: Final = ("malformed_json",) * 3
TOO_LARGE: Final = ("message_too_large",) * 3
INVALID: Final = ("invalid_field",) * 3
EVENT: Final = (None,) * 3
FAULTS: Final[dict[str, tuple[Any, Reasons]]] = {
    "garbage": (lambda envelope: b"\x00\xff\xfe\x01 what", MALFORMED),
    "truncated": (lambda envelope: text(envelope)[:-5], MALFORMED),
    "two values": (lambda envelope: text(envelope) * 2, MALFORMED),
    "10 MB": (lambda envelope: text(envelope, properties={"a": "x" * 10_000_000}), TOO_LARGE),
    "10 MB of garbage": (lambda envelope: b"\xff" * 10_000_000, TOO_LARGE),
    "deep": (lambda envelope: with_property(envelope, b"[" * 5_000 + b"]" * 5_000), MALFORMED),
    "deep objects": (lambda envelope: with_property(envelope, b'{"a":' * 900 + b"1" + b"}" * 900), EVENT),
    "NaN": (lambda envelope: with_property(envelope, b"NaN"), MALFORMED),
    "Infinity": (lambda envelope: with_property(envelope, b"-Infinity"), MALFORMED),
    # Canonical properties are not parsed before they are read, and kept as text where ClickHouse refuses them.
    "beyond a double": (lambda envelope: with_property(envelope, b"1e999"), (None, "malformed_json", "malformed_json")),
    "beyond 64 bits": (lambda envelope: with_property(envelope, b"1" + b"0" * 30), EVENT),
    "5000 digits": (lambda envelope: with_property(envelope, b"9" * 5_000), (None, "malformed_json", "malformed_json")),
    "not UTF-8": (lambda envelope: with_property(envelope, b'"\xff"'), MALFORMED),
    "half a surrogate": (lambda envelope: with_property(envelope, b'"\\ud800"'), MALFORMED),
    "a key twice": (lambda envelope: with_property(envelope, b'1,"a":{"b":2}'), EVENT),
    "a path twice": (lambda envelope: with_property(envelope, b'{"b":1},"a.b":2'), EVENT),
    "no object": (lambda envelope: b"7", ("unknown_envelope",) * 3),
    "a list": (lambda envelope: b"[7]", ("unknown_envelope",) * 3),
    "a list of nothing": (lambda envelope: b"[]", ("unknown_envelope", "unknown_envelope", "empty_message")),
    "missing id": (lambda envelope: text(envelope, id=None), ("invalid_field", "invalid_field", "missing_field")),
    "empty id": (lambda envelope: text(envelope, id=""), INVALID),
    "long id": (lambda envelope: text(envelope, id="x" * 2_000), INVALID),
    "long customer": (lambda envelope: text(envelope, customer="x" * 2_000), INVALID),
    "a number for a customer": (lambda envelope: text(envelope, customer=7), INVALID),
    "no customer": (lambda envelope: text(envelope, customer=None), ("missing_customer",) * 3),
    "empty customer": (
        lambda envelope: text(envelope, customer=""),
        ("invalid_field", "missing_customer", "invalid_field"),
    ),
    "properties of another type": (lambda envelope: text(envelope, properties=[1]), INVALID),
    "no time": (lambda envelope: text(envelope, time="yesterday"), ("invalid_event_time",) * 3),
    "a huge time": (
        lambda envelope: text(envelope, time=10**30),
        ("invalid_event_time", "invalid_field", "invalid_event_time"),
    ),
    "far ahead": (lambda envelope: text(envelope, time="9999-12-31T23:59:59.999999Z"), ("future_event_time",) * 3),
    "long ago": (lambda envelope: text(envelope, time="0001-01-01T00:00:00Z"), EVENT),
    "tombstone": (lambda envelope: None, ("empty_message",) * 3),
    "empty": (lambda envelope: b"", ("empty_message",) * 3),
}


@pytest.fixture
def three_topics(make_site: SiteFactory) -> Site:
    site = make_site(topics=3, partitions=1)
    site.abandonment()
    for topic, envelope in zip(site.inputs, ENVELOPES, strict=True):
        site.settings[f"CT_TOPICS__{topic}__ENVELOPE"] = envelope
    larger = [ConfigEntry("max.message.bytes", str(LARGEST), incremental_operation=AlterConfigOpType.SET)]
    resources = [ConfigResource(ResourceType.TOPIC, topic, incremental_configs=larger) for topic in site.inputs]
    admin = admin_client(site.kafka)
    for done in admin.incremental_alter_configs(resources).values():
        done.result(timeout=10)
    return site


def test_every_fault_has_its_fate_and_nothing_stops(three_topics: Site) -> None:
    site = three_topics
    expected = set()
    for place, (topic, envelope) in enumerate(zip(site.inputs, ENVELOPES, strict=True)):
        sent = [Sent(json.dumps(good(envelope, "first")).encode(), b"k", START_MS)]
        for offset, (name, (make, reasons)) in enumerate(FAULTS.items(), start=1):
            sent.append(Sent(make(envelope), b"k", START_MS))
            expected.add((topic, offset, reasons[place] or f"event: {name}"))
        # Of what stands beside the value nothing may be too much for the dead-letter topic either.
        sent.append(Sent(b"{", b"k" * 1_100_000, START_MS))
        sent.append(Sent(b"{", b"k", START_MS, headers=[("x", b"h" * 1_100_000)]))
        expected |= {(topic, len(sent) - 2, "malformed_json"), (topic, len(sent) - 1, "malformed_json")}
        site.produce(sent, topic, largest=LARGEST)
        produce_with_header(site.kafka, topic, b"\xff\xfe", json.dumps(good(envelope, "odd-header")).encode())
        produce_with_header(site.kafka, topic, b"\xff\xfe", b"{")
        expected.add((topic, len(sent) + 1, "malformed_json"))
        site.produce([Sent(json.dumps(good(envelope, "last")).encode(), b"k", START_MS)], topic)
    count = len(ENVELOPES) * (len(FAULTS) + 6)
    with site.flow() as flow:
        flow.wait_until(lambda: flow.metrics().of("events_read_total") >= count, what="everything read")
        both = "SELECT (SELECT count() FROM events) + (SELECT count() FROM dead_letters)"
        flow.wait_until(lambda: site.number(both) >= count, what="everything archived")
        dead = site.number("SELECT count() FROM dead_letters")
        flow.wait_until(lambda: len(site.dead_letters()) >= dead, what="dead letters on their topic")
        assert flow.metrics().of("events_read_total") == count
    assert site.number(both) == count
    names = dict(enumerate(FAULTS, start=1))
    found = {(*row[:2], row[2]) for row in site.rows("SELECT topic, `offset`, reason FROM dead_letters")}
    events = site.rows("SELECT topic, `offset`, event_id FROM events")
    found |= {(topic, offset, f"event: {names[offset]}") for topic, offset, _ in events if offset in names}
    assert found == expected
    ids = {(topic, event_id.removeprefix("/s ")) for topic, _, event_id in events}
    assert ids == {(topic, name) for topic in site.inputs for name in ("first", "odd", "odd-header", "last")}
    whole = site.rows("SELECT count() FROM dead_letters WHERE length(raw) >= 10000000")
    assert whole == [(2 * len(ENVELOPES),)]
    cut = [letter.headers for letter in site.dead_letters()]
    assert sum("cut_from_bytes" in headers for headers in cut) == 2 * len(ENVELOPES)
    assert sum("key_cut_from_bytes" in headers for headers in cut) == len(ENVELOPES)
    assert sum("headers_left_out" in headers for headers in cut) == len(ENVELOPES)
