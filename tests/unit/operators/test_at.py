"""`wait: $NAME.path` and `at`: until a time that an event carries, or the customer's next local time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.language import LocalTime
from operators.clock import PartitionClock
from operators.decode import Decoder
from operators.group import KeyGroup
from operators.local_time import instants, next_local_us
from tests.harness import Graph, Log, compiled, event, run, trigger
from tests.moments import START_US, at

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def asked(step):
    return trigger(f"steps: [{{event: a, as: a}}, {step}]")


@pytest.mark.parametrize(
    ("value", "fired"),
    [("10m", ["10m"]), (600, ["10m"]), (0.5, ["500ms"]), (0, ["0s"]), ("0s", ["0s"]), ("36500d", ["36500d"])],
)
def test_a_wait_may_be_as_long_as_an_event_says(value, fired):
    found = run(asked("{wait: $a.properties.t}"), [event("a", "0s", t=value)], at_end="flush")
    assert found.fired == fired


@pytest.mark.parametrize("value", ["soon", "-5m", -1, True, None, [5], 1e300])
def test_a_wait_that_nobody_can_read_ends_the_match(value):
    found = run(asked("{wait: $a.properties.t}"), [event("a", "0s", t=value)], at_end="flush")
    assert (found.fired, found.pending, found.tally.of("at_unresolved", "t")) == ([], 0, 1)


def test_an_event_may_still_end_the_match_before_and_not_at_its_time():
    text = trigger("steps: [{event: a, as: a}, {at: $a.properties.t}]\nexit: [{event: b}]")
    for when, fired in (("10m-1ms", []), ("10m", ["10m"]), ("10m+1ms", ["10m"])):
        assert run(text, [event("a", "0s", t=at("10m")), event("b", when)]).fired == fired


@pytest.mark.parametrize(
    ("value", "fired"),
    [
        ("2026-01-05T11:00:00Z", ["1h"]),
        ("2026-01-05T12:30:00+01:30", ["1h"]),
        (at("1h"), ["1h"]),
        ("2026-01-06", ["14h"]),
        ("2026-01-05T09:00:00Z", ["0s"]),
        ("2026-01-05", ["0s"]),
    ],
)
def test_at_is_a_time_with_its_offset_epoch_milliseconds_or_a_date(value, fired):
    assert run(asked("{at: $a.properties.t}"), [event("a", "0s", t=value)], at_end="flush").fired == fired


@pytest.mark.parametrize("value", ["2026-01-06T10:00:00", "tomorrow", None, True, "", "2026-02-30", 1e30])
def test_a_time_that_nobody_can_read_ends_the_match(value):
    found = run(asked("{at: $a.properties.t}"), [event("a", "0s", t=value)], at_end="flush")
    assert (found.fired, found.tally.of("at_unresolved", "t")) == ([], 1)


def test_an_offset_shifts_it_and_an_events_own_time_is_a_time():
    assert run(asked("{at: $a.properties.t, offset: -2d}"), [event("a", "0s", t=at("3d"))], at_end="flush").fired == [
        "1d"
    ]
    assert run(asked("{at: $a.event_time, offset: 1h}"), [event("a", "5m")], at_end="flush").fired == ["65m"]


def test_after_an_event_the_time_is_asked_for_when_the_step_is_entered():
    text = trigger("steps: [{event: a, as: a}, {event: b, as: b}, {at: $b.properties.t}, {event: c}]")
    events = [event("a", "0s"), event("b", "1h", t=at("2h")), event("c", "2h-1ms"), event("c", "2h", id="good")]
    assert run(text, events).evidence == [["a@0s", "b@1h", "good"]]


@pytest.mark.parametrize(
    ("step", "fired"),
    [
        ("09:00", "23h"), ("10:00", "0s"), ("10:01", "1m"),
        ("mon 09:00", "167h"), ("mon 10:00", "0s"), ("tue 00:00", "14h"),
    ],
)  # fmt: skip
def test_a_local_time_is_the_next_one_and_the_present_one_counts(step, fired):
    # The test begins on a Monday at 10:00.
    assert run(asked(f'{{at: "{step}"}}'), [event("a", "0s")], at_end="flush").fired == [fired]


def local(day, clock, zone):
    hour, minute = map(int, clock.split(":"))
    moment = instants(date.fromisoformat(day), 60 * hour + minute, ZoneInfo(zone))[0]
    return (EPOCH + timedelta(microseconds=moment)).isoformat()


def test_in_the_gap_of_daylight_saving_it_is_the_first_time_that_exists():
    assert local("2026-03-29", "02:30", "Europe/Oslo") == "2026-03-29T01:00:00+00:00"
    assert local("2026-03-29", "02:00", "Europe/Oslo") == "2026-03-29T01:00:00+00:00"
    assert local("2026-03-29", "03:00", "Europe/Oslo") == "2026-03-29T01:00:00+00:00"
    assert local("2026-09-06", "00:00", "America/Santiago") == "2026-09-06T04:00:00+00:00"
    assert local("2026-10-04", "02:10", "Australia/Lord_Howe") == "2026-10-03T15:30:00+00:00"


def test_of_two_such_times_it_is_the_first():
    assert local("2026-10-25", "02:30", "Europe/Oslo") == "2026-10-25T00:30:00+00:00"


@pytest.mark.parametrize(("from_text", "expected"), [
    ("2026-10-25T00:30:00+00:00", "2026-10-25T00:30:00+00:00"),
    ("2026-10-25T00:30:00.000001+00:00", "2026-10-26T01:30:00+00:00"),
    ("2026-03-29T00:59:59.999999+00:00", "2026-03-29T01:00:00+00:00"),
    ("2026-03-29T01:00:00+00:00", "2026-03-29T01:00:00+00:00"),
    ("2026-03-29T01:00:00.000001+00:00", "2026-03-30T00:30:00+00:00"),
])  # fmt: skip
def test_the_next_local_time_around_a_change_of_the_clock(from_text, expected):
    from_us = (datetime.fromisoformat(from_text) - EPOCH) // timedelta(microseconds=1)
    found = next_local_us(LocalTime(2, 30), from_us, ZoneInfo("Europe/Oslo"))
    assert found is not None
    assert EPOCH + timedelta(microseconds=found) == datetime.fromisoformat(expected)


def test_beyond_the_calendar_there_is_no_next_time():
    assert next_local_us(LocalTime(9, 0), 2**61, ZoneInfo("UTC")) is None


@pytest.mark.parametrize(
    ("profile", "fired"),
    [
        ({"timezone": "Europe/Oslo"}, "22h"),
        ({"timezone": "America/New_York"}, "4h"),
        ({"timezone": "Mars"}, "23h"),
        ({"timezone": 5}, "23h"),
        ({}, "23h"),
        (None, "23h"),
    ],
)
def test_it_is_the_customers_own_timezone_or_the_default(profile, fired):
    asked_of = []

    def profiles(customer, time_us):
        asked_of.append((customer, time_us))
        return profile

    plan = compiled(asked('{at: "09:00"}'))
    graph = Graph(plan, 1, 0, None)
    (name,) = graph.groups
    graph.groups[name] = KeyGroup(plan, dedupe_horizon_us=0, profiles=profiles)
    log = Log(("events", 0), PartitionClock(0), [event("a", "0s")])
    graph.feed(log, (log.origin,), Decoder(), 10)
    graph.end((log.origin,), "flush")
    assert graph.result.fired == [fired]
    assert asked_of == [("c1", START_US)]
