"""`idle: T`: the key was silent for T; every event of a person starts the T again."""

from tests.harness import event
from tests.unit.semantics.runner import case, each

SESSION = "steps: [{event: a}, {idle: 30m}]"
LISTED = "steps: [{event: a}, {idle: {for: 30m, of: [b, d]}}]"


@each(
    case("silence after the first event", SESSION, "a1", ["30m: a1"]),
    case("every event starts it again", SESSION, "a1 x1@20m y1@40m x2@60m", ["90m: a1"]),
    case("an event at its end comes too late", SESSION, "a1 x1@30m", ["30m: a1"]),
    case("and begins the next session", SESSION, "a1 a2@30m", ["30m: a1", "60m: a2"]),
    case("an event before its end keeps it open", SESSION, "a1 x1@30m-1ms", ["60m-1ms: a1"]),
    case("a repeated first event is heard and restarts the match", SESSION, "a1 a2@10m", ["40m: a2"]),
    case("with ignore it is heard", f"on_repeat: ignore\n{SESSION}", "a1 a2@10m", ["40m: a1"]),
    case("with overlap it is heard by the open match", f"on_repeat: overlap\n{SESSION}", "a1 a2@10m",
         ["40m: a1", "40m: a2"]),
    case("events of a system are not heard", SESSION,
         ["a1", event("mail", "20m", id="m1", context={"kind": "system"})], ["30m: a1"]),
    case("events of a person are", SESSION, ["a1", event("mail", "20m", id="m1", context={"kind": "person"})],
         ["50m: a1"]),
    case("events of another customer are not", SESSION, "a1 x1@20m/c2", ["30m: a1"]),
    case("with of only its types are heard", LISTED, "a1 x1@10m b1@20m x2@40m", ["50m: a1"]),
    case("each of its types is heard", LISTED, "a1 b1@20m d1@40m", ["70m: a1"]),
    case("with of it counts from the event before it too", LISTED, "a1 x1@10m", ["30m: a1"]),
    case("after two events it counts from the second", "steps: [{event: a}, {event: b}, {idle: 30m}]",
         "a1 b1@20m", ["50m: a1 b1"]),
    case("in the middle the next event counts after it", "steps: [{event: a}, {idle: 10m}, {event: b}]",
         "a1 b1@9m b2@19m", ["19m: a1 b2"]),
    case("in the middle an event before its end starts it again", "steps: [{event: a}, {idle: 10m}, {event: b}]",
         "a1 b1@9m b2@19m-1ms", []),
    case("after a loop it is heard from the loop's last event on",
         "steps: [{event: c}, {event: a, times: {max: 9}}, {idle: 10m}]", "c1 a1@5m x1@10m a2@15m", ["25m: c1 a1 a2"]),
    case("an exit ends it", f"{SESSION}\nexit: [{{event: b}}]", "a1 b1@10m", [], ends={"exited": 1}),
    case("unlike an idle an absence of everything is ended by an event",
         'steps: [{event: a}, {absent: "*", within: 30m}]', "a1 x1@20m", []),
)  # fmt: skip
def test_an_idle(case):
    case.check()
