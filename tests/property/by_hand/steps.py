"""Events one after the other, absences, times, and how a match begins."""

from tests.property.by_hand.case import ABSENT, CLICKS, IDLE, case

AB = "steps: [{event: a}, {event: b, within: 30m}]"
GUARD = "steps: [{event: a}, {absent: b}, {event: c}]"
TIMED = "steps: [{event: a}, {absent: b, within: 10m}, {event: c}]"

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
