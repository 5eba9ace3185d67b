"""What a trigger is said to keep for a key, beside what the engine's own snapshots hold."""

import msgspec
import pytest

from config.check.state_bound import TEXT_BYTES, state_bound
from config.loader import parse_trigger
from operators.clock import PartitionClock
from operators.decode import Decoder
from operators.state import snapshot
from tests.harness import Graph, Log, compiled, event, trigger

CUSTOMERS = 40
DAY_US = 86_400_000_000


def holdings(match: str, rest: str = "") -> list[str]:
    return [str(each) for each in state_bound(parse_trigger(trigger(match, rest=rest)).trigger)]


def kept_bytes(text: str, types: list[str]) -> float:
    """Bytes a key takes in a snapshot after events of these types, a minute apart, with ids as long as is assumed."""
    events = [
        event(
            type_,
            f"{minute}m",
            customer=f"{customer:0{TEXT_BYTES}}",
            id=f"{customer}/{minute}".ljust(TEXT_BYTES, "x"),
            value="v" * TEXT_BYTES,
            other="o" * TEXT_BYTES,
        )
        for minute, type_ in enumerate(types)
        for customer in range(CUSTOMERS)
    ]
    log = Log(
        ("a-topic-with-quite-a-long-name-of-36", 11),
        PartitionClock(0),
        [*events, {"watermark": event("x", "1h")["event_time"]}],
    )
    graph = Graph(compiled(text), 1, DAY_US, None)
    graph.feed(log, (log.origin,), Decoder(), 10_000)
    (group,) = graph.groups.values()
    _, base, _ = snapshot(group)
    ((_, _, (owners, states)),) = msgspec.msgpack.decode(base)["triggers"].values()
    assert len(owners) == len(states) == CUSTOMERS
    return len(msgspec.msgpack.encode([owners, states])) / CUSTOMERS


DATA = "actions: [{channel: email, template: t, data: {x: $NAME.properties.value, y: $NAME.properties.other}}]"


@pytest.mark.parametrize(
    ("match", "name", "types"),
    [
        ("steps: [{event: a, as: one}, {absent: b, within: 30d}]", "one", ["a"]),
        ("steps: [{event: a, as: one}, {event: b, as: two}, {wait: 30d}]", "two", ["a", "b"]),
        ("steps: [{event: a, as: one, times: 5, within: 30d}]", "one", ["a"] * 4),
        ("steps: [{event: a, as: one, times: 3, within: 30d}, {absent: b, within: 30d}]", "one", ["a"] * 9),
        ("key: [customer_id, properties.value]\nsteps: [{event: a, as: one}, {idle: 30d}]", "one", ["a"]),
        ("on_repeat: ignore\nsteps: [{event: a, as: one}, {absent: b, within: 30d}]", "one", ["a"] * 9),
    ],
)
def test_a_key_takes_no_more_than_is_said_and_not_much_less(match, name, types):
    text = trigger(match, rest=DATA.replace("NAME", name))
    bound = sum(each.bytes for each in state_bound(parse_trigger(text).trigger))
    kept = kept_bytes(text, types)
    assert bound / 3 < kept <= bound


def test_only_what_is_asked_of_an_event_is_kept_with_it():
    plain, asked, grouped = (
        state_bound(parse_trigger(trigger(f"steps: [{{event: a}}, {step}, {{wait: 1h}}]", rest=rest)).trigger)[0].bytes
        for step, rest in (
            ("{event: b, within: 1h}", ""),
            ("{event: b, within: 1h, as: b}", DATA.replace("NAME", "b")),
            ("{any: [{event: b, as: b}, {event: c}], within: 1h}", DATA.replace("NAME", "b")),
        )
    )
    assert asked == grouped == plain + 2 * (TEXT_BYTES + 2)


def test_overlap_takes_as_much_for_each_beginning_as_is_said():
    text = trigger("on_repeat: overlap\nsteps: [{event: a}, {absent: b, within: 30d}]")
    (holding,) = state_bound(parse_trigger(text).trigger)
    assert holding.bytes is None
    each = int(holding.grows.split(", ")[1].split()[0])
    assert kept_bytes(text, ["a"] * 10) <= each * 10


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ("steps: [{event: a}]", []),
        ("steps: [{event: a}, {wait: 2h}]", ["1 open match of 1 event, about 317 bytes, for at most 2 hours"]),
        ("steps: [{event: a}, {event: b}]", ["1 open match of 2 events, about 423 bytes, for ever"]),
    ],
)
def test_what_is_kept_is_said_with_its_size_and_its_time(match, said):
    assert holdings(match) == said


@pytest.mark.parametrize(
    ("match", "life"),
    [
        ("steps: [{event: a}, {event: b, within: 2h}]", "for at most 2 hours"),
        ("steps: [{event: a}, {event: b, within: 2h}, {absent: c, within: 1h}]", "for at most 3 hours"),
        ("steps: [{event: a}, {wait: 1h}, {event: b, within: 2h}]", "for at most 2 hours"),
        ("within: 5h\nsteps: [{event: a}, {event: b}, {event: c}, {wait: 1h}]", "for at most 6 hours"),
        ("steps: [{event: a}, {absent: b}, {event: c, within: 1d}]", "for at most 24 hours"),
        ("steps: [{event: a}, {idle: 30m}]", "until 30 minutes of silence"),
        ("steps: [{event: a}, {at: 09:00}]", "for at most 25 hours"),
        ("steps: [{event: a}, {at: mon 09:00}]", "for at most 169 hours"),
        ("steps: [{event: a, as: a}, {wait: $a.properties.x}]", "as long as x of a says"),
        ("steps: [{event: a, as: a}, {at: $a.properties.x, offset: -2d}]", "until 2 days before x of a"),
        (
            "steps: [{event: a}, {event: b, within: 1h}, {idle: 10m}]",
            "for at most 1 hour and then until 10 minutes of silence",
        ),
        ("steps: [{event: a}, {event: b, optional: true}, {event: c, within: 1h}]", "for at most 1 hour"),
        ("steps: [{event: a}, {all: [{event: b}, {event: c}], within: 4h}]", "for at most 4 hours"),
        ("steps: [{event: a}, {any: [{absent: b, within: 4h}, {event: c}], within: 3h}]", "for at most 3 hours"),
    ],
)
def test_how_long_a_match_is_open_is_read_off_its_steps(match, life):
    assert holdings(match)[-1].endswith(f" bytes, {life}")


def test_events_that_wait_to_be_enough_are_said_apart():
    window, match = holdings("steps: [{event: a, times: {min: 3, within: 1d}}, {wait: 1h}]")
    assert window == "3 events waiting to be enough, about 432 bytes, for 24 hours"
    assert match.startswith("1 open match of 3 events")


def test_a_sum_keeps_every_event_of_its_time():
    (window,) = holdings("steps: [{event: a, times: {min: 1, within: 30d}, having: {sum: properties.x, gte: 5}}]")
    assert window.startswith("every fitting a, for its sum, growing with the events in that time")
    assert window.endswith("for 30 days")


@pytest.mark.parametrize("times", ["{min: 2}", "{min: 2, max: 500}"])
def test_a_long_repetition_is_aggregated(times):
    (match,) = holdings(f"steps: [{{event: a}}, {{event: b, within: 1h, times: {times}}}]")
    assert match.startswith("1 open match of 4 events")


def test_every_value_of_per_has_its_own_match():
    (match,) = holdings("key: properties.p\nper: customer_id\nsteps: [{event: a}, {wait: 1h}]")
    assert match.startswith("an open match of 1 event for each customer_id, growing with the values of customer_id")


def test_a_leading_absence_keeps_a_time():
    (absence,) = holdings("steps: [{absent: b, within: 7d}, {event: a}]")
    assert absence == "the time of the last event that must be absent, about 9 bytes, for 7 days"
    assert absence in holdings("steps: [{absent: b, within: 7d}, {event: a}, {wait: 1h}]")


def test_marks_caps_and_waiting_actions_are_said():
    rest = """
policy:
  cooldown: 1d
  quiet_hours: {from: 21:00, to: 08:00}
  caps: [{channel: email, max: 3, per: 7d}, {tag: x, max: 1, per: day}]
actions: [{channel: email, template: t, after: 2d}]
"""
    assert holdings("fires: {once_per: 365d}\nsteps: [{event: a}]", rest) == [
        "a mark that it fired, about 47 bytes, for 365 days",
        "a mark for the cooldown of a recipient, about 47 bytes, for 24 hours",
        "the times of 3 actions to a recipient, about 65 bytes, for 7 days",
        "the times of 1 action to a recipient, about 47 bytes, for a day",
        "the waiting email of a match, about 317 bytes, for 2 days",
        "the deferred actions of a match, about 317 bytes, until the quiet hours end",
    ]
