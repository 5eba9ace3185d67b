"""What a rule correlates by: paths through lists, composite keys, a matcher's own key, `per`, foreign keys."""

import pytest

from tests.harness import event, run, trigger

BROWSED = trigger(
    """
key: [customer_id, properties.product_id]
steps:
  - {event: product_view, as: viewed, times: {min: 3, max: 3, within: 24h}}
  - absent: [cart_add, purchase]
    within: 2h
    key: {purchase: [customer_id, properties.products.product_id]}
""",
    name="browse_abandonment",
    rest="actions: [{channel: email, template: x, data: {product: $viewed.properties.product_id}}]",
)


def views(product, *times, customer="c1"):
    return [
        event("product_view", when, id=f"{customer}-{product}-{when}", customer=customer, product_id=product)
        for when in times
    ]


def test_a_composite_key_keeps_each_product_apart():
    found = run(BROWSED, [*views("p1", "0s", "1m"), *views("p2", "2m", "3m"), *views("p1", "4m")], at_end="flush")
    assert found.fired == ["c1/p1 124m"]
    assert found.data == [{"product": "p1"}]


@pytest.mark.parametrize("bought", [["p1"], ["p9", "p1"], ["p1", "p1"]])
def test_a_type_with_a_key_of_its_own_is_found_by_each_element_of_its_list(bought):
    products = [{"product_id": each} for each in bought]
    events = [*views("p1", "0s", "1m", "2m"), event("purchase", "3m", products=products)]
    assert run(BROWSED, events, at_end="flush").fired == []


def test_a_purchase_of_another_product_or_by_another_customer_does_not_cancel():
    events = views("p1", "0s", "1m", "2m")
    other = event("purchase", "3m", products=[{"product_id": "p2"}])
    stranger = event("purchase", "3m", customer="c2", products=[{"product_id": "p1"}])
    top_level = event("purchase", "3m", id="odd", product_id="p1")
    assert run(BROWSED, [*events, other, stranger, top_level], at_end="flush").fired == ["c1/p1 122m"]


def test_the_other_types_of_that_matcher_keep_the_key_of_the_match():
    events = views("p1", "0s", "1m", "2m")
    listed = event("cart_add", "3m", products=[{"product_id": "p1"}])
    assert run(BROWSED, [*events, listed], at_end="flush").fired == ["c1/p1 122m"]
    assert run(BROWSED, [*events, event("cart_add", "3m", product_id="p1")], at_end="flush").fired == []


def test_the_item_is_the_element_by_which_the_event_came():
    text = trigger(
        """
key: [customer_id, properties.products.id]
steps:
  - {event: purchase, as: bought}
  - {absent: purchase, within: 30d}
""",
        rest="actions: [{channel: email, template: x, "
        "data: {name: $bought.item.name, all: $bought.properties.products.name}}]",
    )
    bought = event("purchase", "0s", products=[{"id": "a", "name": "A"}, {"id": "b", "name": "B"}])
    again = event("purchase", "1d", products=[{"id": "b", "name": "B2"}])
    found = run(text, [bought, again], at_end="flush")
    assert [(each.key, each.data) for each in found.decisions] == [
        (("c1", "a"), {"name": "A", "all": ["A", "B"]}),
        (("c1", "b"), {"name": "B2", "all": ["B2"]}),
    ]


def test_a_list_of_plain_values_is_a_key_for_each_of_them():
    text = trigger(
        "key: [customer_id, properties.tags]\nsteps: [{event: a, as: a}, {event: b}]",
        rest="actions: [{channel: email, template: x, data: {tag: $a.item}}]",
    )
    found = run(text, [event("a", "0s", tags=["x", "y", "x", 7, None]), event("b", "1m", tags=["y", 7])])
    assert found.data == [{"tag": 7}, {"tag": "y"}]


def test_two_lists_in_one_key_give_every_combination():
    text = trigger("key: [properties.a, properties.b]\nsteps: [{event: x}]")
    found = run(text, [event("x", "0s", a=["1", "2"], b=["3", "4"])])
    assert found.fired == ["1/3 0s", "1/4 0s", "2/3 0s", "2/4 0s"]


def test_a_whole_number_is_a_key_by_its_digits_and_other_values_are_none():
    text = trigger("key: properties.k\nsteps: [{event: x}]")
    events = [event("x", f"{i}s", k=value) for i, value in enumerate([5, "5", 5.5, True, None, "", {}, "a"])]
    assert run(text, events).fired == ["5 0s", "5 1s", "a 7s"]


def test_an_event_without_the_key_is_not_for_this_trigger():
    assert run(BROWSED, [event("product_view", f"{i}m") for i in range(5)], at_end="flush").fired == []


def test_per_tells_the_open_matches_of_one_key_apart():
    text = trigger(
        """
key: properties.product_id
per: customer_id
steps:
  - {event: product_view, as: viewed}
  - {event: price_drop, within: 30d}
""",
        rest="policy: {recipient: $viewed.customer_id}",
    )
    events = [
        event("product_view", "0s", product_id="p1"),
        event("product_view", "1m", product_id="p1", customer="c2"),
        event("product_view", "2m", product_id="p1", id="again"),
        event("price_drop", "3m", product_id="p1", customer="shop"),
    ]
    found = run(text, events)
    assert {(each.per, each.recipient, each.evidence[0].event_id) for each in found.told} == {
        ("c2", "c2", "product_view@1m/c2"),
        ("c1", "c1", "again"),
    }


def test_without_the_value_that_per_names_no_match_begins():
    text = trigger("key: properties.p\nper: session_id\nsteps: [{event: a}, {event: b}]")
    assert run(text, [event("a", "0s", p="p1"), event("b", "1m", p="p1")]).pending == 0


def test_an_event_without_the_value_of_per_still_ends_what_it_ends():
    text = trigger("key: properties.p\nper: session_id\nsteps: [{event: a}, {absent: a, within: 10m}]")
    found = run(text, [event("a", "0s", p="p1", session_id="s1"), event("a", "1m", p="p1")], at_end="flush")
    assert (found.fired, found.pending) == ([], 0)
    assert all(not automaton.states for group in found.groups for automaton in group.automata)


def test_an_event_without_the_value_of_per_still_sets_the_timer_of_what_it_advances():
    text = trigger("""
key: properties.p
per: session_id
on_repeat: overlap
steps: [{event: a}, {event: a, within: 1h}, {absent: b, within: 10m}]
""")
    events = [event("a", "0s", p="p1", session_id="s1"), event("a", "1m", p="p1"), event("x", "20m")]
    assert run(text, events).fired == ["p1 11m"]


PRICE_DROP = trigger(
    """
key: properties.product_id
per: customer_id
steps:
  - {event: product_view, as: viewed}
  - event: price_changed
    as: drop
    within: 30d
    where: {properties.price: {lt: $viewed.properties.price * 0.9}}
exit: [{event: purchase, key: properties.products.product_id, where: {customer_id: {eq: $viewed.customer_id}}}]
""",
    name="price_drop_on_viewed",
    rest="policy: {recipient: $viewed.customer_id}\n"
    "actions: [{channel: push, template: x, data: {was: $viewed.properties.price, now: $drop.properties.price}}]",
)


def viewed(when, customer, price=100):
    return event("product_view", when, customer=customer, product_id="p1", price=price)


def dropped(when, price):
    return event("price_changed", when, customer="shop", product_id="p1", price=price)


@pytest.mark.parametrize("key_groups", [1, 16])
@pytest.mark.parametrize("chunk_size", [1, 100])
def test_each_viewer_of_a_product_hears_of_its_price(key_groups, chunk_size):
    events = [viewed("0s", "c1"), viewed("1m", "c2"), viewed("2m", "c3", price=50), dropped("1h", 80)]
    found = run(PRICE_DROP, events, key_groups=key_groups, chunk_size=chunk_size)
    assert [(each.key, each.recipient, each.data) for each in sorted(found.told, key=lambda each: each.recipient)] == [
        ("p1", "c1", {"was": 100, "now": 80}),
        ("p1", "c2", {"was": 100, "now": 80}),
    ]


@pytest.mark.parametrize(("price", "fired"), [(89.9, 1), (90, 0), (90.1, 0)])
def test_a_reference_may_be_scaled(price, fired):
    assert len(run(PRICE_DROP, [viewed("0s", "c1"), dropped("1h", price)]).fired) == fired


def test_who_bought_it_is_not_told_and_the_others_are():
    bought = event("purchase", "30m", customer="c2", products=[{"product_id": "p1"}, {"product_id": "p2"}])
    found = run(PRICE_DROP, [viewed("0s", "c1"), viewed("1m", "c2"), bought, dropped("1h", 80)], key_groups=16)
    assert [each.recipient for each in found.told] == ["c1"]


REFERRAL = trigger("""
steps:
  - {event: invited}
  - {absent: friend_joined, key: properties.invited_by, within: 30m}
  - {event: asked_again}
""")


@pytest.mark.parametrize("chunk_size", [1, 2, 100])
@pytest.mark.parametrize("key_groups", [1, 2, 64])
def test_home_and_foreign_events_of_one_trigger_are_processed_in_one_order(chunk_size, key_groups):
    joined = event("friend_joined", "10m", customer="c2", invited_by="c1")
    events = [event("invited", "0s"), joined, event("asked_again", "40m"), event("x", "2h")]
    assert run(REFERRAL, events, chunk_size=chunk_size, key_groups=key_groups).fired == []
    before = [joined, event("invited", "15m"), event("asked_again", "50m"), event("x", "2h")]
    assert run(REFERRAL, before, chunk_size=chunk_size, key_groups=key_groups).fired == ["50m"]


@pytest.mark.parametrize("chunk_size", [1, 100])
def test_home_and_foreign_events_at_one_time_stand_in_order_of_arrival(chunk_size):
    invited, joined = event("invited", "0s"), event("friend_joined", "0s", customer="c2", invited_by="c1")
    later = [event("asked_again", "40m"), event("x", "2h")]
    assert run(REFERRAL, [invited, joined, *later], chunk_size=chunk_size).fired == []
    assert run(REFERRAL, [joined, invited, *later], chunk_size=chunk_size).fired == ["40m"]


def test_a_foreign_event_can_be_late_and_still_cancels():
    joined = event("friend_joined", "10m", customer="c2", invited_by="c1")
    events = [event("invited", "0s"), event("x", "20m"), joined, event("asked_again", "40m")]
    found = run(REFERRAL, events, key_groups=16)
    assert (found.fired, len(found.late), found.tally.of("late_cancelled", "t")) == ([], 1, 1)


def test_an_event_of_any_type_counts_where_another_matcher_gives_that_type_a_key_of_its_own():
    text = trigger("""
key: session_id
steps: [{event: a}, {absent: "*", within: 10m}]
exit: [{event: purchase, key: properties.session}]
""")
    bought = event("purchase", "1m", session_id="s1")
    assert run(text, [event("a", "0s", session_id="s1"), bought], at_end="flush").fired == []


def test_an_event_that_comes_to_one_key_by_two_ways_is_still_one_event():
    text = trigger("""
key: properties.p
steps: [{event: d, key: properties.items.p}, {event: "*"}]
""")
    assert run(text, [event("d", "0s", p="p1", items=[{"p": "p1"}])]).fired == []


def test_a_time_inside_the_list_element_is_data_like_any_other():
    text = trigger(
        "key: [customer_id, properties.products.product_id]\nsteps: [{event: purchase, as: bought}]",
        rest="actions: [{channel: email, template: x, data: {at: $bought.item.event_time}}]",
    )
    events = [event("purchase", "0s", products=[{"product_id": "p1", "event_time": "noon"}, {"product_id": "p2"}])]
    assert [each["at"] for each in run(text, events).data] == ["noon", None]
