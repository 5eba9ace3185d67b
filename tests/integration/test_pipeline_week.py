"""A real week through Kafka gives what the backtest gives, and every row of it is in ClickHouse."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.live_site import Site
from tests.integration.live_week import Week, read_week, time_ms

pytestmark = pytest.mark.integration


@pytest.fixture
def week(site: Site, week_events: Path) -> Week:
    site.abandonment()
    return read_week(week_events, site.triggers, site.folder)


def test_a_week_through_kafka_gives_the_actions_decisions_and_events_of_the_file(site: Site, week: Week) -> None:
    produced = site.produce(week.messages())
    with site.flow() as flow:
        flow.wait_until(lambda: site.number("SELECT count() FROM events") >= produced, what="every event archived")
        decided = "SELECT count() FROM decisions"
        flow.wait_until(lambda: site.number(decided) >= len(week.actions), what="every decision recorded")
        flow.wait_until(lambda: len(site.actions()) >= len(week.actions), what="every action delivered")
        metrics = flow.metrics()
    assert metrics.of("events_read_total") == produced == metrics.of("events_total", fate="matched")
    assert metrics.of("events_total") + metrics.of("dead_letters_total") == produced
    assert_actions_are(week, site)
    assert_decisions_are(week, site)
    assert_events_are(week, site)


def assert_actions_are(week: Week, site: Site) -> None:
    found = [action.json for action in site.actions()]
    assert sorted(map(_told, found), key=str) == sorted(map(_told, week.actions.values()), key=str)


def assert_decisions_are(week: Week, site: Site) -> None:
    sql = (
        "SELECT action_id, outcome, trigger, key[1], recipient, toUnixTimestamp64Milli(event_time), "
        "`evidence.event_id`, channel, template FROM decisions"
    )
    expected = [
        (
            each["action_id"],
            each["outcome"],
            each["trigger"],
            each["key"],
            each["recipient"],
            time_ms(each["event_time"]),
            [event["event_id"] for event in each["evidence"]],
            each["channel"],
            each["template"],
        )
        for each in week.actions.values()
    ]
    assert sorted(site.rows(sql)) == sorted(expected)


def assert_events_are(week: Week, site: Site) -> None:
    sql = (
        "SELECT event_id, type, customer_id, session_id, toUnixTimestamp64Milli(event_time), "
        "toUnixTimestamp64Milli(record_time), late FROM events"
    )
    names = ("event_id", "type", "customer_id", "session_id")
    expected = [
        (*(event[name] for name in names), time_ms(event["event_time"]), time_ms(event["event_time"]), False)
        for event in week.events
    ]
    assert sorted(site.rows(sql)) == sorted(expected)
    assert site.number("SELECT uniqExact(topic, kafka_partition, `offset`, `index`) FROM events") == len(week.events)


def _told(action: dict[str, Any]) -> tuple[Any, ...]:
    """What is the same of an action whichever log its events were read from."""
    events = tuple((event["step"], event["event_id"], event["event_time"]) for event in action["evidence"])
    names = ("action_id", "trigger", "version", "key", "recipient", "event_time", "channel", "template")
    return (*(action[name] for name in names), events, str(action["data"]))
