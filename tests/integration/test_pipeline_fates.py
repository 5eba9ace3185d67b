"""Every message has one fate, and the counters, the tables and the topics tell the same of it."""

import json
from typing import Final

import pytest

from tests.integration.live_site import Site
from tests.integration.live_topics import Sent, event

pytestmark = pytest.mark.integration

START_MS: Final = 1_767_600_000_000
MINUTE_MS: Final = 60_000


def garbage() -> dict[str, Sent]:
    """One message by the reason it must be refused for, all at Kafka at the start."""

    def canonical(**changes: object) -> Sent:
        fields = {"event_id": "bad", "type": "cart_add", "customer_id": "c", "event_time": START_MS, **changes}
        kept = {name: value for name, value in fields.items() if value is not None}
        return Sent(json.dumps(kept).encode(), b"c", START_MS)

    return {
        "malformed_json": Sent(b'{"event_id": "e', b"c", START_MS),
        "empty_message": Sent(b"", b"c", START_MS),
        "missing_field": canonical(type=None),
        "invalid_field": canonical(event_id=7),
        "invalid_event_time": canonical(event_time="yesterday"),
        "missing_customer": canonical(customer_id=None),
        "future_event_time": canonical(event_time=START_MS + 10 * MINUTE_MS),
    }


def test_matched_late_duplicate_and_dead_add_up_to_what_was_produced(site: Site) -> None:
    site.abandonment()
    good = [event(f"good-{i}", "page_view", f"c{i % 50}", START_MS + i * 100) for i in range(2_000)]
    twice = good[1_995:]
    # Its own partition has come an hour further by then.
    later = [event(f"later-{i}", "page_view", "one", START_MS + 60 * MINUTE_MS + i) for i in range(3)]
    late = [event(f"late-{i}", "page_view", "one", START_MS + 50 * MINUTE_MS + i) for i in range(4)]
    dead = garbage()
    everything = [*good, *twice, *dead.values(), *later, *late]
    produced = site.produce(everything)
    with site.flow() as flow:
        flow.wait_until(lambda: flow.metrics().of("events_read_total") >= produced, what="everything read")
        archived = "SELECT (SELECT count() FROM events) + (SELECT count() FROM dead_letters)"
        flow.wait_until(lambda: site.number(archived) >= produced, what="everything archived")
        flow.wait_until(lambda: site.number("SELECT count() FROM late") >= len(late), what="late events recorded")
        flow.wait_until(lambda: len(site.dead_letters()) >= len(dead), what="dead letters on their topic")
        metrics = flow.metrics()
    assert {reason: metrics.of("dead_letters_total", reason=reason) for reason in dead} == dict.fromkeys(dead, 1)
    assert metrics.of("dead_letters_total") == len(dead)
    assert metrics.of("events_total", fate="late") == len(late)
    assert metrics.of("events_total", fate="duplicate") == len(twice)
    assert metrics.of("events_total", fate="matched") == len(good) + len(later)
    assert metrics.of("events_total") + metrics.of("dead_letters_total") == produced

    assert site.number("SELECT count() FROM events") == produced - len(dead)
    assert site.rows("SELECT event_id FROM events WHERE late ORDER BY event_id") == [
        (f"late-{i}",) for i in range(len(late))
    ]
    assert site.number("SELECT uniqExact(event_id) FROM late") == len(late)
    assert sorted(site.rows("SELECT reason, raw FROM dead_letters")) == sorted(
        (reason, message.value.decode()) for reason, message in dead.items()
    )
    places = (
        "SELECT count(), uniqExact(place) FROM (SELECT (topic, kafka_partition, `offset`) AS place FROM events "
        "UNION ALL SELECT (topic, kafka_partition, `offset`) FROM dead_letters)"
    )
    assert site.rows(places) == [(produced, produced)]
    letters = site.dead_letters()
    assert sorted((letter.headers["reason"].decode(), letter.value or b"") for letter in letters) == sorted(
        (reason, message.value) for reason, message in dead.items()
    )


def test_what_is_said_of_a_dead_letter_on_its_topic_leads_back_to_the_message(site: Site) -> None:
    site.abandonment()
    site.produce([event("e1", "page_view", "c", START_MS, partition=2), Sent(b"{", b"key", START_MS, partition=2)])
    with site.flow() as flow:
        flow.wait_until(site.dead_letters, what="the dead letter")
    (letter,) = site.dead_letters()
    assert (letter.value, letter.key) == (b"{", b"key")
    origin = {name: letter.headers[name].decode() for name in ("reason", "topic", "partition", "offset", "time")}
    assert origin == {
        "reason": "malformed_json",
        "topic": site.topic,
        "partition": "2",
        "offset": "1",
        "time": "2026-01-05T08:00:00.000Z",
    }
