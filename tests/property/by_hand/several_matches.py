"""Matches beside each other: of one key, of several, and events that come late to them."""

from tests.property.by_hand.case import ABSENT, CLICKS, IDLE, case

OF_ONE_X = "steps: [{event: a, as: a}, {event: b, within: 10m, where: {properties.x: {eq: $a.properties.x}}}]"

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
