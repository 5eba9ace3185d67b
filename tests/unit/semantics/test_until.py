"""`until`: an event that certainly fits it ends the repetition, and is then offered to what follows."""

from tests.unit.semantics.runner import case, each


def loop(rest, *, times="{min: 1, max: 9}", until="{event: u}", more=""):
    return f"steps: [{{event: c}}, {{event: a, as: l, times: {times}, until: {until}{more}}}, {rest}]"


THEN = loop("{event: d}")
AT_FIVE = "{event: a, where: {properties.x: {eq: 5}}}"


@each(
    case("the loop takes no more", THEN, "c1 a1 a2 u1 a3 d1", ["5m: c1 a1 a2 d1"]),
    case("without it the loop goes on", THEN, "c1 a1 a2 x1 a3 d1", ["5m: c1 a1 a2 a3 d1"]),
    # Flink gives [c1 a1 a3] as well.
    case("the event that ends it may be the next step's", loop(AT_FIVE, until=AT_FIVE), "c1 a1 a2 a3(x=5) a4",
         ["3m: c1 a1 a2 a3"]),
    case("an event that fits the loop and its end ends it", loop("{event: d}", until=AT_FIVE), "c1 a1 a2(x=5) a3 d1",
         ["4m: c1 a1 d1"]),
    case("before min it ends the match", loop("{event: d}", times="{min: 2, max: 9}"), "c1 a1 u1 a2 d1", [],
         ends={"broken": 1}, pending=0),
    case("before the step before the loop it is nothing", THEN, "u1 c1 a1 d1", ["3m: c1 a1 d1"]),
    case("after the next step's event it is nothing", loop("{event: d}, {event: e}"), "c1 a1 d1 u1 e1",
         ["4m: c1 a1 d1 e1"]),
    case("an end that is unknown is none", loop("{event: d}", until="{event: u, where: {properties.x: {eq: 1}}}"),
         "c1 a1 u1 a2 d1", ["4m: c1 a1 a2 d1"]),
    case("an optional loop may be ended before it took anything", loop("{event: d}", more=", optional: true"),
         "c1 u1 a1 d1", ["3m: c1 d1"]),
    case("a greedy loop is ended too", loop("{event: d}", more=", greedy: true"), "c1 a1 u1 a2 d1", ["4m: c1 a1 d1"]),
    case("it may ask about the repetition",
         loop("{event: d}", until="{event: u, where: {properties.x: {gt: $l.sum(properties.x)}}}"),
         "c1 a1(x=2) a2(x=3) u1(x=4) a3(x=1) u2(x=7) a4(x=9) d1", ["7m: c1 a1 a2 a3 d1"]),
    case("the absence after an ended loop starts no more", loop("{absent: b, within: 10m}"), "c1 a1@1m u1@3m a2@5m",
         ["11m: c1 a1"]),
    case("an event that ends the loop and fits the absence after it ends the match", loop("{absent: u, within: 10m}"),
         "c1 a1@1m u1@3m", [], ends={"cancelled": 1}),
)  # fmt: skip
def test_until_on_a_later_step(case):
    case.check()


LAST = "steps: [{event: c}, {event: a, times: {max: 9}, until: {event: u}}]"
WINDOW = "steps: [{event: a, times: 2, until: {event: u}}]"


@each(
    case("with keep a loop that is last fires until it is ended", f"after_match: keep\n{LAST}", "c1 a1 a2 u1 a3",
         ["1m: c1 a1", "2m: c1 a1 a2"], pending=0),
    case("on the first step it empties the window", WINDOW, "a1 u1 a2", []),
    case("on the first step another set may follow it", WINDOW, "a1 u1 a2 a3", ["3m: a2 a3"]),
    case("on the first step it leaves a begun match alone", f"{WINDOW[:-1]}, {{event: b}}]", "a1 a2 u1 b1",
         ["3m: a1 a2 b1"]),
)  # fmt: skip
def test_until_on_the_last_and_on_the_first_step(case):
    case.check()
