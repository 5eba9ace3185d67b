"""Every span of the language, a millisecond before its boundary, at it, and a millisecond after: half-open."""

from tests.unit.semantics.runner import Case, each


def around(name, boundary, match, line, before, at, after, **options):
    """Three cases; ``{t}`` in the line and in what fires is the moment."""
    moments = {
        "1 ms before": (f"{boundary}-1ms", before),
        "at it": (boundary, at),
        "1 ms after": (f"{boundary}+1ms", after),
    }
    for moment, (time, fires) in moments.items():
        yield Case(f"{name}, {moment}", match, line.format(t=time), [one.format(t=time) for one in fires], **options)


ARRIVAL = {"any_order": False}
AB = ["{t}: a1 b1"]
FIRED = ["10m: a1"]


@each(
    *around("within of a step", "10m", "steps: [{event: a}, {event: b, within: 10m}]", "a1 b1@{t}", AB, [], []),
    *around("within of the match", "10m", "within: 10m\nsteps: [{event: a}, {event: x}, {event: b}]",
            "a1 x1@5m b1@{t}", ["{t}: a1 x1 b1"], [], []),
    *around("within of a later step", "15m", "steps: [{event: a}, {event: x}, {event: b, within: 10m}]",
            "a1 x1@5m b1@{t}", ["{t}: a1 x1 b1"], [], []),
    *around("a count in a span", "10m",
            "steps: [{event: a, times: 2, within: 10m}]", "a1 a2@{t}", ["{t}: a1 a2"], [], []),
    *around("a sum in a span", "10m",
            "steps: [{event: a, times: {min: 1, within: 10m}, having: {sum: properties.x, gte: 2}}]",
            "a1(x=1) a2(x=1)@{t}", ["{t}: a1 a2"], [], []),
    *around("the span of a loop", "15m", "steps: [{event: c}, {event: a, times: {min: 2, max: 9, within: 10m}}]",
            "c1 a1@5m a2@{t}", ["{t}: c1 a1 a2"], [], []),
    *around("the within of a loop", "10m", "steps: [{event: c}, {event: a, times: {min: 2, max: 9}, within: 10m}]",
            "c1 a1@5m a2@{t}", ["{t}: c1 a1 a2"], [], []),
    *around("an optional step's within", "10m",
            "steps: [{event: c}, {event: a, optional: true, within: 10m}, {event: d}]",
            "c1 a1@{t} d1@20m", ["20m: c1 a1 d1"], ["20m: c1 d1"], ["20m: c1 d1"]),
    *around("a greedy loop's within", "10m",
            "steps: [{event: c}, {event: a, times: {max: 9}, greedy: true, within: 10m}]", "c1 a1@5m a2@{t}",
            ["10m: c1 a1 a2"], ["10m: c1 a1"], ["10m: c1 a1"]),
    *around("each later event's within", "10m",
            "after_match: keep\nsteps: [{event: a}, {event: b, contiguity: each, within: 10m}]", "a1 b1@5m b2@{t}",
            ["5m: a1 b1", "{t}: a1 b2"], ["5m: a1 b1"], ["5m: a1 b1"]),
    *around("a group's within", "10m", "steps: [{event: c}, {all: [{event: a}, {event: b}], within: 10m}]",
            "c1 a1@5m b1@{t}", ["{t}: c1 a1 b1"], [], []),
    *around("a first group's span", "10m", "steps: [{all: [{event: a}, {event: b}], within: 10m}]", "a1 b1@{t}", AB, [],
            []),
)  # fmt: skip
def test_where_a_span_for_events_ends(case):
    case.check()


@each(
    *around("the absent event", "10m", "steps: [{event: a}, {absent: b, within: 10m}]", "a1 b1@{t}", [], FIRED, FIRED),
    *around("the watermark at a deadline", "10m", "steps: [{event: a}, {absent: b, within: 10m}]", "a1 x1@{t}", [],
            FIRED, FIRED, at_end="hold"),
    *around("an absence in the middle and the absent event", "10m",
            "steps: [{event: a}, {absent: b, within: 10m}, {event: c}]", "a1 b1@{t} c1@20m", [], ["20m: a1 c1"],
            ["20m: a1 c1"]),
    *around("an absence in the middle and the next event", "10m",
            "steps: [{event: a}, {absent: b, within: 10m}, {event: c}]", "a1 c1@{t}", [],
            ["{t}: a1 c1"], ["{t}: a1 c1"]),
    *around("an absence in all", "10m", "steps: [{event: c}, {all: [{event: a}, {absent: b, within: 10m}]}]",
            "c1 a1@5m b1@{t}", [], ["10m: c1 a1"], ["10m: c1 a1"]),
    *around("an absence in any", "10m", "steps: [{event: c}, {any: [{event: a}, {absent: b, within: 10m}]}]",
            "c1 a1@{t}", ["{t}: c1 a1"], ["10m: c1"], ["10m: c1"]),
    *around("an idle", "10m", "steps: [{event: a}, {idle: 10m}]", "a1 x1@{t}", ["20m-1ms: a1"], FIRED, FIRED),
    *around("a wait and the next event", "10m", "steps: [{event: a}, {wait: 10m}, {event: b}]", "a1 b1@{t}",
            [], AB, AB),
    *around("a carried wait and the next event", "10m",
            "steps: [{event: a, as: a}, {wait: $a.properties.x}, {event: b}]", "a1(x=10m) b1@{t}", [], AB, AB),
    *around("a time and the next event", "10m", "steps: [{event: a}, {at: 10:10}, {event: b}]", "a1 b1@{t}",
            [], AB, AB),
    *around("a time that is now", "10m", "steps: [{event: a}, {at: 10:10}]", "x1 a1@{t}", ["10m: a1"], ["10m: a1"],
            ["1450m: a1"]),
    *around("a restart at a deadline", "10m", "steps: [{event: a}, {absent: b, within: 10m}]", "a1 a2@{t}",
            ["20m-1ms: a2"], ["10m: a1", "20m: a2"], ["10m: a1", "20m+1ms: a2"]),
    *around("an exit at a deadline", "10m", "steps: [{event: a}, {wait: 10m}]\nexit: [{event: stop}]", "a1 stop1@{t}",
            [], FIRED, FIRED),
    *around("a loop before an absence", "11m",
            "steps: [{event: c}, {event: a, times: {max: 9}}, {absent: b, within: 10m}]",
            "c1 a1@1m a2@{t}", ["21m-1ms: c1 a1 a2"], ["11m: c1 a1"], ["11m: c1 a1"]),
)  # fmt: skip
def test_where_a_deadline_lies(case):
    case.check()


@each(
    *around("the absence before it, its beginning", "10m", "steps: [{absent: b, within: 30m}, {event: a}]",
            "x1 b1@{t} a1@40m", ["40m: a1"], [], [], **ARRIVAL),
    *around("the absence before it, its end", "40m", "steps: [{absent: b, within: 30m}, {event: a}]",
            "x1 b1@{t} a1@40m+1ms", [], [], ["40m+1ms: a1"], **ARRIVAL),
    *around("what the absence before it has watched", "10m", "steps: [{absent: b, within: 30m}, {event: a}]",
            "x1@{t} a1@40m", ["40m: a1"], ["40m: a1"], [], **ARRIVAL),
    *around("the first of an absence, out of order", "5m", "steps: [{event: a}, {absent: b, within: 10m}]",
            "a1@5m b1@{t}", ["15m: a1"], [], [], bound="1m"),
    *around("the first of an untimed absence, out of order", "5m", "steps: [{event: a}, {absent: b}, {event: c}]",
            "a1@5m b1@{t} c1@8m", ["8m: a1 c1"], [], [], bound="1m"),
    *around("the end of an untimed absence, out of order", "5m", "steps: [{event: a}, {absent: b}, {event: c}]",
            "a1 c1@5m b1@{t}", [], ["5m: a1 c1"], ["5m: a1 c1"], bound="1m"),
    *around("the beginning of a match and its exit, out of order", "5m",
            "steps: [{event: a}, {wait: 10m}]\nexit: [{event: stop}]", "a1@5m stop1@{t}", ["15m: a1"], [], [],
            bound="1m"),
    *around("the watermark and a late event", "10m", "steps: [{event: a}, {event: b}]", "a1 x1@10m b1@{t}", [], AB, AB),
    *around("the deadline that a late event may still cancel", "10m", "steps: [{event: a}, {absent: b, within: 10m}]",
            "a1 x1@{t} b1@5m", [], FIRED, FIRED),
    *around("the beginning of an absence and a late event", "5m", "steps: [{event: a}, {absent: b, within: 10m}]",
            "a1@5m x1@10m b1@{t}", ["15m: a1"], [], []),
)  # fmt: skip
def test_where_the_other_end_lies(case):
    case.check()
