"""Triggers with policies, on the grid of ``strategies``; profiles; a policy file."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from config.common_policy import CommonPolicy
from tests.moments import START_US

SPANS = st.sampled_from(["10m", "20m", "30m", "1h"])
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")


@st.composite
def policies(draw: Any) -> dict[str, Any]:
    """The words of one policy."""
    policy: dict[str, Any] = {}

    def maybe(word: str, values: st.SearchStrategy[Any], chance: int = 3) -> None:
        if draw(st.integers(0, chance)) == 0:
            policy[word] = draw(values)

    maybe("consent", st.just("marketing"))
    maybe("holdout", st.sampled_from(["0%", "50%"]))
    maybe("cooldown", SPANS)
    maybe("max_age", SPANS)
    maybe("priority", st.integers(0, 2), 1)
    maybe("arbitration", st.sampled_from(["10m", "20m"]), 2)
    maybe("where", st.sampled_from([{"properties.x": {"eq": 1}}, {"$customer.tier": {"gte": 2}}]), 4)
    maybe("recipient", st.sampled_from(["customer_id", "properties.p"]), 5)
    period = st.sampled_from(["20m", "1h", "day", "week"])
    cap = st.builds(lambda per, most, what: {**what, "max": most, "per": per}, period, st.integers(1, 3),
                    st.sampled_from([{"channel": "email"}, {"tag": "promo"}]))  # fmt: skip
    maybe("caps", st.lists(cap, min_size=1, max_size=2), 1)
    hours = st.sampled_from([("10:20", "10:50"), ("10:30", "11:10"), ("11:00", "08:00")])
    quiet = st.builds(
        lambda times, then, zone: {"from": times[0], "to": times[1], "then": then, "timezone": zone},
        hours, st.sampled_from(["defer", "defer", "drop"]), st.sampled_from(["$customer.timezone", "UTC"]),
    )  # fmt: skip
    maybe("quiet_hours", quiet, 2)
    return policy


@st.composite
def ruled(draw: Any, name: str) -> str:
    """The text of a trigger with a policy."""
    steps = draw(
        st.sampled_from(
            [
                [{"event": "a"}],
                [{"event": "b"}],
                [{"event": ["a", "b"]}, {"wait": "10m"}],
                [{"event": "a"}, {"absent": "b", "within": "20m"}],
                [{"event": "a", "times": 2, "within": "30m"}],
            ]
        )
    )
    match: dict[str, Any] = {"steps": steps}
    match["key"] = draw(st.sampled_from(["customer_id", "customer_id", "properties.p"]))
    policy = draw(policies())
    if policy.get("recipient", "customer_id") == match["key"] and draw(st.integers(0, 3)) == 0:
        match["fires"] = draw(st.sampled_from(["once", {"once_per": "30m"}]))
    actions: list[dict[str, Any]] = [{"channel": "email", "template": "x"}]
    if draw(st.booleans()):
        actions.append({"channel": "push", "template": "y", "tag": "promo"})
    if draw(st.integers(0, 3)) == 0:
        actions[-1]["after"] = draw(SPANS)
    return json.dumps({"trigger": name, "version": 1, "match": match, "policy": policy, "actions": actions}, indent=1)


@st.composite
def profiles(draw: Any) -> dict[str, tuple[int, dict[str, Any], dict[str, Any]]]:
    """By customer, attributes that change once: (when, before, after)."""
    some = st.fixed_dictionaries(
        {},
        optional={
            "consent": st.fixed_dictionaries({"marketing": st.sampled_from([True, True, False])}),
            "timezone": st.sampled_from([*ZONES, "Nowhere"]),
            "tier": st.integers(1, 3),
        },
    )
    return {name: (draw(st.integers(0, 9)), draw(some), draw(some)) for name in ("c1", "c2", "p1")}


def reader(known: dict[str, Any], grid_us: int) -> Any:
    """The profiles as deciding reads them."""

    def read(customer_id: str, time_us: int) -> dict[str, Any] | None:
        if customer_id not in known:
            return None
        changes, before, after = known[customer_id]
        found: dict[str, Any] = before if time_us < START_US + changes * grid_us else after
        return found

    return read


COMMON = st.sampled_from(
    [
        CommonPolicy(),
        CommonPolicy.model_validate({"holdout": "30%", "default_timezone": "Asia/Kolkata"}),
        CommonPolicy.model_validate({"caps": [{"channel": "email", "max": 2, "per": "day"}]}),
    ]
)
