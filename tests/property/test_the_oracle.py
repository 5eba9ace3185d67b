"""The oracle itself: every line of the semantics page, worked out by hand.

A log is written ``"a@0s, b@5m x=1"``: type, time, properties (of customer c1; the id is ``a@0s``). What is told is
written ``"5m: a@0s b@5m"``, time and events; a partial match that timed out begins with ``expired``.
"""

import json

import pytest

from config.loader import parse_trigger
from tests.harness import event, since_start, trigger, us
from tests.property import oracle


def log_of(text):
    events = []
    for part in text.split(", "):
        what, *properties = part.split()
        kind, when = what.split("@")
        values = {name: json.loads(value) for name, value in (each.split("=", 1) for each in properties)}
        if "id" in values:
            values["id"] = str(values["id"])
        found = event(kind, when, **values)
        events.append(found | {"event_time": found["event_time"] * 1_000})
    return events


def told(match, log, *, bound="1d", at_end="flush", rest="", **options):
    """In order of event time, for what is late in a test with ``bound="0s"`` stands out of it."""
    found = oracle.answers(
        parse_trigger(trigger(match, rest=rest)).trigger, log_of(log), bound_us=us(bound), at_end=at_end, **options
    )
    lines = [
        ("expired " if each.expired else "") + f"{since_start(each.time)}: " + " ".join(id for _, id in each.rows)
        for each in sorted(found.answers, key=lambda each: (each.time, each.rows))
    ]
    assert found.tally["matches"] == sum(not each.expired for each in found.answers)
    return lines


def case(match, log, *lines, id=None, **options):
    return pytest.param(match, log, list(lines), options, id=id)


AB = "steps: [{event: a}, {event: b, within: 30m}]"
ABSENT = "steps: [{event: a}, {absent: b, within: 30m}]"
IDLE = "steps: [{event: a}, {idle: 30m}]"
GUARD = "steps: [{event: a}, {absent: b}, {event: c}]"
TIMED = "steps: [{event: a}, {absent: b, within: 10m}, {event: c}]"
OF_ONE_X = "steps: [{event: a, as: a}, {event: b, within: 10m, where: {properties.x: {eq: $a.properties.x}}}]"
CLICKS = "steps: [{event: a, times: 3, within: 10m}]"

SEQUENCES = [
    case(AB, "a@0s, b@30m-1ms", "1799999ms: a@0s b@30m-1ms"),
    case(AB, "a@0s, b@30m", "expired 30m: a@0s"),
    case(AB, "b@0s id=1, a@0s, b@0s", "0s: a@0s b@0s", id="of equal times the order of arrival decides"),
    case("within: 30m\nsteps: [{event: a}, {event: b}, {event: c}]", "a@0s, b@20m, c@30m", "expired 30m: a@0s b@20m"),
    case("within: 30m\nsteps: [{event: a}, {event: b}, {absent: c, within: 1h}]", "a@0s, b@20m", "80m: a@0s b@20m"),
    case(
        "steps: [{event: a}, {event: b, within: 30m}, {event: c, within: 30m}]",
        "a@0s, b@20m, c@49m",
        "49m: a@0s b@20m c@49m",
    ),
    case("steps: [{event: a}]", "b@0s, a@1m, a@2m", "1m: a@1m", "2m: a@2m"),
]

ABSENCES = [
    case(ABSENT, "a@0s, b@30m", "30m: a@0s"),
    case(ABSENT, "a@0s, b@30m-1ms"),
    case(ABSENT, "a@0s, x@30m-1ms", at_end="hold"),
    case(ABSENT, "a@0s, x@30m", "30m: a@0s", at_end="hold"),
    case(GUARD, "a@0s, b@1m, c@2m"),
    case(GUARD, "b@0s, a@1m, c@2m, b@3m", "2m: a@1m c@2m"),
    case(TIMED, "a@0s, c@10m-1ms, c@11m", "11m: a@0s c@11m"),
    case(TIMED, "a@0s, c@10m", "10m: a@0s c@10m"),
    case(TIMED, "a@0s, b@9m, c@11m"),
    case("steps: [{absent: b, within: 10m}, {event: a}]", "x@0s, b@10m-1ms, a@20m", "20m: a@20m"),
    case("steps: [{absent: b, within: 10m}, {event: a}]", "x@0s, b@10m, a@20m"),
    case("steps: [{absent: b, within: 10m}, {event: a}]", "x@0s, a@10m, b@10m", "10m: a@10m"),
    case("steps: [{absent: b, within: 10m}, {event: a}]", "x@0s, a@10m-1ms", id="not watched for long enough"),
    case("steps: [{event: a}, {absent: b, within: 30m}, {event: c, within: 20m}]", "a@0s, c@31m", "expired 20m: a@0s"),
    case(ABSENT + "\nexit: [{event: q}]", "a@0s, q@29m"),
    case(ABSENT + "\nexit: [{event: q}]", "q@0s, a@1m, q@31m", "31m: a@1m"),
    case(
        "steps: [{event: a}, {absent: b, where: {properties.x: {eq: 1}}, within: 30m}]", "a@0s, b@1m x=2", "30m: a@0s"
    ),
    case(
        "steps: [{event: a}, {absent: b, where: {properties.x: {eq: 1}}, within: 30m}]",
        "a@0s, b@1m",
        id="in doubt nothing",
    ),
    case("steps: [{event: a, where: {properties.x: {ne: 1}}}, {wait: 1m}]", "a@0s, a@5m x=2", "6m: a@5m"),
]

TIME = [
    case(IDLE, "a@0s, x@30m", "30m: a@0s"),
    case(IDLE, "a@0s, x@30m-1ms", "3599999ms: a@0s"),
    case("steps: [{event: a}, {idle: {for: 30m, of: [b]}}]", "a@0s, x@1m, b@2m", "32m: a@0s"),
    case("steps: [{event: a}, {wait: 30m}]", "a@0s, b@1m", "30m: a@0s"),
    case("steps: [{event: a, as: a}, {wait: $a.properties.x}]", "a@0s x=90", "90s: a@0s"),
    case("steps: [{event: a, as: a}, {wait: $a.properties.x}]", 'a@0s x="2h"', "2h: a@0s"),
    case("steps: [{event: a, as: a}, {wait: $a.properties.x}]", "a@0s x=-1, a@1m"),
    case("steps: [{event: a, as: a}, {at: $a.properties.x}]", 'a@0s x="2026-01-05T12:00:00+01:00"', "1h: a@0s"),
    case("steps: [{event: a, as: a}, {at: $a.properties.x, offset: -1h}]", 'a@0s x="2026-01-06"', "13h: a@0s"),
    case("steps: [{event: a, as: a}, {at: $a.properties.x}]", 'a@0s x="2026-01-05"', "0s: a@0s", id="already past"),
    case("steps: [{event: a, as: a}, {at: $a.properties.x}]", 'a@0s x="soon"'),
    case(
        "steps: [{event: a, as: a}, {at: $a.properties.x}]",
        'a@0s x="2026-01-05"',
        rest="policy: {max_age: 9h}",
        id="stale",
    ),
    case("steps: [{event: a}, {at: 10:00}]", "a@0s", "0s: a@0s"),
    case("steps: [{event: a}, {at: 10:00}]", "a@0s, a@1ms", "0s: a@0s", "1d: a@1ms"),
    case("steps: [{event: a}, {at: tue 09:00}]", "a@0s", "23h: a@0s"),
    case("steps: [{event: a}, {at: 12:00}]", "a@0s", "1h: a@0s", timezone="Europe/Oslo"),
    # Oslo leaves out 02:00 to 03:00 on 29 March (83 days later), and has them twice on 25 October (293 days later).
    case("steps: [{event: a}, {at: 02:30}]", "a@82d", f"{82 * 24 + 15}h: a@82d", timezone="Europe/Oslo"),
    case("steps: [{event: a}, {at: 02:30}]", "a@292d", f"{(292 * 24 + 14) * 60 + 30}m: a@292d", timezone="Europe/Oslo"),
]

FIRST_STEP = [
    case(
        "steps: [{event: a, times: {min: 3, within: 1h}}, {absent: b, within: 30m}]",
        "a@0s, a@1m, a@2m, b@3m, a@4m",
        id="what an absence ended does not begin again",
    ),
    case(
        "steps: [{event: a, times: {min: 3, within: 1h}}, {absent: b, within: 30m}]",
        "a@0s, a@1m, a@2m, a@3m",
        "33m: a@1m a@2m a@3m",
    ),
    case(
        "on_repeat: ignore\nsteps: [{event: a, times: 2}, {absent: b, within: 30m}]",
        "a@0s, a@1m, a@2m, b@3m, a@4m, a@5m",
        "35m: a@4m a@5m",
        id="what comes while a match is open is ignored",
    ),
    case(
        "steps: [{absent: b, within: 10m}, {event: a, times: 2}]",
        "x@0s, b@9m, a@15m, a@20m, a@25m",
        "25m: a@20m a@25m",
        id="nothing came before the first of them",
    ),
    case("per: properties.x\nsteps: [{event: a, times: 2}]", "a@0s x=1, a@1m x=2, a@2m x=1", "2m: a@0s a@2m"),
    case(
        "per: properties.x\nsteps: [{all: [{event: a}, {event: b}]}]", "a@0s x=1, b@1m x=2, b@2m x=1", "2m: a@0s b@2m"
    ),
    case(
        "on_repeat: ignore\nsteps: [{all: [{event: a}, {event: b}], within: 10m}]",
        "a@0s, a@5m, a@8m, b@12m",
        "12m: a@5m b@12m",
        id="the oldest inside the span",
    ),
    case("steps: [{all: [{any: [{event: a}, {event: b}]}, {event: c}]}]", "a@0s, b@1m, c@2m", "2m: b@1m c@2m"),
    case(CLICKS, "a@0s, a@5m, a@10m-1ms", "599999ms: a@0s a@5m a@10m-1ms"),
    case(CLICKS, "a@0s, a@5m, a@10m"),
    case(CLICKS, "a@0s, a@1m, a@2m, a@3m, a@4m, a@5m", "2m: a@0s a@1m a@2m", "5m: a@3m a@4m a@5m"),
    case("after_match: keep\n" + CLICKS, "a@0s, a@1m, a@2m, a@3m", "2m: a@0s a@1m a@2m", "3m: a@1m a@2m a@3m"),
    case("steps: [{event: a, times: {min: 2, contiguity: strict}}]", "a@0s, x@1m, a@2m, a@3m", "3m: a@2m a@3m"),
    case("steps: [{event: a, times: {min: 2}, until: {event: u}}]", "a@0s, u@1m, a@2m, a@3m", "3m: a@2m a@3m"),
    case(
        "on_repeat: overlap\nsteps: [{event: a, times: {min: 2, max: 3}}]",
        "a@0s, a@1m, a@2m, a@3m",
        *("1m: a@0s a@1m", "2m: a@0s a@1m a@2m", "3m: a@1m a@2m a@3m"),
    ),
    case(
        "steps: [{event: a, times: {min: 1}, within: 30m, having: {sum: properties.x, gte: 5}}]",
        "a@0s x=1, a@10m x=2, a@30m x=2, a@31m x=1, a@32m x=4",
        "31m: a@10m a@30m a@31m",
        id="all of the window, each event used once",
    ),
    case("steps: [{all: [{event: a}, {event: b}], within: 10m}]", "b@0s, a@10m, b@11m", "11m: a@10m b@11m"),
    case("steps: [{all: [{event: a}, {event: b}]}]", "a@0s, a@1m, b@2m", "2m: a@1m b@2m", id="the newest of each"),
    case("on_repeat: ignore\nsteps: [{all: [{event: a}, {event: b}]}]", "a@0s, a@1m, b@2m", "2m: a@0s b@2m"),
    case("steps: [{any: [{event: a}, {event: b}]}, {wait: 1m}]", "b@0s, a@5m", "1m: b@0s", "6m: a@5m"),
    case("steps: [{event: a, optional: true}, {event: b}]", "b@0s, a@1m, b@2m", "0s: b@0s", "2m: a@1m b@2m"),
]

LOOPS = [
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}}, {event: c}]",
        "a@0s, b@1m, b@2m, b@3m, c@4m",
        "4m: a@0s b@1m b@3m c@4m",
        id="the evidence of a repetition without an end is its first and its last",
    ),
    case(
        "steps: [{event: a}, {absent: b}, {event: c, times: 2}]",
        "a@0s, c@1m, b@2m, c@3m",
        "3m: a@0s c@1m c@3m",
        id="an absence without a time is over at the first repetition",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}}, {absent: c}, {event: d}]",
        "a@0s, c@1m, b@2m, c@3m, d@4m",
        id="and begins when the repetition has enough",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}}, {wait: 10m}, {event: c}]",
        "a@0s, b@1m, b@5m, c@12m, c@15m",
        "15m: a@0s b@1m b@5m c@15m",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1, max: 2}}, {wait: 10m}]",
        "a@0s, b@1m, b@5m, b@6m",
        "15m: a@0s b@1m b@5m",
        id="what is full starts nothing again",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}, within: 10m}, {event: c}]",
        "a@0s, b@1m, b@10m, c@1h",
        "1h: a@0s b@1m c@1h",
        id="beyond its span it is closed and not expired",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1, within: 5m}}, {event: [b, c]}]",
        "a@0s, b@1m, b@6m",
        "6m: a@0s b@1m b@6m",
    ),
    case(
        "within: 30m\nsteps: [{event: a}, {event: b, times: {min: 1}, greedy: true}]",
        "a@0s, b@1m, b@30m",
        "30m: a@0s b@1m",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 2, contiguity: strict}}, {event: c}]",
        "a@0s, b@1m, x@2m, b@3m, c@4m",
        id="broken before it has enough",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1, contiguity: strict}}, {event: c}]",
        "a@0s, b@1m, x@2m, b@3m, c@4m",
        "4m: a@0s b@1m c@4m",
        id="closed when it has enough",
    ),
    case(
        "steps: [{event: a}, {event: b, times: 2, having: {sum: properties.x, gte: 3}, within: 10m}]",
        "a@0s, b@1m x=1, b@2m x=1, b@3m x=9",
        id="full without what it must have: it ends",
    ),
    case(
        "steps: [{event: a}, {event: b, as: b, optional: true}, "
        "{event: c, where: {properties.x: {eq: $b.properties.x}}}]",
        "a@0s, c@1m x=1, b@2m x=1, c@3m x=1",
        "3m: a@0s b@2m c@3m",
        id="what was not taken is missing, and so unknown",
    ),
    case(
        "steps: [{event: a}, {event: b, optional: true}, {absent: c, within: 10m}]",
        "a@0s, b@5m, c@14m",
        id="the absence begins again with the optional event",
    ),
    case("steps: [{event: a}, {event: b, optional: true}, {absent: c, within: 10m}]", "a@0s, b@10m", "10m: a@0s"),
    case("steps: [{event: a}, {event: b, times: 2, within: 10m}]", "a@0s, b@1m, b@10m", "expired 10m: a@0s b@1m"),
    case("steps: [{event: a}, {event: b, times: {min: 2, within: 5m}}]", "a@0s, b@1m, b@6m", "expired 6m: a@0s b@1m"),
    case("steps: [{event: a}, {event: b, times: {min: 1, max: 2}}]", "a@0s, b@1m, b@2m", "1m: a@0s b@1m"),
    case(
        "after_match: keep\nsteps: [{event: a}, {event: b, times: {min: 1, max: 2}}]",
        "a@0s, b@1m, b@2m, b@3m",
        *("1m: a@0s b@1m", "2m: a@0s b@1m b@2m"),
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}, greedy: true, until: {event: u}}]",
        "a@0s, b@1m, b@2m, u@3m, b@4m",
        "3m: a@0s b@1m b@2m",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}, greedy: true, within: 10m}]",
        "a@0s, b@1m, b@2m, b@10m",
        "10m: a@0s b@1m b@2m",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1, max: 2}, greedy: true, within: 10m}]",
        "a@0s, b@1m, b@2m",
        "2m: a@0s b@1m b@2m",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1, contiguity: strict}, greedy: true}]",
        "a@0s, x@1m, b@2m, b@3m, x@4m, b@5m",
        "4m: a@0s b@2m b@3m",
    ),
    case("steps: [{event: a}, {event: b, times: {min: 1}}, {event: [b, c]}]", "a@0s, b@1m, b@2m", "2m: a@0s b@1m b@2m"),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}, greedy: true}, {event: [b, c]}]",
        "a@0s, b@1m, b@2m, c@3m",
        "3m: a@0s b@1m b@2m c@3m",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 2}, until: {event: u}}, {event: c}]",
        "a@0s, b@1m, u@2m, b@3m, c@4m",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}, until: {event: u}}, {event: u}]",
        "a@0s, b@1m, u@2m",
        "2m: a@0s b@1m u@2m",
        id="what ends the repetition goes on to the next step",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}}, {absent: c, within: 10m}]",
        "a@0s, b@1m, b@5m, c@15m",
        "15m: a@0s b@1m b@5m",
        id="the time begins anew with each repetition",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}, having: {sum: properties.x, gte: 3}}]",
        "a@0s, b@1m x=1, b@2m, b@3m x=2",
        "3m: a@0s b@1m b@3m",
    ),
    case(
        "steps: [{event: a}, {event: b, as: b, times: 2, where: {properties.x: {gt: $b.prev.properties.x}}}]",
        "a@0s x=1, b@1m x=1, b@2m x=3, b@3m x=2, b@4m x=4",
        "4m: a@0s b@2m b@4m",
        id="the repetition before the first is the step before",
    ),
    case(
        "steps: [{event: a}, {event: b, optional: true}, {event: c}]",
        "a@0s, c@1m, a@2m, b@3m, c@4m",
        "1m: a@0s c@1m",
        "4m: a@2m b@3m c@4m",
    ),
    case("steps: [{event: a}, {event: b, optional: true}]", "a@0s, b@1m", "0s: a@0s"),
    case("steps: [{event: a}, {absent: c}, {event: b, optional: true}]", "a@0s, c@1m", "0s: a@0s"),
    case(
        "after_match: keep\nsteps: [{event: a}, {absent: c}, {event: b, optional: true}]",
        "a@0s, c@1m, b@2m",
        "0s: a@0s",
    ),
    case(
        "after_match: keep\nsteps: [{event: a}, {event: b, optional: true}]",
        "a@0s, b@1m, b@2m",
        "0s: a@0s",
        "1m: a@0s b@1m",
    ),
    case("steps: [{event: a}, {event: b, optional: true, within: 5m}, {event: [b, c]}]", "a@0s, b@5m", "5m: a@0s b@5m"),
]

NEIGHBOURS = [
    case("steps: [{event: a}, {wait: 10m}, {event: b, contiguity: strict}]", "a@0s, x@1m, b@11m"),
    case("steps: [{event: a}, {wait: 10m}, {event: b, contiguity: strict}]", "a@0s, b@11m", "11m: a@0s b@11m"),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}}, {event: c, contiguity: strict}]",
        "a@0s, b@1m, x@2m, b@3m, c@4m",
        "4m: a@0s b@1m b@3m c@4m",
        id="as long as another repetition may come before it",
    ),
    case(
        "steps: [{event: a}, {event: b, optional: true}, {event: c, contiguity: strict}]",
        "a@0s, x@1m, c@2m, b@3m, c@4m",
        "4m: a@0s b@3m c@4m",
    ),
    case(
        "steps: [{event: a}, {all: [{event: b}, {event: c}], contiguity: strict}]",
        "a@0s, b@1m, x@2m, c@3m",
        "3m: a@0s b@1m c@3m",
    ),
    case(
        "after_match: keep\nsteps: [{event: a}, {event: b, contiguity: each}, {event: c}]\nexit: [{event: q}]",
        "a@0s, b@1m, q@2m, b@3m, c@4m",
        id="an exit ends the copy and what stayed",
    ),
    case("steps: [{event: a}, {event: b, contiguity: strict}]", "a@0s, x@1m, b@2m, a@3m, b@4m", "4m: a@3m b@4m"),
    case(
        "steps: [{event: a}, {event: b, times: 2, contiguity: strict}]", "a@0s, b@1m, x@2m, b@3m", "3m: a@0s b@1m b@3m"
    ),
    case(
        "steps: [{event: a}, {event: b, contiguity: each}, {wait: 1m}]\nafter_match: keep",
        "a@0s, b@1m, b@2m",
        "2m: a@0s b@1m",
        "3m: a@0s b@2m",
    ),
    case(
        "steps: [{event: a}, {event: b, contiguity: each, within: 10m}]\nafter_match: keep",
        "a@0s, b@1m, b@2m",
        *("1m: a@0s b@1m", "2m: a@0s b@2m", "expired 10m: a@0s"),
    ),
    case(
        "steps: [{event: a}, {event: b, contiguity: each}]",
        "a@0s, b@1m, b@2m",
        "1m: a@0s b@1m",
        id="the skip drops what stayed",
    ),
]

GROUPS = [
    case(
        "steps: [{event: a}, {any: [{event: b}, {absent: c, within: 20m}], within: 10m}]",
        "a@0s, b@15m",
        "20m: a@0s",
        id="its span is that of its events",
    ),
    case(
        "steps: [{event: a}, {all: [{event: b}, {absent: c, within: 20m}], within: 10m}]",
        "a@0s, b@10m",
        "expired 10m: a@0s",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}}, {all: [{event: c}, {absent: d, within: 10m}]}]",
        "a@0s, b@1m, b@5m, c@6m, b@7m, d@14m",
        id="what is in it begins with the last repetition",
    ),
    case(
        "steps: [{event: a}, {event: b, times: {min: 1}}, {all: [{event: c}, {absent: d, within: 10m}]}]",
        "a@0s, b@1m, b@5m, c@6m, b@7m, d@15m",
        "15m: a@0s b@1m b@5m c@6m",
    ),
    case("steps: [{event: a}, {all: [{absent: b, within: 5m}, {absent: c, within: 10m}]}]", "a@0s, b@5m", "10m: a@0s"),
    case("steps: [{event: a}, {all: [{event: b}, {event: c}], within: 10m}]", "a@0s, c@1m, b@9m", "9m: a@0s c@1m b@9m"),
    case(
        "steps: [{event: a}, {all: [{event: b}, {event: c}], within: 10m}]",
        "a@0s, c@1m, b@10m",
        "expired 10m: a@0s c@1m",
    ),
    case(
        "steps: [{event: a}, {all: [{event: b}, {event: b}]}]",
        "a@0s, b@1m, b@2m",
        "2m: a@0s b@1m b@2m",
        id="one event, one member",
    ),
    case("steps: [{event: a}, {all: [{event: b}, {absent: c, within: 10m}]}]", "a@0s, b@1m, c@10m", "10m: a@0s b@1m"),
    case("steps: [{event: a}, {all: [{event: b}, {absent: c, within: 10m}]}]", "a@0s, b@1m, c@9m"),
    case("steps: [{event: a}, {all: [{event: b}, {absent: c, within: 10m}]}]", "a@0s, b@20m, c@21m", "20m: a@0s b@20m"),
    case("steps: [{event: a}, {any: [{event: b}, {absent: c, within: 10m}]}]", "a@0s, c@1m, b@20m", "20m: a@0s b@20m"),
    case("steps: [{event: a}, {any: [{event: b}, {absent: c, within: 10m}]}]", "a@0s, c@10m", "10m: a@0s"),
    case("steps: [{event: a}, {any: [{absent: b, within: 5m}, {absent: c, within: 10m}]}]", "a@0s, b@1m, c@2m"),
    case(
        "steps: [{event: a}, {all: [{any: [{event: b}, {event: c}]}, {event: d}]}]",
        "a@0s, d@1m, c@2m",
        "2m: a@0s d@1m c@2m",
    ),
    case(
        "steps: [{event: a}, {any: [{all: [{event: b}, {event: c}]}, {event: d}]}]",
        "a@0s, b@1m, d@2m",
        "2m: a@0s b@1m d@2m",
    ),
]

SKIPS = [
    case(ABSENT, "a@0s, a@10m", "40m: a@10m"),
    case("on_repeat: ignore\n" + ABSENT, "a@0s, a@10m", "30m: a@0s"),
    case("on_repeat: overlap\n" + ABSENT, "a@0s, a@10m", "30m: a@0s", "40m: a@10m"),
    case("steps: [{event: a}, {event: a}]", "a@0s, a@1m, a@2m", "1m: a@0s a@1m"),
    case("on_repeat: overlap\nsteps: [{event: a}, {event: a}]", "a@0s, a@1m, a@2m", "1m: a@0s a@1m", "2m: a@1m a@2m"),
    case(
        "on_repeat: overlap\nafter_match: skip_past_last\nsteps: [{event: a}, {event: b}]",
        "a@0s, a@1m, b@2m",
        "2m: a@0s b@2m",
    ),
    case(
        "on_repeat: overlap\nafter_match: skip_to_next\nsteps: [{event: a}, {event: b}]",
        "a@0s, a@1m, b@2m",
        "2m: a@0s b@2m",
        "2m: a@1m b@2m",
    ),
    case(
        "on_repeat: overlap\nafter_match: {skip_to_first: m}\nsteps: [{event: a}, {event: [a, m], as: m}, {event: b}]",
        "a@0s, a@1m, m@2m, b@3m",
        "3m: a@0s a@1m b@3m",
        "3m: a@1m m@2m b@3m",
        id="begun before the first that m took",
    ),
    case(
        "on_repeat: overlap\nafter_match: {skip_to_last: m}\n"
        "steps: [{event: a}, {event: m, as: m, times: 2}, {event: b}]",
        "a@0s, m@1m, a@2m, m@3m, a@4m, m@5m, m@6m, b@7m",
        "7m: a@0s m@1m m@3m b@7m",
        "7m: a@4m m@5m m@6m b@7m",
    ),
    case(
        "on_repeat: overlap\nafter_match: skip_past_last\n" + OF_ONE_X,
        "a@0s x=1, a@1m x=2, b@2m x=2",
        *("2m: a@1m b@2m", "expired 10m: a@0s"),
        id="held while an older one is open, told when that is over",
    ),
    case(
        "on_repeat: overlap\nafter_match: skip_past_last\n" + OF_ONE_X,
        "a@0s x=1, a@1m x=2, b@2m x=2, b@3m x=1",
        "3m: a@0s b@3m",
        id="dropped by the older one that it waited for",
    ),
]

LATE = [
    case("steps: [{absent: b, within: 10m}, {event: a}]", "x@0s, x@11m, b@5m, a@12m", bound="0s"),
    case("steps: [{absent: b, within: 10m}, {event: a}]", "x@0s, a@12m, x@13m, b@5m", "12m: a@12m", bound="0s"),
    case("steps: [{event: a}, {all: [{event: b}, {absent: c, within: 30m}]}]", "a@0s, x@10m, c@5m, b@11m", bound="0s"),
    case(
        "steps: [{event: a}, {any: [{event: b}, {absent: c, within: 30m}]}]",
        "a@0s, x@10m, c@5m, b@40m",
        "40m: a@0s b@40m",
        bound="0s",
    ),
    case("steps: [{event: a}, {absent: b}, {event: c, times: 2}]", "a@0s, c@5m, x@10m, b@1m, c@11m", bound="0s"),
    case(
        "steps: [{event: a}, {absent: b}, {event: c, times: 2}]",
        "a@0s, c@5m, x@10m, b@6m, c@11m",
        "11m: a@0s c@5m c@11m",
        bound="0s",
    ),
    case(IDLE, "a@0s, x@20m id=1, x@15m", "50m: a@0s", bound="0s"),
    case(ABSENT, "a@0s, x@10m, b@5m", bound="0s"),
    case(ABSENT, "a@0s, x@10m, a@5m", "30m: a@0s", bound="0s"),
    case(ABSENT, "a@6m, x@10m, b@5m", "36m: a@6m", bound="0s"),
    case(ABSENT, "a@0s, x@30m, b@5m", "30m: a@0s", bound="0s"),
    case("steps: [{event: a}, {event: b}]\nexit: [{event: q}]", "a@0s, x@10m, q@5m, b@11m", bound="0s"),
    case(
        "steps: [{event: a}, {event: b}]\nexit: [{event: q}]", "a@6m, x@10m, q@5m, b@11m", "11m: a@6m b@11m", bound="0s"
    ),
    case("steps: [{event: a}]", "x@10m, a@5m", "5m: a@5m", bound="0s"),
    case(CLICKS, "a@0s, x@3m, a@1m, a@4m, a@5m", "5m: a@0s a@4m a@5m", bound="0s"),
    case(ABSENT.replace("b,", "a,"), "a@0s, x@10m, a@0s", "30m: a@0s", bound="0s", id="a late copy of its own event"),
    case(CLICKS, "a@0s, a@0s, a@1m", bound="1m", id="a copy is one event"),
]

KEYS = [
    case(
        "key: [customer_id, properties.p]\n"
        "steps: [{event: a}, {absent: b, within: 10m, key: [customer_id, properties.l.p]}]",
        'a@0s p="1", a@1m p="2", b@2m l=[{"p":"9"},{"p":"1"}]',
        "11m: a@1m",
    ),
    case(
        "key: properties.l.p\nsteps: [{event: a, as: a}, {event: b, where: {properties.x: {eq: $a.item.x}}}]",
        'a@0s l=[{"p":"1","x":1},{"p":"2","x":2}], b@1m x=2 l=[{"p":"1"},{"p":"2"}]',
        "1m: a@0s b@1m",
    ),
    case("per: properties.x\n" + ABSENT, "a@0s x=1, a@1m x=2, a@2m x=1, a@3m", "31m: a@1m", "32m: a@2m"),
]

ALL = {
    "sequences": SEQUENCES,
    "absences": ABSENCES,
    "time": TIME,
    "first step": FIRST_STEP,
    "loops": LOOPS,
    "neighbours": NEIGHBOURS,
    "groups": GROUPS,
    "skips": SKIPS,
    "late": LATE,
    "keys": KEYS,
}


@pytest.mark.parametrize(("match", "log", "lines", "options"), [each for name, cases in ALL.items() for each in cases])
def test_it_tells_what_was_worked_out_by_hand(match, log, lines, options):
    assert told(match, log, **options) == lines
