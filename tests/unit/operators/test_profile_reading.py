"""A profile as of a time: what counts from when, by the log alone."""

import pytest

from config.traits import Trait
from operators.keys import BUCKETS, bucket_of
from operators.profiles.kept import kept_for
from operators.profiles.store import Profiles
from operators.profiles.stored import restore_bucket, store_bucket


def trait(name, /, **said):
    return Trait.model_validate({"trait": name, "event": "purchase"} | said)


TRAITS = [
    trait("orders", count="*"),
    trait("spent", sum="properties.total", within="10m"),
    trait("cheapest", min="properties.total", within="10m"),
    trait("dearest", max="properties.total", within="10m"),
    trait("least", min="properties.total"),
    trait("most", max="properties.total"),
    trait("latest", last="properties.total"),
    trait("earliest", first="properties.total"),
    trait("recent", last="properties.total", within="10m"),
    trait("opening", first="properties.total", within="10m"),
    trait("kinds", distinct="properties.kind", within="10m"),
    trait("big", count="*", where={"properties.total": {"gte": 50}}),
    trait("with_kind", count="properties.kind"),
]
MINUTE = 60_000_000
HORIZON = 1_000 * MINUTE


def profiles(*names):
    return Profiles(kept_for([(name,) for name in names], TRAITS), dedupe_horizon_us=HORIZON)


def heard(store, offset, minute, what="purchase", *, late_at=None, customer="c1", id=None, **properties):
    """One event at a minute; ``late_at``: the minute at which a late one is processed."""
    order_us = (minute if late_at is None else late_at) * MINUTE
    place = (order_us, ("t", 0), offset, 0, minute * MINUTE)
    store.receive((*place, id or f"e{offset}", what, customer, None, properties, {}))


def at(store, minute, customer="c1"):
    return store.at(customer, int(minute * MINUTE))


def test_attributes_are_those_of_the_events_up_to_the_time():
    store = profiles("tier")
    heard(store, 0, 10, "identify", tier="silver")
    heard(store, 1, 20, "customer_updated", tier="gold")
    assert [at(store, minute) for minute in (9, 10, 19, 20, 21)] == [
        {}, {"tier": "silver"}, {"tier": "silver"}, {"tier": "gold"}, {"tier": "gold"},
    ]  # fmt: skip


def test_other_events_set_no_attributes_and_nothing_else_is_kept():
    store = profiles("consent", "address.city")
    store.kept = kept_for([("consent",), ("address", "city")], [])
    heard(store, 0, 1, "purchase", consent=True)
    heard(store, 1, 1, "identify", tier="gold", address={"zip": "0150"})
    assert len(store) == 0
    heard(store, 2, 1, "identify", consent={"email": True}, address={"city": "Oslo", "zip": "0150"})
    assert at(store, 1) == {"consent": {"email": True}, "address": {"city": "Oslo"}}


def test_a_late_event_counts_from_the_watermark_it_came_at():
    store = profiles("tier", "name")
    heard(store, 0, 10, "identify", tier="silver")
    heard(store, 1, 5, "identify", late_at=15, tier="bronze", name="N")
    assert at(store, 14) == {"tier": "silver"}
    assert at(store, 15) == {"tier": "silver", "name": "N"}


def test_the_answer_is_the_same_before_and_after_the_watermark_has_settled_it():
    asked = [each.trait for each in TRAITS] + ["tier"]
    one, other = profiles(*asked), profiles(*asked)
    for offset, minute in enumerate([10, 12, 11, 30, 18, 31]):
        event = {"total": 10 * offset + minute, "kind": f"k{offset % 2}"}
        heard(one, offset, minute, **event)
        other.advance((minute - 8) * MINUTE)
        heard(other, offset, minute, **event)
        other.advance((minute - 8) * MINUTE)
    heard(one, 9, 13, late_at=32, total=1)
    other.advance(32 * MINUTE)
    heard(other, 9, 13, late_at=32, total=1)
    for minute in (32, 33, 38, 40, 41, 42, 60):
        assert at(one, minute) == at(other, minute)
    other.advance(60 * MINUTE)
    assert at(one, 60) == at(other, 60)


def test_the_traits_as_of_a_time():
    store = profiles(*(each.trait for each in TRAITS))
    heard(store, 0, 0, total=30, kind="a")
    heard(store, 1, 5, total=80, kind="b")
    heard(store, 2, 8, total=20, kind="a")
    assert at(store, 8) == {
        "orders": 3, "spent": 130, "cheapest": 20, "dearest": 80, "least": 20, "most": 80, "latest": 20,
        "earliest": 30, "recent": 20, "opening": 30, "kinds": 2, "big": 1, "with_kind": 3,
    }  # fmt: skip
    assert at(store, 12) == at(store, 8) | {"spent": 100, "opening": 80}
    assert at(store, 17) == at(store, 8) | {"spent": 20, "dearest": 20, "opening": 20, "kinds": 1}


@pytest.mark.parametrize(("minute", "spent"), [(10 - 1 / 60_000, 30), (10, 0), (10 + 1 / 60_000, 0)])
def test_a_horizon_is_half_open(minute, spent):
    store = profiles("spent")
    heard(store, 0, 0, total=30)
    assert at(store, minute)["spent"] == spent


def test_of_a_customer_never_heard_of_counts_are_zero_and_the_rest_is_missing():
    store = profiles("orders", "spent", "latest", "kinds", "tier")
    assert at(store, 0) == {"orders": 0, "spent": 0, "kinds": 0, "latest": None}


def test_where_nothing_is_kept_there_is_no_profile():
    assert at(profiles(), 0) is None


def test_what_is_no_number_adds_nothing():
    store = profiles("spent", "orders")
    for offset, total in enumerate(["12", None, True, [1], {"a": 1}]):
        heard(store, offset, 1, total=total)
    assert at(store, 1) == {"spent": 0, "orders": 5}


def test_a_sum_beyond_64_bits_becomes_a_double():
    store = profiles("spent")
    heard(store, 0, 1, total=2**63 - 1)
    heard(store, 1, 1, total=2**63 - 1)
    assert at(store, 1)["spent"] == float(2**64)


def test_on_arrival_everything_received_counts():
    store = profiles("orders", "tier")
    heard(store, 0, 10, "identify", tier="gold")
    heard(store, 1, 10)
    assert store.on_arrival("c1", 5 * MINUTE) == {"orders": 1, "tier": "gold"}
    assert at(store, 5) == {"orders": 0}


def test_customers_of_whom_nothing_is_left_are_forgotten():
    store = profiles("spent")
    for offset in range(1_000):
        store.advance((offset - 1) * MINUTE)
        heard(store, offset, offset, customer=f"c{offset}", total=1)
    assert len(store) < 150


def test_what_only_the_newest_row_can_decide_is_kept_once():
    store = profiles("recent", "cheapest", "kinds")
    for offset in range(100):
        heard(store, offset, 1 + offset / 1_000, total=offset, kind="k")
    store.advance(5 * MINUTE)
    at(store, 5)
    (profile,) = [each for bucket in store.buckets for each in bucket.values()]
    assert sorted(map(len, profile.settled)) == [1, 1, 100]
    heard(store, 200, 6, total=-1, kind="k")
    store.advance(7 * MINUTE)
    at(store, 7)
    assert [len(each) for each in profile.settled] == [1, 1, 1]


@pytest.mark.parametrize("advanced", [-1, 11, 40])
def test_a_stored_bucket_comes_back_whole(advanced):
    asked = [each.trait for each in TRAITS] + ["tier"]
    store = profiles(*asked)
    heard(store, 0, 10, "identify", tier=["x", {"y": 1}])
    heard(store, 1, 10, total=3.5, kind="a")
    heard(store, 2, 30, total=4, kind="b")
    store.advance(advanced * MINUTE)
    fresh = profiles(*asked)
    for bucket in range(BUCKETS):
        assert restore_bucket(store_bucket(store, 7, bucket), {7: fresh}.__getitem__) == (7, bucket)
    assert [store_bucket(fresh, 7, bucket) for bucket in range(BUCKETS)] == [
        store_bucket(store, 7, bucket) for bucket in range(BUCKETS)
    ]
    assert at(fresh, 40) == at(store, 40)
    heard(fresh, 3, 41, total=1)
    heard(store, 3, 41, total=1)
    assert at(fresh, 41) == at(store, 41)


def test_what_nothing_reads_any_more_is_left_out_and_a_changed_trait_starts_fresh():
    store = profiles("orders", "latest", "tier", "name")
    heard(store, 0, 1, "identify", tier="gold", name="N")
    heard(store, 1, 1, total=5)
    changed = Trait.model_validate({"trait": "orders", "event": ["purchase", "order"], "count": "*"})
    fresh = Profiles(kept_for([("orders",), ("latest",), ("tier",)], [changed, *TRAITS[1:]]), dedupe_horizon_us=HORIZON)
    restore_bucket(store_bucket(store, 0, bucket_of("c1")), lambda _: fresh)
    assert at(fresh, 2) == {"orders": 0, "latest": 5, "tier": "gold"}


def test_a_reworded_trait_keeps_its_values():
    store = profiles("orders")
    heard(store, 0, 1, total=5)
    reworded = TRAITS[0].model_copy(update={"description": "Orders, ever."})
    fresh = Profiles(kept_for([("orders",)], [reworded]), dedupe_horizon_us=HORIZON)
    restore_bucket(store_bucket(store, 0, bucket_of("c1")), lambda _: fresh)
    assert at(fresh, 2) == {"orders": 1}


def test_a_late_copy_is_recognised_for_the_dedupe_horizon():
    store = profiles("orders", "spent", "tier")
    heard(store, 0, 10, total=5, id="e")
    heard(store, 1, 10, "identify", tier="gold", id="i")
    heard(store, 2, 10, "identify", tier="silver")
    store.advance(12 * MINUTE)
    heard(store, 3, 10, late_at=12, total=5, id="e")
    heard(store, 4, 10, "identify", late_at=12, tier="gold", id="i")
    assert at(store, 13) == {"orders": 1, "spent": 5, "tier": "silver"}
    heard(store, 5, 10, late_at=12, total=5, id="another")
    assert at(store, 13) == {"orders": 2, "spent": 10, "tier": "silver"}


@pytest.mark.parametrize(("late_at", "orders"), [(1_009, 1), (1_010, 0)])
def test_a_late_event_of_which_nobody_knows_whether_it_is_a_copy_is_not_counted(late_at, orders):
    store = profiles("orders", "latest", "tier")
    heard(store, 0, 10, late_at=late_at, total=5)
    heard(store, 1, 10, "identify", late_at=late_at, tier="gold")
    assert at(store, 2_000) == {"orders": orders, "latest": 5, "tier": "gold"}


def test_of_more_events_than_are_kept_the_newest_count(monkeypatch):
    monkeypatch.setattr("operators.profiles.aggregates.MOST_ROWS", 5)
    one, other = profiles("spent"), profiles("spent")
    for offset in range(9):
        heard(one, offset, 1 + offset / 60, total=2**offset)
        heard(other, offset, 1 + offset / 60, total=2**offset)
        other.advance(int((1 + offset / 60) * MINUTE))
    assert at(one, 3) == at(other, 3) == {"spent": 16 + 32 + 64 + 128 + 256}


def test_a_late_copy_that_comes_before_its_original_is_counted_once():
    store = profiles("orders")
    heard(store, 7, 10, late_at=12, id="e")
    heard(store, 0, 10, id="e")
    assert at(store, 13) == {"orders": 1}
