"""An identify hands what an anonymous customer has begun to a known one; from then on his events are the known one's.

`a1` is anonymous, `c1` known. Boundaries stand at the identify, one millisecond before it and one after.
"""

import pytest

from config.vocabulary import load_vocabularies
from flows.backtest import CONFIG
from operators.decode import Decoder
from operators.render import iso_ms
from tests.harness import event, run, trigger, watermark
from tests.moments import START_US, us


def iso(when):
    return iso_ms(START_US + us(when))


ABANDONED = trigger("steps: [{event: cart_add, as: cart}, {absent: purchase, within: 30m}]")
SEQUENCE = trigger("steps: [{event: view}, {event: purchase, within: 1h}]")


def anonymous(type, when, *, who="a1", **rest):
    """An event of somebody who has not said who he is."""
    return event(type, when, customer=who, context={"anonymous_id": who}, **rest)


def identify(when, *, who="a1", customer="c1", id=None):
    """`customer` says that he was `who`."""
    return event("identify", when, customer=customer, id=id or f"identify@{when}", context={"anonymous_id": who})


# --- who an event belongs to -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bought", "fired"), [("20m-1ms", []), ("20m", []), ("20m+1ms", [])])
def test_whatever_he_does_around_the_identify_is_one_customers_doing(bought, fired):
    """Before it as `a1`, who is handed over with it; from it on as `c1`."""
    log = sorted(
        [anonymous("cart_add", "0s"), identify("20m"), anonymous("purchase", bought)],
        key=lambda each: each["event_time"],
    )
    assert run(ABANDONED, log, at_end="flush").fired == fired


def test_at_the_time_of_the_identify_the_order_of_arrival_decides():
    single = trigger("steps: [{event: x}]")
    before = [anonymous("x", "20m"), identify("20m")]
    assert run(single, before).fired == ["a1 20m"]
    assert run(single, before[::-1]).fired == ["20m"]


@pytest.mark.parametrize(("when", "fired"), [("20m-1ms", ["a1 1199999ms"]), ("20m+1ms", ["1200001ms"])])
def test_a_single_step_trigger_fires_under_the_name_in_force_at_its_event(when, fired):
    log = sorted([anonymous("x", when), identify("20m")], key=lambda each: each["event_time"])
    assert run(trigger("steps: [{event: x}]"), log).fired == fired


def test_without_an_identify_an_anonymous_customer_is_a_customer():
    assert run(ABANDONED, [anonymous("cart_add", "0s")], at_end="flush").fired == ["a1 30m"]


def test_without_the_step_nobody_is_identified():
    log = [anonymous("cart_add", "0s"), identify("20m"), anonymous("purchase", "21m")]
    found = run(SEQUENCE, [anonymous("view", "0s"), identify("20m"), event("purchase", "21m")], identity=False)
    assert (found.fired, run(ABANDONED, log[:2], at_end="flush", identity=False).fired) == ([], ["a1 30m"])


def test_the_names_in_the_properties_of_an_identify_count_too():
    link = event("identify", "20m", anonymous_id="a1")
    assert run(SEQUENCE, [anonymous("view", "0s"), link, event("purchase", "21m")]).fired == ["21m"]


@pytest.mark.parametrize(
    "link",
    [
        event("identify", "20m"),
        event("identify", "20m", context={"anonymous_id": ""}),
        event("identify", "20m", context={"anonymous_id": 1}),
        event("identify", "20m", context={"anonymous_id": "c1"}),
        event("identify", "20m", customer="a1", context={"anonymous_id": "a1"}),
        event("track", "20m", context={"anonymous_id": "a1"}),
    ],
)
def test_what_is_no_identify_of_a_known_customer_claims_nobody(link):
    found = run(SEQUENCE, [anonymous("view", "0s"), link, event("purchase", "21m")])
    assert (found.fired, found.tally.of("identified")) == ([], 0)


def test_a_name_written_in_escapes_is_the_same_name():
    raw = (
        b'{"event_id":"v","type":"view","event_time":1767607200000,"customer_id":"a1",'
        b'"context":{"\\u0061nonymous_id":"a\\u0031"}}'
    )
    found = run(SEQUENCE, [{"raw": raw}, identify("20m"), event("purchase", "21m")])
    assert found.fired == ["21m"]


def test_an_event_that_names_an_anonymous_id_beside_a_known_customer_is_not_anonymous():
    log = [event("view", "0s", context={"anonymous_id": "a1"}), event("purchase", "1m", context={"anonymous_id": "a1"})]
    assert run(SEQUENCE, log).fired == ["1m"]


# --- forgetting and taking over ----------------------------------------------------------------------------------


@pytest.mark.parametrize("goes_on", [[], [event("x", "2h")]])
@pytest.mark.parametrize(("when", "fired"), [("30m-1ms", ["30m"]), ("30m", ["a1 30m"]), ("30m+1ms", ["a1 30m"])])
def test_what_is_due_by_the_identify_fires_for_the_anonymous_one_and_the_rest_for_the_known(when, fired, goes_on):
    """Whether time stops at the identify or has gone on when it is processed."""
    found = run(ABANDONED, [anonymous("cart_add", "0s"), identify(when), *goes_on], at_end="flush")
    assert (found.fired, found.pending) == (fired, 0)


@pytest.mark.parametrize(
    ("when", "fired"), [("30m-1ms", ["58m"]), ("30m", ["30m", "58m"]), ("30m+1ms", ["30m", "58m"])]
)
def test_what_is_due_by_the_identify_fires_for_the_known_one_before_he_takes_over(when, fired):
    log = [event("cart_add", "0s"), anonymous("cart_add", "28m"), identify(when), event("x", "2h")]
    assert run(ABANDONED, log).fired == fired


def test_the_known_one_fires_on_the_anonymous_ones_events():
    found = run(SEQUENCE, [anonymous("view", "0s"), identify("20m"), event("purchase", "21m")])
    assert (found.fired, found.evidence) == (["21m"], [["view@0s/a1", "purchase@21m"]])
    assert found.decisions[0].recipient == "c1"


def test_what_fired_before_the_identify_does_not_fire_again():
    log = [anonymous("view", "0s"), anonymous("purchase", "1m"), identify("20m"), event("purchase", "21m")]
    found = run(SEQUENCE, log)
    assert (found.fired, found.tally.of("matches", "t")) == (["a1 1m"], 1)


def test_the_identify_itself_comes_after_the_takeover():
    text = trigger("steps: [{event: cart_add, as: cart}, {event: identify, within: 1h}]")
    assert run(text, [anonymous("cart_add", "0s"), identify("20m")]).fired == ["20m"]


def test_what_the_known_one_did_before_the_identify_is_not_shown_to_what_is_handed_over():
    """`c1` bought on another device: `a1`'s cart is still full."""
    log = [anonymous("cart_add", "0s"), event("purchase", "10m"), identify("20m")]
    assert run(ABANDONED, log, at_end="flush").fired == ["30m"]


@pytest.mark.parametrize(
    ("on_repeat", "own", "fired"),
    [
        ("restart", "5m", ["40m"]), ("restart", "10m", ["40m"]), ("restart", "15m", ["45m"]),
        ("ignore", "5m", ["35m"]), ("ignore", "10m", ["40m"]), ("ignore", "15m", ["40m"]),
        ("overlap", "5m", ["35m", "40m"]), ("overlap", "10m", ["40m", "40m"]), ("overlap", "15m", ["40m", "45m"]),
    ],
)  # fmt: skip
def test_where_both_have_one_open_on_repeat_decides(on_repeat, own, fired):
    text = trigger(f"on_repeat: {on_repeat}\nsteps: [{{event: cart_add}}, {{absent: purchase, within: 30m}}]")
    log = [anonymous("cart_add", "10m"), event("cart_add", own)]
    log = [*sorted(log, key=lambda each: each["event_time"]), identify("20m")]
    assert run(text, log, at_end="flush").fired == fired


def test_of_two_begun_at_the_same_time_the_known_ones_own_stays():
    for on_repeat in ("restart", "ignore"):
        text = trigger(f"on_repeat: {on_repeat}\nsteps: [{{event: cart_add}}, {{absent: purchase, within: 30m}}]")
        log = [event("cart_add", "10m"), anonymous("cart_add", "10m"), identify("20m")]
        assert run(text, log, at_end="flush").evidence == [["cart_add@10m"]]
        assert run(text, [log[1], log[0], log[2]], at_end="flush").evidence == [["cart_add@10m"]]


def test_on_repeat_looks_at_one_per_value_only():
    text = trigger(
        "per: properties.p\nsteps: [{event: cart_add, as: cart}, {absent: purchase, within: 30m}]",
    )
    log = [anonymous("cart_add", "0s", p="p1"), event("cart_add", "1m", p="p2"), identify("20m")]
    assert run(text, log, at_end="flush").fired == ["30m", "31m"]


def test_composite_keys_are_handed_over_one_by_one():
    text = trigger("key: [customer_id, properties.p]\nsteps: [{event: view}, {absent: purchase, within: 30m}]")
    log = [
        anonymous("view", "0s", p="p1"),
        anonymous("view", "1m", p="p2"),
        event("view", "2m", p="p2", customer="c2"),
        identify("20m"),
        event("purchase", "21m", p="p2"),
    ]
    found = run(text, log, at_end="flush")
    assert (found.fired, found.tally.of("handed_over", "t")) == (["c1/p1 30m", "c2/p2 32m"], 2)


def test_events_that_wait_for_a_first_step_to_be_complete_are_joined():
    text = trigger("steps: [{event: click, times: 3, within: 10m}]")
    log = [anonymous("click", "0s"), event("click", "1m"), identify("2m"), anonymous("click", "3m")]
    assert run(text, log).evidence == [["click@0s/a1", "click@1m", "click@3m/a1"]]
    # Five clicks of one person, of which no four are alone enough: the next completes with the newest.
    log = [anonymous("click", f"{i}s") for i in (1, 3)] + [event("click", f"{i}s") for i in (2, 4)]
    log = [*sorted(log, key=lambda each: each["event_time"]), identify("5s"), event("click", "6s")]
    assert run(text, log).evidence == [["click@3s/a1", "click@4s", "click@6s"]]


def test_a_trigger_keyed_otherwise_keeps_what_it_has_and_sees_the_new_name_afterwards():
    text = trigger(
        "key: properties.p\nper: customer_id\nsteps: [{event: view, as: v}, {event: price, within: 1h}]",
        rest="policy: {recipient: $v.customer_id}",
    )
    log = [
        anonymous("view", "0s", p="p1"),
        identify("1m"),
        anonymous("view", "2m", p="p1"),
        event("price", "3m", p="p1", customer="shop"),
    ]
    assert sorted(each.recipient for each in run(text, log).decisions) == ["a1", "c1"]


def test_a_late_event_that_cancelled_for_the_anonymous_one_cancels_in_the_takeover():
    log = [anonymous("cart_add", "0s"), event("x", "10m"), anonymous("purchase", "5m"), identify("20m")]
    found = run(ABANDONED, log, at_end="flush")
    assert (found.fired, [each.customer_id for each in found.late]) == ([], ["a1"])


def test_a_late_event_after_the_identify_cancels_what_was_taken_over():
    log = [anonymous("cart_add", "0s"), identify("10m"), event("x", "20m"), anonymous("purchase", "5m")]
    assert run(ABANDONED, log, at_end="flush").fired == []


def test_a_late_identify_counts_from_the_watermark_at_its_offset():
    log = [anonymous("view", "0s"), event("x", "20m"), anonymous("purchase", "20m"), identify("5m")]
    found = run(SEQUENCE, log)
    assert (found.fired, found.tally.of("identified")) == (["a1 20m"], 1)
    log = [anonymous("view", "0s"), event("x", "20m"), identify("5m"), anonymous("purchase", "20m")]
    assert run(SEQUENCE, log).fired == ["20m"]


# --- how far back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("when", "fired"), [("24h-1ms", ["25h"]), ("24h", []), ("24h+1ms", [])])
def test_an_event_is_handed_over_for_less_than_the_horizon(when, fired):
    text = trigger("steps: [{event: view}, {event: purchase}]")
    log = [anonymous("view", "0s"), identify(when), event("purchase", "25h")]
    assert run(text, log).fired == fired


@pytest.mark.parametrize(("between", "fired"), [(198, ["1h"]), (199, ["1h"]), (200, [])])
def test_the_newest_two_hundred_events_are_handed_over(between, fired):
    text = trigger("steps: [{event: view}, {event: purchase}]\nexit: [{event: x, where: {properties.y: {eq: true}}}]")
    others = [anonymous("x", "1s", id=f"x{i}", y=False) for i in range(between)]
    others += [anonymous("x", "2s", id=f"other{i}", who="a2", y=False) for i in range(5)]
    log = [anonymous("view", "0s"), *others, identify("1m"), event("purchase", "1h")]
    assert run(text, log).fired == fired


def test_events_that_no_trigger_with_a_memory_listens_to_take_no_place_among_them():
    arrival = trigger("steps: [{event: seen}]", name="arrival")
    log = [anonymous("view", "0s"), *(anonymous("seen", "1s", id=f"s{i}") for i in range(300))]
    found = run([SEQUENCE, arrival], [*log, identify("1m"), event("purchase", "2m")])
    assert [each.event_time_us for each in found.decisions if each.trigger == "t"]


# --- the first identify, and once --------------------------------------------------------------------------------


def test_the_first_identify_wins_and_others_are_counted():
    log = [
        anonymous("view", "0s"),
        identify("1m"),
        identify("2m", customer="c2"),
        identify("3m"),
        anonymous("purchase", "4m"),
    ]
    found = run(SEQUENCE, log)
    assert (found.fired, found.tally.of("identified"), found.tally.of("identity_conflicts")) == (["4m"], 1, 1)


def test_the_first_is_the_first_in_the_order_of_processing_and_not_of_arrival():
    log = [
        anonymous("view", "0s"),
        identify("2m", customer="c2"),
        identify("1m"),
        anonymous("purchase", "4m"),
    ]
    found = run(SEQUENCE, log, max_out_of_orderness="10m")
    assert (found.fired, found.tally.of("identity_conflicts")) == (["4m"], 1)


def test_several_anonymous_ones_may_be_one_customer():
    log = [anonymous("view", "0s"), identify("1m"), identify("2m", who="a2"), anonymous("purchase", "3m", who="a2")]
    assert run(SEQUENCE, log).fired == ["3m"]


def test_every_event_has_one_fate_and_copies_are_told_apart_across_the_identify():
    log = [
        anonymous("view", "0s"),
        anonymous("view", "0s"),
        identify("1m"),
        identify("1m"),
        anonymous("click", "1m"),
        anonymous("purchase", "2m"),
        anonymous("purchase", "2m"),
        event("x", "1h"),
        anonymous("purchase", "30m"),
    ]
    found = run(SEQUENCE, log)
    fates = {fate: found.tally.of(fate) for fate in ("matched", "duplicate", "late")}
    assert fates == {"matched": 5, "duplicate": 3, "late": 1}
    assert found.fired == ["2m"]


def test_a_copy_of_what_fired_on_arrival_is_a_duplicate_for_the_whole_horizon():
    text = trigger("steps: [{event: x}]")
    log = [anonymous("x", "0s"), watermark("2h"), anonymous("x", "0s")]
    found = run(text, log)
    assert (found.fired, found.tally.of("duplicate")) == (["a1 0s"], 1)


def test_nothing_goes_on_before_the_identity_step_has_come_as_far():
    """A heartbeat of one partition alone decides nothing, in the step as in detection."""
    log = [anonymous("cart_add", "0s"), identify("20m"), event("x", "2h"), anonymous("purchase", "25m")]
    found = run(ABANDONED, log, partitions=[0, 1, 1, 0], max_out_of_orderness="0s", at_end="flush")
    assert found.fired == []


# --- envelopes ---------------------------------------------------------------------------------------------------

SEGMENT = [
    {"type": "track", "event": "Product Viewed", "anonymousId": "a1", "messageId": "m1", "timestamp": iso("0s")},
    {"type": "identify", "anonymousId": "a1", "userId": "c1", "messageId": "m2", "timestamp": iso("1m")},
    {"type": "track", "event": "Order Completed", "userId": "c1", "messageId": "m3", "timestamp": iso("2m")},
]
CLOUD = [
    {"type": "product_view", "anonymousid": "a1", "id": "m1", "time": iso("0s")},
    {"type": "identify", "customerid": "c1", "anonymousid": "a1", "id": "m2", "time": iso("1m")},
    {"type": "purchase", "customerid": "c1", "id": "m3", "time": iso("2m")},
]

IN_DATA = [
    {
        "specversion": "1.0", "source": "/site", "type": each["type"], "id": each["id"], "time": each["time"],
        "data": {"anonymous_id": each.get("anonymousid"), "customer_id": each.get("customerid")},
    }
    for each in CLOUD
]  # fmt: skip


@pytest.mark.parametrize(
    ("envelope", "messages"),
    [
        ("segment", SEGMENT),
        ("cloudevents", [each | {"specversion": "1.0", "source": "/site"} for each in CLOUD]),
        ("cloudevents", IN_DATA),
    ],
)
def test_every_envelope_says_who_is_who(envelope, messages):
    decoder = Decoder(envelope, vocabulary=load_vocabularies(CONFIG / "vocabulary")[envelope])
    text = trigger("steps: [{event: product_view}, {event: purchase, within: 1h}]")
    found = run(text, messages, decoder=decoder)
    assert (found.fired, found.dead) == (["2m"], [])
