"""``$customer.path`` in conditions: on either side, in steps, absences and exits, three-valued, as of the event."""

import tempfile
from pathlib import Path

import pytest

from config.errors import ConfigError
from tests.backtests import run_flow
from tests.harness import compiled, event, heartbeat, run, trigger, watermark

GOLD = trigger("steps: [{event: a, where: {$customer.tier: {eq: gold}}}, {absent: b, within: 10m}]")
ARRIVAL = trigger("steps: [{event: a, where: {$customer.tier: {eq: gold}}}]")


def set_tier(when, tier, **options):
    return event("identify", when, tier=tier, **options)


def test_a_step_fits_by_the_profile_as_of_its_event():
    log = [event("a", "0s"), set_tier("1m", "gold"), event("a", "2m"), set_tier("3m", "silver"), event("a", "20m")]
    assert run(GOLD, log, at_end="flush").fired == ["12m"]


def test_customer_updated_sets_attributes_too():
    log = [event("customer_updated", "0s", tier="gold"), event("a", "1m")]
    assert run(GOLD, log, at_end="flush").fired == ["11m"]


def test_a_profile_event_that_comes_after_but_lies_before_counts():
    log = [event("a", "2m"), set_tier("1m", "gold")]
    assert run(GOLD, log, max_out_of_orderness="5m", at_end="flush").fired == ["12m"]


def test_a_profile_event_of_the_same_time_counts_whichever_came_first():
    assert run(GOLD, [event("a", "1m"), set_tier("1m", "gold")], at_end="flush").fired == ["11m"]
    assert run(GOLD, [set_tier("1m", "gold"), event("a", "1m")], at_end="flush").fired == ["11m"]


def test_another_customer_s_profile_is_another_matter():
    log = [set_tier("0s", "gold", customer="c2"), event("a", "1m"), event("a", "1m", customer="c2")]
    assert run(GOLD, log, at_end="flush").fired == ["c2 11m"]


def test_a_copy_of_a_profile_event_changes_nothing():
    count = "trait: identified\nevent: identify\ncount: '*'\n"
    log = [set_tier("0s", "gold", id="i"), set_tier("0s", "gold", id="i"), event("a", "1m")]
    text = trigger("steps: [{event: a, where: {$customer.identified: {eq: 1}}}]")
    assert run(with_traits(text, count), log).fired == ["1m"]


@pytest.mark.parametrize("chunk_size", [1, 2, 100])
def test_on_arrival_a_trigger_sees_what_still_waits_for_the_watermark(chunk_size):
    log = [event("a", "0s"), set_tier("5m", "gold"), event("a", "1m"), set_tier("4m", "silver"), event("a", "2m")]
    found = run(ARRIVAL, log, max_out_of_orderness="1h", chunk_size=chunk_size)
    assert found.fired == ["1m", "2m"], "the latest by event time is gold"


def test_a_late_profile_event_sets_what_no_later_one_has_set():
    log = [
        event("identify", "10m", tier="silver"), watermark("20m"),
        event("identify", "5m", tier="gold", country="NO"), event("a", "30m"),
    ]  # fmt: skip
    by_country = trigger("steps: [{event: a, where: {$customer.country: {eq: 'NO'}}}]", name="country")
    found = run([ARRIVAL, by_country], log)
    assert [each.trigger for each in found.decisions] == ["country"]


@pytest.mark.parametrize("chunk_size", [1, 3, 100])
def test_a_late_profile_event_does_not_change_what_was_processed_before_it(chunk_size):
    log = [event("a", "10m"), watermark("20m"), set_tier("5m", "gold"), event("a", "25m")]
    assert run(GOLD, log, at_end="flush", chunk_size=chunk_size).fired == ["35m"]


def test_the_right_side_may_be_the_customer_s_and_scaled():
    text = trigger("steps: [{event: a, where: {properties.price: {lt: $customer.limit * 0.5}}}]")
    log = [event("identify", "0s", limit=100), event("a", "1m", price=49), event("a", "2m", price=50)]
    assert run(text, log).fired == ["1m"]


def test_both_sides_may_be_the_customer_s():
    text = trigger("steps: [{event: a, where: {$customer.home: {eq: $customer.away}}}]")
    assert run(text, [event("identify", "0s", home="x", away="x"), event("a", "1m")]).fired == ["1m"]


def test_a_missing_profile_is_unknown():
    act = trigger("steps: [{event: a, where: {$customer.tier: {ne: gold}}}]", name="act")
    absent = trigger(
        "steps: [{event: a}, {absent: b, within: 10m, where: {$customer.tier: {eq: gold}}}]", name="absent"
    )
    exits = trigger(
        "steps: [{event: a}, {wait: 10m}]\nexit: [{event: b, where: {$customer.tier: {eq: gold}}}]", name="exits"
    )
    log = [event("a", "0s"), event("b", "1m")]
    found = run([act, absent, exits], log, at_end="flush")
    assert found.fired == []
    assert (found.tally.of("cancelled", "absent"), found.tally.of("exited", "exits")) == (1, 1)
    certain = run([act, absent, exits], [event("identify", "-1m", tier="silver"), *log], at_end="flush")
    assert [each.trigger for each in certain.decisions] == ["act", "absent", "exits"]


def test_what_is_missing_can_be_asked_for():
    text = trigger("steps: [{event: a, where: {$customer.email: {exists: false}}}]")
    assert run(text, [event("a", "0s")]).fired == ["0s"]
    assert run(text, [event("identify", "-1m", email="x"), event("a", "0s")]).fired == []


def test_a_composite_key_and_a_list_element_keep_the_profile():
    text = trigger(
        "key: [customer_id, properties.products.id]\n"
        "steps: [{event: a, as: a, where: {$customer.tier: {eq: gold}}}, {wait: 1m}]",
        rest="actions: [{channel: email, template: x, data: {price: $a.item.price}}]",
    )
    log = [set_tier("0s", "gold"), event("a", "1m", products=[{"id": "p", "price": 1}, {"id": "q", "price": 2}])]
    found = run(text, log, at_end="flush")
    assert sorted(each["price"] for each in found.data) == [1, 2]


def test_any_type_may_ask():
    text = trigger('steps: [{event: "*", where: {$customer.tier: {eq: gold}}}]')
    assert run(text, [event("z", "0s"), set_tier("1m", "gold"), event("q", "2m")]).fired == ["1m", "2m"]


@pytest.mark.parametrize(
    ("match", "problem"),
    [
        ("key: properties.p\nsteps: [{event: a, where: {$customer.x: {eq: 1}}}]", "the key does not begin with"),
        ("key: properties.p\nsteps: [{event: a, where: {score.x: {gt: 1}}}]", "the key does not begin with"),
        ("steps: [{event: a}, {event: b, key: properties.p, where: {$customer.x: {eq: 1}}}]", '"$customer.x" asks for'),
        ("steps: [{event: a}]\nexit: [{event: b, key: {b: properties.p}, where: {properties.x: {eq: $customer.y}}}]",
         'match.exit[0].where.properties.x.eq: "$customer.y" asks for'),
    ],
)  # fmt: skip
def test_where_the_customer_s_profile_is_not_at_hand_it_is_refused(match, problem):
    with pytest.raises(ConfigError) as refused:
        compiled(trigger(match))
    assert problem in str(refused.value)
    assert "trigger0.yaml:" in str(refused.value)


def with_traits(text, *traits):
    """A plan with these traits."""
    with tempfile.TemporaryDirectory() as folder:
        for i, trait in enumerate(traits):
            (Path(folder) / f"{i}.yaml").write_text(trait)
        return compiled(text, traits=Path(folder))


ORDERS = "trait: orders\nevent: purchase\ncount: '*'\nwithin: 1h\n"
REPEAT = trigger("steps: [{event: purchase, where: {$customer.orders: {gte: 2}}}, {absent: refund, within: 1m}]")


def test_a_trait_counts_the_event_that_asks():
    log = [event("purchase", "0s"), event("purchase", "30m"), event("purchase", "90m")]
    assert run(with_traits(REPEAT, ORDERS), log, at_end="flush").fired == ["31m"]


def test_a_plan_that_reads_no_profile_keeps_none_and_hears_of_none():
    plan = compiled(trigger("steps: [{event: a}]"))
    assert not plan.profiles
    found = run(plan, [set_tier("0s", "gold"), event("a", "1m")])
    assert sum(len(group.profiles) for group in found.groups) == 0
    assert found.groups[0].profile_at("c1", 0) is None


LOG = [
    set_tier("0s", "gold"), event("purchase", "1m"), event("a", "2m"), set_tier("4m", "silver", customer="c2"),
    event("purchase", "3m"), event("a", "6m", customer="c2"), set_tier("5m", "gold", customer="c2"), heartbeat("30m"),
    set_tier("10m", "silver", id="late"), event("a", "31m"), event("purchase", "32m", customer="c2"),
    set_tier("33m", "gold"), event("purchase", "31m", customer="c2", id="before"), event("a", "34m"),
]  # fmt: skip


@pytest.mark.parametrize("chunk_size", [1, 2, 5])
@pytest.mark.parametrize("key_groups", [1, 3, 64])
@pytest.mark.parametrize("snapshot_every", [None, 1])
def test_chunks_key_groups_and_restarts_change_nothing(chunk_size, key_groups, snapshot_every, tmp_path):
    (tmp_path / "orders.yaml").write_text(ORDERS)
    plan = compiled(GOLD, REPEAT.replace("trigger: t", "trigger: r"), traits=tmp_path)
    whole = run(plan, LOG, max_out_of_orderness="2m", at_end="flush", key_groups=1)
    cut = run(
        plan, LOG, max_out_of_orderness="2m", at_end="flush", key_groups=key_groups, chunk_size=chunk_size,
        snapshot_every=snapshot_every,
    )  # fmt: skip
    assert cut.lines() == whole.lines()
    assert cut.tally.counts == whole.tally.counts
    assert len(whole.decisions) >= 4


def test_any_number_of_workers_writes_the_same(tmp_path):
    traits = tmp_path / "traits"
    traits.mkdir()
    (traits / "orders.yaml").write_text(ORDERS)
    texts = [GOLD, ARRIVAL.replace("trigger: t", "trigger: s"), REPEAT.replace("trigger: t", "trigger: r")]
    log = [each for each in LOG if "heartbeat" not in each]
    asked = {"max_out_of_orderness": "2m", "at_end": "flush", "traits": traits}
    one = run_flow(texts, log, tmp_path, **asked)
    assert run_flow(texts, log, tmp_path, workers=2, chunk_size=3, **asked).lines == one.lines
    assert one.lines == run(compiled(*texts, traits=traits), log, max_out_of_orderness="2m", at_end="flush").lines()
    assert {row["trigger"] for row in one.rows} == {"r", "s", "t"}


def test_a_late_copy_of_what_a_trait_counted_is_not_counted_again():
    log = [
        event("purchase", "0s", id="p"), watermark("10m"), event("purchase", "0s", id="p"), event("a", "20m"),
        event("purchase", "25m"),
    ]  # fmt: skip
    found = run(with_traits(REPEAT, ORDERS), log, at_end="flush")
    assert (found.fired, found.tally.of("late")) == (["26m"], 1)
