"""One event for one `event_id`. Fates in order: dead letter, duplicate, late, matched; they add up to what was read."""

import pytest

from operators.reasons import Fate
from tests.harness import event, run, trigger, watermark

TWICE = trigger("steps: [{event: click, times: 2, within: 1h}]")


def test_a_copy_counts_once():
    found = run(TWICE, [event("click", "0s"), event("click", "0s"), event("x", "1m")])
    assert (found.fired, found.tally.of("duplicate"), found.tally.of("matched")) == ([], 1, 2)


@pytest.mark.parametrize(("reached", "duplicates", "late"), [("10m-1ms", 1, 0), ("10m", 1, 0), ("10m+1ms", 0, 1)])
def test_a_copy_is_a_duplicate_until_the_watermark_of_its_partition_passes_its_time_and_late_from_then_on(
    reached, duplicates, late
):
    found = run(TWICE, [event("click", "10m"), watermark(reached), event("click", "10m")])
    assert (found.tally.of("duplicate"), found.tally.of("late")) == (duplicates, late)


def test_a_copy_in_another_partition_is_a_duplicate():
    found = run(TWICE, [event("click", "0s"), event("click", "0s")], partitions=[0, 1])
    assert (found.fired, found.tally.of("duplicate")) == ([], 1)


def test_copies_of_an_event_without_a_customer_meet():
    from config.events import load_event_schemas
    from flows.backtest import CONFIG

    price = event("price_changed", "0s", customer=None, product_id="p", price=1.0)
    found = run(TWICE, [price, price], schemas=load_event_schemas(CONFIG / "events"), key_groups=16)
    assert (found.tally.of("matched"), found.tally.of("duplicate"), found.dead) == (1, 1, [])


def test_a_foreign_event_counts_once():
    text = trigger("key: properties.p\nsteps: [{event: click, times: 2, within: 1h}]")
    assert run(text, [event("click", "0s", p="p1")] * 2).fired == []
    assert run(text, [event("click", "0s", p="p1"), event("click", "1s", p="p1")]).fired == ["p1 1s"]


def test_a_message_that_is_no_event_is_a_dead_letter_and_nothing_else():
    found = run(TWICE, [event("click", "0s"), {**event("click", "0s"), "event_time": "yesterday"}])
    assert (len(found.dead), found.tally.of("duplicate")) == (1, 0)


@pytest.mark.parametrize("key_groups", [1, 7, 64])
def test_the_fates_add_up_to_what_was_read(key_groups):
    events = [
        *(event("click", f"{i}m", customer=f"c{i % 3}") for i in range(20)),
        *(event("click", f"{i}m", customer=f"c{i % 3}") for i in range(10, 20)),
        event("click", "1m", id="late"),
        {"raw": b"{"},
        {**event("click", "0s"), "customer_id": ""},
    ]
    found = run(TWICE, events, key_groups=key_groups, max_out_of_orderness="2m")
    fates = {fate: found.tally.of(fate.value) for fate in Fate if fate != Fate.DEAD_LETTER}
    fates[Fate.DEAD_LETTER] = len(found.dead)
    assert sum(fates.values()) == found.read == len(events)
    assert fates == {Fate.DEAD_LETTER: 2, Fate.DUPLICATE: 3, Fate.LATE: 8, Fate.MATCHED: 20}
