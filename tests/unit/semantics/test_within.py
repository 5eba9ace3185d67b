"""`within` on a step (from the event step before), on the match (first to last event), and what times out."""

from tests.unit.semantics.runner import case, each

STEP = "steps: [{event: a}, {event: b, within: 10m}]"
EACH_STEP = "steps: [{event: a}, {event: b, within: 10m}, {event: c, within: 10m}]"
WHOLE = "within: 10m\nsteps: [{event: a}, {event: b}, {event: c}]"


@each(
    case("in time it matches", STEP, "a1 b1@9m", ["9m: a1 b1"], expires=[]),
    case("too late it has timed out, stamped with its deadline", STEP, "a1 b1@12m", [], expires=["10m: a1"]),
    case("nothing more comes and it has timed out", STEP, "a1", [], expires=["10m: a1"], pending=0),
    case("while the watermark is below its deadline it is open", STEP, "a1 x1@9m", [], expires=[], pending=1,
         at_end="hold"),
    case("at the time of the first it matches", STEP, "a1 b1@0m", ["0m: a1 b1"]),
    case("after it has timed out another may begin", STEP, "a1 a2@11m b1@12m", ["12m: a2 b1"], expires=["10m: a1"]),
    case("a restart gives the whole time again", STEP, "a1 a2@9m b1@15m", ["15m: a2 b1"], expires=[]),
    case("with overlap each has its own", f"on_repeat: overlap\n{STEP}", "a1 a2@5m b1@12m", ["12m: a2 b1"],
         expires=["10m: a1"]),
    case("each step counts from the event before it", EACH_STEP, "a1 b1@9m c1@18m", ["18m: a1 b1 c1"]),
    case("and times out from there", EACH_STEP, "a1 b1@9m c1@19m", [], expires=["19m: a1 b1"]),
    case("a wait between is part of the time", "steps: [{event: a}, {wait: 5m}, {event: b, within: 10m}]",
         "a1 b1@10m", [], expires=["10m: a1"]),
    case("an optional step that was taken moves the beginning",
         "steps: [{event: a}, {event: b, optional: true}, {event: c, within: 10m}]", "a1 b1@5m c1@14m",
         ["14m: a1 b1 c1"]),
    case("one that was left out does not",
         "steps: [{event: a}, {event: b, optional: true}, {event: c, within: 10m}]", "a1 c1@10m", [],
         expires=["10m: a1"]),
    case("after a loop it counts from the loop's last event",
         "steps: [{event: a}, {event: b, times: {max: 9}}, {event: c, within: 10m}]", "a1 b1@5m b2@12m c1@21m",
         ["21m: a1 b1 b2 c1"]),
)  # fmt: skip
def test_within_on_a_step(case):
    case.check()


@each(
    case("first to last event", WHOLE, "a1 b1@5m c1@9m", ["9m: a1 b1 c1"]),
    case("beyond it has timed out with what it had", WHOLE, "a1 b1@5m c1@10m", [], expires=["10m: a1 b1"]),
    # Flink's simple pattern with a time window, in minutes.
    case("a later first event may still be inside", f"on_repeat: overlap\n{WHOLE}", "a1@1m a2@2m b1@3m c1@11m",
         ["11m: a2 b1 c1"], expires=["11m: a1 b1"]),
    case("the smaller of the step's and the match's counts",
         "within: 10m\nsteps: [{event: a}, {event: b, within: 20m}]", "a1 b1@10m", [], expires=["10m: a1"]),
    case("and the other way about", "within: 20m\nsteps: [{event: a}, {event: b, within: 10m}]", "a1 b1@10m", [],
         expires=["10m: a1"]),
    case("an absence at the end lies outside the first to the last event",
         "within: 10m\nsteps: [{event: a}, {event: b}, {absent: c, within: 30m}]", "a1 b1@5m", ["35m: a1 b1"],
         expires=[]),
    case("an absence in the middle lies inside",
         "within: 10m\nsteps: [{event: a}, {absent: b, within: 30m}, {event: c}]", "a1 c1@40m", [],
         expires=["10m: a1"]),
    case("it bounds a window that is first", "within: 10m\nsteps: [{event: a, times: 2}]", "a1 a2@10m a3@19m",
         ["19m: a2 a3"]),
    case("from the window's first event on", "within: 10m\nsteps: [{event: a, times: 2}, {event: b}]",
         "a1 a2@5m b1@10m", [], expires=["10m: a1 a2"]),
)  # fmt: skip
def test_within_on_the_match(case):
    case.check()
