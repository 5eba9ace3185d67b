"""Where ``per`` tells the matches of a key apart, each is kept by itself: a product's viewers, however many."""

import pytest

from config.events import load_event_schemas
from flows.backtest import CONFIG
from operators import apart
from operators.apart import ApartAutomaton
from operators.automaton import Automaton
from operators.clock import PartitionClock
from operators.decode import Decoder
from operators.group import KeyGroup
from operators.marks import GroupMark
from operators.policy.values import Match
from operators.state import restore, snapshot
from tests.harness import Graph, Log, compiled, event, run, trigger
from tests.moments import START_US, us

PRICE_DROP = """
key: properties.product_id
per: customer_id
steps:
  - {event: product_view, as: viewed}
  - event: price_changed
    as: drop
    within: 30d
    where: {properties.price: {lt: $viewed.properties.price}}
"""
BOUGHT = "exit: [{event: purchase, where: {customer_id: {eq: $viewed.customer_id}, properties.gift: {eq: false}}}]"
TEXT = trigger(PRICE_DROP + BOUGHT, rest="policy: {recipient: $viewed.customer_id}")


@pytest.fixture
def shown(monkeypatch):
    """How many times open matches of one owner were shown an event."""
    seen = []
    on_event = Automaton.on_event
    monkeypatch.setattr(
        Automaton,
        "on_event",
        lambda self, event, owner, ways, **rest: (seen.append(owner), on_event(self, event, owner, ways, **rest))[1],
    )
    return seen


def viewed(number, when="0s"):
    return event("product_view", when, customer=f"c{number}", id=f"{number}@{when}", product_id="p", price=100)


VIEWS = [viewed(number) for number in range(50)]


def bought(customer, when="2m", **properties):
    return event("purchase", when, customer=customer, id=f"{customer}@{when}", product_id="p", **properties)


def dropped(when="1h"):
    return event("price_changed", when, customer="shop", product_id="p", price=90)


def recipients(found):
    return sorted(each.recipient for each in found.told)


def test_what_one_viewer_does_is_not_shown_to_the_others(shown):
    assert len(recipients(run(TEXT, [*VIEWS, viewed(7, "1m"), bought("c3", gift=False)]))) == 0
    assert len(shown) == 50 + 1 + 1


def test_what_concerns_all_is_shown_to_all(shown):
    found = run(TEXT, [*VIEWS, bought("c3", gift=False), dropped()])
    assert recipients(found) == sorted(f"c{number}" for number in range(50) if number != 3)
    assert shown[-49:] == [("p", f"c{number}") for number in range(50) if number != 3]


@pytest.mark.parametrize(
    ("purchase", "left"),
    [
        (bought("c3", gift=False), 49),
        (bought("c3", gift=True), 50),
        (bought("c3"), 49),  # it may have been no gift: in doubt nothing is sent
        (bought("c99", gift=False), 50),
    ],
)
def test_an_exit_that_names_the_customer_ends_his_alone(purchase, left):
    assert len(recipients(run(TEXT, [*VIEWS, purchase, dropped()]))) == left


@pytest.mark.parametrize(("customer", "left"), [("c3", 49), (None, 0)])
def test_who_is_not_named_may_have_been_anybody(customer, left):
    exit = (
        "exit: [{event: price_changed, where: {customer_id: {eq: $viewed.customer_id}, properties.price: {gt: 500}}}]"
    )
    text = trigger(PRICE_DROP + exit, rest="policy: {recipient: $viewed.customer_id}")
    raised = event("price_changed", "2m", customer=customer, product_id="p", price=900)
    found = run(text, [*VIEWS, raised, dropped()], schemas=load_event_schemas(CONFIG / "events"))
    assert len(recipients(found)) == left


def test_an_exit_by_another_field_is_shown_to_all(shown):
    text = trigger(PRICE_DROP + "exit: [{event: sold_out}]", rest="policy: {recipient: $viewed.customer_id}")
    assert recipients(run(text, [*VIEWS, event("sold_out", "1m", customer="c1", product_id="p"), dropped()])) == []
    assert len(shown) == 100


def test_a_late_purchase_ends_its_customers_match():
    late = bought("c3", "30m", gift=False)
    events = [*VIEWS, event("other", "40m"), late, dropped()]
    assert len(recipients(run(TEXT, events, max_out_of_orderness="5m"))) == 49


@pytest.mark.parametrize("snapshot_every", [1, 7])
def test_they_come_back_apart(snapshot_every):
    events = [*VIEWS, bought("c3", gift=False), dropped()]
    straight = run(TEXT, events, chunk_size=5)
    assert run(TEXT, events, chunk_size=5, snapshot_every=snapshot_every).lines() == straight.lines()
    assert len(straight.told) == 49


def test_timers_are_each_ones_own():
    text = trigger("key: properties.product_id\nper: customer_id\nsteps: [{event: product_view}, {wait: 30m}]")
    found = run(text, [viewed(1), viewed(2, "10m"), viewed(1, "20m"), event("other", "2h")])
    assert found.fired == ["p 40m", "p 50m"]


@pytest.mark.parametrize(
    ("match", "is_apart"),
    [
        (PRICE_DROP, True),
        ("key: customer_id\nper: session_id\nsteps: [{event: a}, {event: b}]", False),
        ("key: properties.p\nsteps: [{event: a}, {event: b}]", False),
        ("key: properties.p\nper: customer_id\nsteps: [{absent: x, within: 1h}, {event: a}]", False),
        (
            "key: properties.p\nper: customer_id\nsteps: [{event: a, times: {min: 2, contiguity: strict, within: 1h}}]",
            False,
        ),
    ],
)
def test_only_where_nothing_is_kept_for_the_key_as_a_whole(match, is_apart):
    group = KeyGroup(compiled(trigger(match)), dedupe_horizon_us=0)
    assert group.plan.programs[0].keeps_apart is isinstance(group.automata[0], ApartAutomaton) is is_apart


@pytest.fixture
def in_slices(monkeypatch):
    """An event is shown to two owners in one go."""
    monkeypatch.setattr(apart, "SLICE", 2)


MIXED = [
    *VIEWS,
    dropped("10m"),
    viewed(3, "10m"),
    bought("c5", "11m", gift=False),
    dropped("12m"),
    *(viewed(number, "13m") for number in range(0, 50, 3)),
    event("product_view", "13m", customer="c60", product_id="other", price=1),
    dropped("14m"),
]


@pytest.mark.parametrize("chunk_size", [1, 4, 100])
@pytest.mark.parametrize("key_groups", [1, 16])
def test_slices_change_no_answer(monkeypatch, chunk_size, key_groups):
    asked = {"chunk_size": chunk_size, "key_groups": key_groups}
    at_once = run(TEXT, MIXED, **asked)
    monkeypatch.setattr(apart, "SLICE", 2)
    assert run(TEXT, MIXED, **asked).lines() == at_once.lines()
    assert run(TEXT, MIXED, **asked, snapshot_every=1).lines() == at_once.lines()
    assert len(at_once.decisions) == 50 + 1 + 17


@pytest.fixture
def group():
    """A key group that has eight viewers of a product, and a function that feeds it and gives what it tells."""
    graph = Graph(compiled(TEXT), 1, 0, None)
    log = Log(("events", 0), PartitionClock(0), [])
    (found,) = graph.groups.values()
    receive, told = found.receive, []
    found.receive = lambda batch: (told.extend(receive(batch)), [])[1]

    def feed(*events):
        told.clear()
        log.items += events
        graph.feed(log, (log.origin,), Decoder(), 1_000)
        return list(told)

    feed(*VIEWS[:8], event("other", "5m"))
    return found, feed


def matched(told):
    return {each.recipient for each in told if isinstance(each, Match)}


def marked(told):
    return [each.before_us for each in told if isinstance(each, GroupMark)]


def test_time_does_not_pass_an_event_that_some_have_still_to_be_shown(in_slices, group):
    found, feed = group
    told = feed(dropped("10m"), event("other", "12m"))
    assert (matched(told), max(marked(told)) - START_US) == ({"c0", "c1"}, us("10m"))
    slices = 0
    while found.is_behind:
        told = list(found.go_on())
        assert len(matched(told)) == 2
        slices += 1
    assert (slices, max(marked(told)) - START_US) == (3, us("12m"))


def test_who_has_something_to_do_is_shown_first_what_came_before(in_slices, group):
    found, feed = group
    told = feed(dropped("10m"), bought("c7", "11m", gift=False), event("other", "12m"))
    assert "c7" in matched(told)
    assert found.is_behind


def test_what_is_half_shown_is_stored_and_goes_on(in_slices, group):
    found, feed = group
    feed(dropped("10m"), viewed(6, "10m"), dropped("11m"), event("other", "12m"))
    fresh = KeyGroup(compiled(TEXT), dedupe_horizon_us=0)
    restore(fresh, snapshot(found))
    assert snapshot(fresh) == snapshot(found)
    assert [list(fresh.go_on()) for _ in range(9)][-1] == []
    assert not fresh.is_behind
    assert fresh.open_matches == 0


def test_no_more_than_a_few_events_wait_to_be_shown(in_slices, monkeypatch, group):
    monkeypatch.setattr(apart, "MOST_SHOWINGS", 3)
    found, feed = group
    raised = [
        event("price_changed", f"{minute}m", customer="shop", product_id="p", price=900) for minute in range(6, 40)
    ]
    feed(*raised, dropped("50m"), event("other", "60m"))
    (automaton,) = found.matching.apart
    assert len(automaton.showings) <= 3
    while found.is_behind:
        found.go_on()
    assert found.open_matches == 0
