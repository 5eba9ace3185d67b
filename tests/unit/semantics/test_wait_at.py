"""`wait` and `at`: time passes, for a span or until a time that an event or the clock says.

The tests' time begins on Monday 2026-01-05 at 10:00 UTC; where no timezone is known, local times are UTC.
"""

from tests.unit.semantics.runner import case, each

START_MS = 1_767_607_200_000
HOUR_MS = 3_600_000
CARRIED = "steps: [{event: a, as: a}, {wait: $a.properties.x}]"


@each(
    case("a wait is over after its span", "steps: [{event: a}, {wait: 2h}]", "a1", ["2h: a1"]),
    case("two follow each other", "steps: [{event: a}, {wait: 2h}, {wait: 30m}]", "a1", ["150m: a1"]),
    case("a wait and an absence follow each other", "steps: [{event: a}, {wait: 1h}, {absent: b, within: 1h}]",
         "a1 b1@59m", ["2h: a1"]),
    case("after the wait the absence is open", "steps: [{event: a}, {wait: 1h}, {absent: b, within: 1h}]",
         "a1 b1@60m", []),
    case("an event counts after it", "steps: [{event: a}, {wait: 1h}, {event: b}]", "a1 b1@60m-1ms b2@60m",
         ["1h: a1 b2"]),
    case("an exit ends it", "steps: [{event: a}, {wait: 2h}]\nexit: [{event: b}]", "a1 b1@1h", [],
         ends={"exited": 1}),
    case("a restart starts it again", "steps: [{event: a}, {wait: 2h}]", "a1 a2@1h", ["3h: a2"]),
)  # fmt: skip
def test_a_wait(case):
    case.check()


@each(
    case("an event may say how long", CARRIED, "a1(x=2h)", ["2h: a1"]),
    case("in seconds", CARRIED, "a1(x=90)", ["90s: a1"]),
    case("in parts of a second", CARRIED, "a1(x=1.5)", ["1500ms: a1"]),
    case("no time at all is over at once", CARRIED, "a1(x=0)", ["0m: a1"]),
    case("less than none ends the match", CARRIED, "a1(x=-5)", [], ends={"at_unresolved": 1}, pending=0),
    case("what is missing ends the match", CARRIED, "a1", [], ends={"at_unresolved": 1}, pending=0),
    case("what is no duration ends the match", CARRIED, "a1(x=soon)", [], ends={"at_unresolved": 1}, pending=0),
    case("what is another type ends the match", CARRIED, "a1(x=true)", [], ends={"at_unresolved": 1}, pending=0),
    case("each match waits as long as its own event says", f"on_repeat: overlap\n{CARRIED}", "a1(x=2h) a2(x=1h)@10m",
         ["2h: a1", "70m: a2"]),
    case("an event counts after it", "steps: [{event: a, as: a}, {wait: $a.properties.x}, {event: b}]",
         "a1(x=1h) b1@30m b2@90m", ["90m: a1 b2"]),
)  # fmt: skip
def test_a_wait_as_long_as_an_event_says(case):
    case.check()


AT = "steps: [{event: a, as: a}, {at: $a.properties.x}]"
DAYS_BEFORE = "steps: [{event: a, as: a}, {at: $a.properties.x, offset: -2d}]"
MAX_AGE = "policy: {max_age: 1h}"


@each(
    case("at an ISO time", AT, "a1(x=2026-01-05T13:00:00Z)", ["3h: a1"]),
    case("at an ISO time of another offset", AT, "a1(x=2026-01-05T13:00:00+02:00)", ["1h: a1"]),
    case("at epoch milliseconds", AT, f"a1(x={START_MS + 3 * HOUR_MS})", ["3h: a1"]),
    case("with an offset before it", DAYS_BEFORE, "a1(x=2026-01-08T10:00:00Z)", ["1d: a1"]),
    case("with an offset after it", "steps: [{event: a, as: a}, {at: $a.properties.x, offset: 1h}]",
         "a1(x=2026-01-05T13:00:00Z)", ["4h: a1"]),
    case("already past it is at once", AT, "a1(x=2026-01-05T09:30:00Z)", ["0m: a1"]),
    case("past by its offset it is at once", DAYS_BEFORE, "a1(x=2026-01-06T10:00:00Z)", ["0m: a1"]),
    case("just now it is at once", AT, "a1(x=2026-01-05T10:00:00Z)", ["0m: a1"]),
    case("missing it ends the match", AT, "a1", [], ends={"at_unresolved": 1}, pending=0),
    case("unreadable it ends the match", AT, "a1(x=tomorrow)", [], ends={"at_unresolved": 1}, pending=0),
    case("a day alone is its midnight", AT, "a1(x=2026-01-07)", ["38h: a1"]),
    case("past by less than max_age it is at once", AT, "a1(x=2026-01-05T09:30:00Z)", ["0m: a1"], rest=MAX_AGE),
    case("past by max_age it is at once", AT, "a1(x=2026-01-05T09:00:00Z)", ["0m: a1"], rest=MAX_AGE),
    case("past by more than max_age it ends the match", AT, "a1(x=2026-01-05T08:59:59Z)", [], rest=MAX_AGE,
         ends={"at_stale": 1}, pending=0),
    case("a later event sets it anew", "steps: [{event: [signup, extended], as: a}, {at: $a.properties.x, offset: -2d}]"
         "\nexit: [{event: subscribed}]",
         "signup1(x=2026-01-08T10:00:00Z) extended1(x=2026-01-10T10:00:00Z)@12h", ["3d: extended1"]),
    case("an exit before it ends the match", f"{AT}\nexit: [{{event: b}}]", "a1(x=2026-01-05T13:00:00Z) b1@2h", [],
         ends={"exited": 1}),
    case("an event counts after it", "steps: [{event: a, as: a}, {at: $a.properties.x}, {event: b}]",
         "a1(x=2026-01-05T13:00:00Z) b1@2h b2@3h", ["3h: a1 b2"]),
)  # fmt: skip
def test_at_a_time_that_an_event_carries(case):
    case.check()


@each(
    case("later today", "steps: [{event: a}, {at: 10:30}]", "a1", ["30m: a1"]),
    case("tomorrow when it is past", "steps: [{event: a}, {at: 09:00}]", "a1", ["23h: a1"]),
    case("at once when it is now", "steps: [{event: a}, {at: 10:00}]", "a1", ["0m: a1"]),
    case("tomorrow a moment later", "steps: [{event: a}, {at: 10:00}]", "a1@1ms", ["24h: a1"]),
    case("on its day of the week", "steps: [{event: a}, {at: tue 09:00}]", "a1", ["23h: a1"]),
    case("next week when its day is past", "steps: [{event: a}, {at: mon 09:00}]", "a1", ["167h: a1"]),
    case("at once on its day at its time", "steps: [{event: a}, {at: mon 10:00}]", "a1", ["0m: a1"]),
    case("it is asked when the step is entered", "steps: [{event: a}, {wait: 1h}, {at: 10:30}]", "a1", ["1470m: a1"]),
)  # fmt: skip
def test_at_the_next_local_time(case):
    case.check()
