"""`on_expire`: a partial match that timed out acts, with what it captured, at the time it timed out."""

import pytest

from config.errors import ConfigError
from tests.harness import compiled, trigger
from tests.unit.semantics.runner import case, each

GONE = "on_expire: {actions: [{channel: push, template: x, data: {what: gone, x: $a.properties.x}}]}\n"
STEP = f"{GONE}steps: [{{event: a, as: a}}, {{event: b, within: 10m}}]"
THERE = "{what: there}"


def gone(x=None):
    return {"what": "gone", "x": x}


@each(
    case("a match that timed out acts at its deadline", STEP, "a1(x=5) x1", ["10m: a1"], expires=["10m: a1"],
         data=THERE, carries=[gone(5)]),
    case("a match that completed acts as ever", STEP, "a1(x=5) b1", ["1m: a1 b1"], expires=[], data=THERE,
         carries=[{"what": "there"}]),
    case("one after the other", STEP, "a1(x=5) a2(x=6)@10m b1@11m", ["10m: a1", "11m: a2 b1"], data=THERE,
         carries=[gone(5), {"what": "there"}]),
    case("it carries every event that it took",
         f"within: 10m\n{GONE}steps: [{{event: a, as: a}}, {{event: b}}, {{event: c}}]",
         "a1 b1@5m", ["10m: a1 b1"], data=THERE, carries=[gone()]),
    case("a match that was restarted did not time out", STEP, "a1(x=5) a2(x=6)@5m", ["15m: a2"], data=THERE,
         carries=[gone(6)]),
    case("a match that was exited did not time out", f"{STEP}\nexit: [{{event: stop}}]", "a1 stop1", [], expires=[]),
    case("a match that was cancelled did not time out",
         f"{GONE}steps: [{{event: a, as: a}}, {{absent: d}}, {{event: b, within: 10m}}]", "a1 d1", [], expires=[]),
    case("a match that was broken did not time out",
         f"{GONE}steps: [{{event: a, as: a}}, {{event: b, contiguity: strict, within: 10m}}]", "a1 d1", [], expires=[],
         ends={"broken": 1}),
    case("a loop with too few timed out at the end of its span",
         f"{GONE}steps: [{{event: a, as: a}}, {{event: b, times: {{min: 2, max: 9, within: 10m}}}}]", "a1(x=5) b1@5m",
         ["15m: a1 b1"], expires=["15m: a1 b1"], data=THERE, carries=[gone(5)]),
    case("a loop with enough did not",
         f"{GONE}steps: [{{event: a, as: a}}, {{event: b, times: {{min: 1, max: 9}}, within: 10m}}, {{event: c}}]",
         "a1(x=5) b1@5m c1@20m", ["20m: a1 b1 c1"], expires=[], data=THERE, carries=[{"what": "there"}]),
    case("what waited for each later event times out besides",
         f"after_match: keep\n{GONE}steps: [{{event: a, as: a}}, {{event: b, contiguity: each, within: 10m}}]",
         "a1(x=5) b1@5m", ["5m: a1 b1", "10m: a1"], expires=["10m: a1"], data=THERE,
         carries=[{"what": "there"}, gone(5)]),
    case("a group that was not filled times out",
         f"{GONE}steps: [{{event: a, as: a}}, {{all: [{{event: b}}, {{event: c}}], within: 10m}}]", "a1(x=5) c1",
         ["10m: a1 c1"], data=THERE, carries=[gone(5)]),
    case("below its deadline it is open", STEP, "a1 x1@10m-1ms", [], at_end="hold", pending=1),
    case("at its deadline it has timed out", STEP, "a1(x=5) x1@10m", ["10m: a1"], at_end="hold", data=THERE,
         carries=[gone(5)]),
    case("each overlapping match times out by itself", f"on_repeat: overlap\n{STEP}", "a1(x=5) a2(x=6)@5m",
         ["10m: a1", "15m: a2"], data=THERE, carries=[gone(5), gone(6)]),
)  # fmt: skip
def test_on_expire(case):
    case.check()


def test_what_cannot_time_out_is_refused():
    with pytest.raises(ConfigError, match="nothing that could time out"):
        compiled(trigger(f"{GONE}steps: [{{event: a, as: a}}, {{event: b}}]"))
