"""Profiles equal a reference that keeps the whole log: sorted, merged and summed anew for every event that asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from config.loader import parse_trigger
from config.traits import Trait
from operators.compiler import compile_triggers
from operators.plan import Plan
from tests.harness import event, run, trigger
from tests.moments import START_US

MINUTE_US = 60_000_000
WITHIN = 10
TRAITS = [
    Trait.model_validate({"trait": "spent", "event": "buy", "sum": "properties.n", "within": f"{WITHIN}m"}),
    Trait.model_validate({"trait": "lowest", "event": "buy", "min": "properties.n", "within": f"{WITHIN}m"}),
    Trait.model_validate({"trait": "latest", "event": "buy", "last": "properties.n"}),
    Trait.model_validate({"trait": "bought", "event": "buy", "count": "*"}),
]
ASKED = {
    "tier": "$customer.a.tier: {eq: gold}",
    "whole": "$customer.a: {eq: gold}",
    "spent": "$customer.spent: {gte: $customer.limit}",
    "lowest": "$customer.lowest: {lte: 1}",
    "latest": "$customer.latest: {eq: 2}",
    "bought": "$customer.bought: {gte: 3}",
}
MATCH = "on_repeat: overlap\nsteps: [{event: ask, where: {%s}}, {wait: 1m}]"
TRIGGERS = [parse_trigger(trigger(MATCH % text, name=name)) for name, text in ASKED.items()]
PLAN = Plan(compile_triggers(TRIGGERS), TRAITS)

PATCHES = st.sampled_from(
    [
        *({"a": {"tier": "gold"}}, {"a": {"tier": "tin"}}, {"a": {"tier": None}}, {"a": {"other": 1}}),
        *({"a": None}, {"a": "gold"}, {"a": "tin"}),
        *({"limit": 2}, {"limit": 4}, {"limit": None}, {"unread": 1}),
    ]
)
EVENTS = st.one_of(
    st.tuples(st.sampled_from(["identify", "customer_updated"]), PATCHES),
    st.tuples(st.just("buy"), st.sampled_from([{"n": 0}, {"n": 1}, {"n": 2}, {"n": 3}, {"n": "x"}, {}])),
    st.tuples(st.just("ask"), st.just({})),
)


@st.composite
def logs(draw):
    """Events of two customers over half an hour; some far behind the others."""
    drawn = draw(st.lists(st.tuples(EVENTS, st.integers(0, 30), st.sampled_from(["c1", "c2"])), max_size=40))
    drawn = sorted(drawn, key=lambda each: each[1] + draw(st.sampled_from([0, 0, 3, 15])))
    return [
        event(what, f"{minute}m", customer=customer, id=f"e{i}", **properties)
        for i, ((what, properties), minute, customer) in enumerate(drawn)
    ]


def reference(log, bound):
    """(trigger, id of the event that asks) of all that must fire."""
    heard, largest = [], -(10**9)
    for place, each in enumerate(log):
        minute = (each["event_time"] * 1_000 - START_US) // MINUTE_US
        heard.append((minute, max(minute, largest - bound), place, each))
        largest = max(largest, minute)
    fired = set()
    for minute, order, _, asks in heard:
        if asks["type"] != "ask" or order > minute:
            continue
        mine = sorted(row for row in heard if row[3]["customer_id"] == asks["customer_id"] and row[1] <= minute)
        fired |= {(name, asks["event_id"]) for name in true_of(mine, minute)}
    return fired


def true_of(rows, minute):
    """The names of the conditions that certainly hold at this minute, of events in order of time and arrival."""
    profile = {}
    for *_, each in rows:
        if each["type"] in ("identify", "customer_updated"):
            profile = patched(profile, each["properties"])
    buys = [(at, each["properties"]) for at, _, _, each in rows if each["type"] == "buy"]
    numbers = [each["n"] for at, each in buys if isinstance(each.get("n"), int) and at > minute - WITHIN]
    values = [each["n"] for _, each in buys if "n" in each]
    a, limit = profile.get("a"), profile.get("limit")
    if isinstance(a, dict) and a.get("tier") == "gold":
        yield "tier"
    if a == "gold":
        yield "whole"
    if limit is not None and sum(numbers) >= limit:
        yield "spent"
    if numbers and min(numbers) <= 1:
        yield "lowest"
    if values and values[-1] == 2:
        yield "latest"
    if len(buys) >= 3:
        yield "bought"


def patched(target, patch):
    """RFC 7396, as it is written there."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = patched(target.get(name), value)
    return target


@given(
    logs(), st.sampled_from([0, 2, 6]), st.integers(1, 12), st.sampled_from([1, 2, 5]), st.sampled_from([None, 1, 3])
)
def test_what_a_condition_sees_is_what_the_log_says(log, bound, chunk_size, key_groups, snapshot_every):
    found = run(
        PLAN,
        log,
        max_out_of_orderness=f"{bound}m",
        at_end="flush",
        chunk_size=chunk_size,
        key_groups=key_groups,
        snapshot_every=snapshot_every,
    )
    fired = {(each.trigger, each.evidence[0].event_id) for each in found.told}
    assert fired == reference(log, bound)
