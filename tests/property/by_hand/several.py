"""Steps that take several events, and what may stand between them."""

from tests.property.by_hand.case import case

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
