"""`after_match`: what a completed match does to the other open ones, and to windows that fill."""

from tests.unit.semantics.runner import case, each


def overlapping(after, steps):
    return f"on_repeat: overlap\nafter_match: {after}\nsteps: {steps}"


PAIR = "[{event: a}, {event: b}]"
EACH = "[{event: a}, {event: b, contiguity: each}]"
TRIPLES = "[{event: a, times: 3}]"
SIX = "a1 a2 a3 a4 a5 a6"


@each(
    case("keep is the default with overlap", f"on_repeat: overlap\nsteps: {PAIR}", "a1 a2 b1",
         ["2m: a1 b1", "2m: a2 b1"]),
    case("keep leaves all alone", overlapping("keep", PAIR), "a1 a2 b1", ["2m: a1 b1", "2m: a2 b1"]),
    case("skip_past_last drops what began before the match ended", overlapping("skip_past_last", PAIR), "a1 a2 b1 b2",
         ["2m: a1 b1"], pending=0),
    case("skip_to_next leaves what began with another event", overlapping("skip_to_next", PAIR), "a1 a2 b1",
         ["2m: a1 b1", "2m: a2 b1"]),
    case("skip_to_next drops what began with the same", overlapping("skip_to_next", EACH), "a1 b1 a2 b2",
         ["1m: a1 b1", "3m: a2 b2"]),
    case("keep leaves what began with the same", overlapping("keep", EACH), "a1 b1 a2 b2",
         ["1m: a1 b1", "3m: a1 b2", "3m: a2 b2"]),
    # Flink: a followedByAny b followedByAny c followedBy d.
    case("skip_past_last leaves one of many combinations",
         overlapping("skip_past_last",
                     "[{event: a}, {event: b, contiguity: each}, {event: c, contiguity: each}, {event: d}]"),
         "a1 a2 b1 b2 c1 c2 d1 d2", ["6m: a1 b1 c1 d1"], pending=0),
    case("skip_past_last and a broken neighbourhood",
         overlapping("skip_past_last", "[{event: a}, {event: b, contiguity: strict}]"), "a1 c1 a2 b1", ["3m: a2 b1"]),
    case("skip_to_next leaves a loop that is last no further match",
         overlapping("skip_to_next", "[{event: a}, {event: b, times: {max: 9}}]"), "a1 b1 b2 b3", ["1m: a1 b1"]),
    case("keep leaves it all of them", overlapping("keep", "[{event: a}, {event: b, times: {max: 9}}]"),
         "a1 b1 b2 b3", ["1m: a1 b1", "2m: a1 b1 b2", "3m: a1 b1 b2 b3"]),
)  # fmt: skip
def test_what_a_match_leaves_of_the_others(case):
    case.check()


SHARED = "[{event: a, times: 2}, {event: a, as: end, times: 2}]"


@each(
    case("keep: every three neighbours", overlapping("keep", TRIPLES), SIX,
         ["2m: a1 a2 a3", "3m: a2 a3 a4", "4m: a3 a4 a5", "5m: a4 a5 a6"]),
    case("skip_past_last: no event twice", overlapping("skip_past_last", TRIPLES), SIX,
         ["2m: a1 a2 a3", "5m: a4 a5 a6"]),
    case("skip_to_next: from the second on", overlapping("skip_to_next", TRIPLES), SIX,
         ["2m: a1 a2 a3", "3m: a2 a3 a4", "4m: a3 a4 a5", "5m: a4 a5 a6"]),
    # Flink's skipToFirst and skipToLast over a repetition that overlaps itself.
    case("skip_to_first: from the first event of a step on", overlapping("{skip_to_first: end}", SHARED), SIX,
         ["3m: a1 a2 a3 a4", "5m: a3 a4 a5 a6"]),
    case("skip_to_last: from the last event of a step on", overlapping("{skip_to_last: end}", SHARED), f"{SIX} a7",
         ["3m: a1 a2 a3 a4", "6m: a4 a5 a6 a7"]),
    case("a step that took nothing is skipped to as the next",
         overlapping("{skip_to_first: o}", "[{event: a}, {event: o, as: o, optional: true}, {event: b}]"), "a1 a2 b1",
         ["2m: a1 b1", "2m: a2 b1"]),
    case("skip_to_first of an event drops what began before it",
         overlapping("{skip_to_first: c}", "[{event: a}, {event: c, as: c}, {event: b}]"), "a1 a2 c1 a3 b1 c2 b2",
         ["4m: a1 c1 b1", "6m: a3 c2 b2"]),
)  # fmt: skip
def test_windows_and_skips(case):
    case.check()


NUMBERED = "[{event: a, as: a}, {event: b, within: 10m, where: {properties.x: {eq: $a.properties.x}}}]"
YOUNGER_FIRST = "a1(x=1) a2(x=2) b1(x=2) "


@each(
    case("keep holds nothing back", overlapping("keep", NUMBERED), YOUNGER_FIRST + "b2(x=1)",
         ["2m: a2 b1", "3m: a1 b2"]),
    case("the older match completes and covers it", overlapping("skip_past_last", NUMBERED), YOUNGER_FIRST + "b2(x=1)",
         ["3m: a1 b2"]),
    case("the older match completes and does not cover it", overlapping("skip_to_next", NUMBERED),
         YOUNGER_FIRST + "b2(x=1)", ["2m: a2 b1", "3m: a1 b2"]),
    case("the older match times out and it is released, with its own time", overlapping("skip_past_last", NUMBERED),
         YOUNGER_FIRST + "x1@11m", ["2m: a2 b1"], expires=["10m: a1"]),
    case("the older match is exited and it is released",
         overlapping("skip_past_last", f"{NUMBERED}\nexit: [{{event: stop}}]"), YOUNGER_FIRST + "stop1",
         ["2m: a2 b1"], ends={"exited": 1}),
    case("while the older match is open it is held", overlapping("skip_past_last", NUMBERED), YOUNGER_FIRST + "x1", [],
         at_end="hold"),
    case("a match that began after the older one's end is not covered", overlapping("skip_past_last", NUMBERED),
         YOUNGER_FIRST + "b2(x=1) a3(x=3) b3(x=3)", ["3m: a1 b2", "5m: a3 b3"]),
    case("customers hold each other not", overlapping("skip_past_last", NUMBERED),
         "a1(x=1) a2(x=2)/c2 b1(x=2)/c2 x1", ["c2 2m: a2 b1"], at_end="hold"),
)  # fmt: skip
def test_a_match_is_held_while_an_older_one_is_open(case):
    case.check()
