"""What a rule correlates by: keys of several paths and of lists, a matcher's own key, `per`."""

from tests.harness import event
from tests.unit.semantics.runner import case, each

PRODUCT = "key: [customer_id, properties.p]\n"
BOUGHT = "key: {bought: [customer_id, properties.products.id]}"
LEFT = f"{PRODUCT}steps: [{{event: a}}, {{absent: [b, bought], within: 30m, {BOUGHT}}}]"


def bought(when, *products, customer="c1"):
    return event("bought", when, id="bought", customer=customer, products=[{"id": each} for each in products])


@each(
    case("each value of a second path is a match of its own", f"{PRODUCT}steps: [{{event: a}}, {{event: b}}]",
         "a1(p=u) a2(p=v) b1(p=v) b2(p=u)", ["c1/v 2m: a2 b1", "c1/u 3m: a1 b2"]),
    case("without a part of the key an event is none", f"{PRODUCT}steps: [{{event: a}}, {{event: b}}]",
         "a1 b1(p=u) a2(p=u) b2", []),
    case("a list brings its event to each of its elements", LEFT,
         ["a1(p=u)", "a2(p=v)", "a3(p=w)", bought("5m", "u", "w")],
         ["c1/v 31m: a2"]),
    case("an element that is there twice brings it once",
         "key: [customer_id, properties.l.id]\nsteps: [{event: a, times: 2}]",
         [event("a", "0m", id="a1", l=[{"id": "u"}, {"id": "u"}]), event("a", "1m", id="a2", l=[{"id": "u"}])],
         ["c1/u 1m: a1 a2"]),
    case("the other types of a matcher keep the key of the match", LEFT, "a1(p=u) a2(p=v) b1(p=u)", ["c1/v 31m: a2"]),
    case("another customer's list is none of this one's", LEFT, ["a1(p=u)", bought("5m", "u", customer="c2")],
         ["c1/u 30m: a1"]),
    case("a match knows the element it came by", "key: [customer_id, properties.l.id]\nsteps: [{event: a, as: a}]",
         [event("a", "0m", id="a1", l=[{"id": "u", "n": 1}, {"id": "v", "n": 2}])], ["c1/u 0m: a1", "c1/v 0m: a1"],
         data="{n: $a.item.n}", carries=[{"n": 1}, {"n": 2}]),
    case("a session is a key", "key: session_id\nsteps: [{event: a}, {event: b}]",
         [event("a", "0m", id="a1", session_id="s1"), event("a", "1m", id="a2", session_id="s2", customer="c2"),
          event("b", "2m", id="b1", session_id="s1", customer="c3")], ["s1 2m: a1 b1"]),
)  # fmt: skip
def test_keys(case):
    case.check()


VIEWS = "key: properties.p\nper: customer_id\n"


@each(
    case("each per has a match of its own, and one event ends them all", f"{VIEWS}steps: [{{event: a}}, {{event: b}}]",
         "a1(p=u) a2(p=u)/c2 b1(p=u)/shop", ["u 2m: a1 b1", "u 2m: a2 b1"]),
    case("restart looks at one per", f"{VIEWS}steps: [{{event: a}}, {{event: b}}]",
         "a1(p=u) a2(p=u)/c2 a3(p=u) b1(p=u)/shop", ["u 3m: a2 b1", "u 3m: a3 b1"], ends={"restarted": 1}),
    case("ignore looks at one per", f"on_repeat: ignore\n{VIEWS}steps: [{{event: a}}, {{event: b}}]",
         "a1(p=u) a2(p=u)/c2 a3(p=u) b1(p=u)/shop", ["u 3m: a1 b1", "u 3m: a2 b1"]),
    case("skip_past_last looks at one per",
         f"on_repeat: overlap\nafter_match: skip_past_last\n{VIEWS}steps: [{{event: a}}, {{event: b}}]",
         "a1(p=u) a2(p=u)/c2 a3(p=u) b1(p=u)/shop", ["u 3m: a1 b1", "u 3m: a2 b1"]),
    case("a window looks at one per", f"{VIEWS}steps: [{{event: a, times: 2}}]",
         "a1(p=u) a2(p=u)/c2 a3(p=u) a4(p=v)/c2", ["u 2m: a1 a3"]),
    case("a sum looks at one per",
         f"{VIEWS}steps: [{{event: a, times: {{min: 1, within: 1h}}, having: {{sum: properties.x, gte: 3}}}}]",
         "a1(p=u,x=1) a2(p=u,x=2)/c2 a3(p=u,x=2)", ["u 2m: a1 a3"]),
    case("without its per an event begins nothing",
         "key: properties.p\nper: session_id\nsteps: [{event: a}, {event: b}]",
         "a1(p=u) b1(p=u)", [], pending=0),
    case("an exit ends every per", f"{VIEWS}steps: [{{event: a}}, {{event: b}}]\nexit: [{{event: stop}}]",
         "a1(p=u) a2(p=u)/c2 stop1(p=u)/shop b1(p=u)/shop", [], ends={"exited": 2}),
    case("an exit that asks about the match ends one",
         f"{VIEWS}steps: [{{event: a, as: a}}, {{event: b}}]\n"
         "exit: [{event: stop, where: {customer_id: {eq: $a.customer_id}}}]",
         "a1(p=u) a2(p=u)/c2 stop1(p=u)/c2 b1(p=u)/shop", ["u 3m: a1 b1"]),
    case("a match of another key is held by none", f"{VIEWS}steps: [{{event: a}}, {{event: b}}]",
         "a1(p=u) a2(p=v)/c2 b1(p=v)/shop b2(p=u)/shop", ["v 2m: a2 b1", "u 3m: a1 b2"]),
    case("a price that fell is news to who saw it dearer",
         f"{VIEWS}steps: [{{event: a, as: a}}, {{event: b, within: 30d,"
         " where: {properties.x: {lt: $a.properties.x * 0.9}}}]",
         "a1(p=u,x=100) a2(p=u,x=80)/c2 b1(p=u,x=75)/shop b2(p=u,x=70)/shop", ["u 2m: a1 b1", "u 3m: a2 b2"]),
)  # fmt: skip
def test_per(case):
    case.check()
