"""`absent: B` `within: T`, then `A`: no B in [A−T, A), and the trigger has watched since A−T.

What was watched begins with the first message of a partition, so the order of arrival is part of these cases.
"""

from tests.unit.semantics import runner
from tests.unit.semantics.runner import each

NEW = "steps: [{absent: b, within: 30m}, {event: a}]"


def case(*args, **options):
    return runner.case(*args, any_order=False, **options)


@each(
    case("it fits where none came before", NEW, "x1 a1@30m", ["30m: a1"]),
    case("a moment that was not watched is unknown", NEW, "x1@1ms a1@30m", []),
    case("the first event of all cannot fit", NEW, "a1", [], pending=0),
    case("one that came before spoils it", NEW, "x1 b1@20m a1@40m", []),
    case("at exactly the span before it still does", NEW, "x1 b1@10m a1@40m", []),
    case("longer ago it does not", NEW, "x1 b1@10m a1@40m+1ms", ["40m+1ms: a1"]),
    case("at the same time it does not, whichever arrives first", NEW, "x1 b1@40m a1@40m a2@40m b2@40m",
         ["40m: a1", "40m: a2"]),
    case("what comes after it does not", NEW, "x1 a1@40m b1@41m", ["40m: a1"]),
    case("that of another customer does not", NEW, "x1 b1@35m/c2 a1@40m", ["40m: a1"]),
    case("the key need not have been heard of before", NEW, "x1/c9 a1@30m", ["30m: a1"]),
    case("each time is asked anew", NEW, "x1 b1@20m a1@40m a2@51m", ["51m: a2"]),
    case("only what fits the absence counts",
         "steps: [{absent: b, within: 30m, where: {properties.x: {gt: 20}}}, {event: a}]", "x1 b1(x=5)@20m a1@40m",
         ["40m: a1"]),
    case("what may fit it counts", "steps: [{absent: b, within: 30m, where: {properties.x: {gt: 20}}}, {event: a}]",
         "x1 b1@20m a1@40m", []),
    case("of several types each counts", "steps: [{absent: [b, d], within: 30m}, {event: a}]", "x1 d1@20m a1@40m", []),
    case("nothing of its own kind before", "steps: [{absent: a, within: 30m}, {event: a}]",
         "x1 a1@30m a2@40m a3@70m a4@100m+1ms", ["30m: a1", "100m+1ms: a4"]),
    case("nothing of any kind before", 'steps: [{absent: "*", within: 30m}, {event: a}]',
         "x1/c2 x2@10m a1@40m a2@71m", ["71m: a2"]),
)  # fmt: skip
def test_the_absence_before_the_first_event(case):
    case.check()


@each(
    case("several absences all hold", "steps: [{absent: b, within: 30m}, {absent: d, within: 10m}, {event: a}]",
         "x1 d1@20m a1@40m", ["40m: a1"]),
    case("one of several spoils it", "steps: [{absent: b, within: 30m}, {absent: d, within: 10m}, {event: a}]",
         "x1 d1@35m a1@40m", []),
    case("the longest is what must have been watched",
         "steps: [{absent: b, within: 30m}, {absent: d, within: 10m}, {event: a}]", "x1 a1@29m a2@30m", ["30m: a2"]),
    case("what follows goes on as ever", "steps: [{absent: b, within: 30m}, {event: a}, {event: c}]",
         "x1 b1@20m a1@40m c1@41m a2@60m b2@61m c2@62m", ["62m: a2 c2"]),
    case("an absence may lead and another trail",
         "steps: [{absent: b, within: 30m}, {event: a}, {absent: d, within: 30m}]", "x1 a1@40m a2@80m d1@81m",
         ["70m: a1"]),
    case("a repetition asks it for its first event", "steps: [{absent: b, within: 30m}, {event: a, times: 2}]",
         "x1 b1@10m a1@35m a2@41m a3@42m", ["42m: a2 a3"]),
    case("and not for its later ones", "steps: [{absent: b, within: 30m}, {event: a, times: 2}]",
         "x1 a1@35m b1@36m a2@37m", ["37m: a1 a2"]),
    case("one that does not fit does not restart",
         "steps: [{absent: b, within: 30m}, {event: a}, {event: c}]", "x1 a1@40m b1@41m a2@42m c1@43m",
         ["43m: a1 c1"]),
)  # fmt: skip
def test_several_absences_and_what_follows(case):
    case.check()


@each(
    case("a late one counts when it arrives before the event is processed", NEW, "x1 x2@50m/c2 b1@45m a1@60m", [],
         bound="0s"),
    case("a late one from before the span does not", NEW, "x1 x2@50m/c2 b1@25m a1@60m", ["60m: a1"]),
    case("one that comes out of order within the bound counts", NEW, "x1 a1@40m b1@35m x2@60m", [], bound="10m"),
    case("every partition must have been watched", NEW, "x1 x2@10m/c2 a1@35m", [], partitions=[0, 1, 0]),
    case("the one that spoke last is the measure", NEW, "x1 x2@10m/c2 a1@40m", ["40m: a1"], partitions=[0, 1, 0]),
)  # fmt: skip
def test_what_was_watched_and_what_came_late(case):
    case.check()
