"""`on_repeat`: what becomes of the open matches when another begins."""

from tests.unit.semantics.runner import case, each


def left(on_repeat, more=""):
    return f"on_repeat: {on_repeat}\nsteps: [{{event: a}}, {more}{{absent: b, within: 30m}}]"


@each(
    case("restart: the last one", left("restart"), "a1 a2@10m", ["40m: a2"], ends={"restarted": 1}, expires=[]),
    case("ignore: the first one", left("ignore"), "a1 a2@10m", ["30m: a1"], ends={"restarted": 0}),
    case("overlap: both", left("overlap"), "a1 a2@10m", ["30m: a1", "40m: a2"]),
    case("restart: of three the last", left("restart"), "a1 a2@20m a3@40m", ["70m: a3"], ends={"restarted": 2}),
    case("ignore: a fourth after the first has fired", left("ignore"), "a1 a2@10m a3@20m a4@31m",
         ["30m: a1", "61m: a4"]),
    case("ignore: one after the first was cancelled", left("ignore"), "a1 a2@10m b1@15m a3@20m", ["50m: a3"]),
    case("restart: at the deadline both", left("restart"), "a1 a2@30m", ["30m: a1", "60m: a2"]),
    case("ignore: at the deadline both", left("ignore"), "a1 a2@30m", ["30m: a1", "60m: a2"]),
    case("overlap: one cancels all that are open", left("overlap"), "a1 a2@10m b1@20m", [], ends={"cancelled": 2}),
    case("overlap: one cancels what is still open", left("overlap"), "a1 a2@10m b1@35m", ["30m: a1"]),
    case("restart: also a match that has advanced", left("restart", "{event: c}, "), "a1 c1 a2 x1", []),
    case("ignore: also while one has advanced", left("ignore", "{event: c}, "), "a1 c1 a2 c2", ["31m: a1 c1"]),
    case("restart: customers apart", left("restart"), "a1 a2@10m/c2", ["30m: a1", "c2 40m: a2"]),
    case("an event that does not fit the first step restarts nothing",
         "steps: [{event: a, where: {properties.x: {eq: 1}}}, {absent: b, within: 30m}]", "a1(x=1) a2(x=2)@10m",
         ["30m: a1"]),
)  # fmt: skip
def test_two_first_events(case):
    case.check()


def twice(on_repeat, rest="{absent: b, within: 30m}"):
    return f"on_repeat: {on_repeat}\nsteps: [{{event: a, times: 2}}, {rest}]"


@each(
    case("restart: the newest two", twice("restart"), "a1 a2 a3", ["32m: a2 a3"]),
    case("ignore: the oldest two", twice("ignore"), "a1 a2 a3", ["31m: a1 a2"]),
    case("overlap: every two neighbours", twice("overlap"), "a1 a2 a3", ["31m: a1 a2", "32m: a2 a3"]),
    case("overlap: an event that ends them leaves the window's newer ones", twice("overlap", "{event: b}"),
         "a1 a2 a3 b1", ["3m: a1 a2 b1", "3m: a2 a3 b1"]),
)  # fmt: skip
def test_two_sets_of_first_events(case):
    case.check()
