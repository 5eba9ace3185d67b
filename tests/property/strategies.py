"""Triggers and streams on a coarse grid of time, so that boundaries and equal times are frequent."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.harness import START_US

GRID_US = 600_000_000
SPANS = st.sampled_from(["10m", "20m", "30m"])
TYPES = st.sampled_from(["a", "b", "c", "d"])
X = st.sampled_from([1, 1, 1, 0, 2, "1", None])


@st.composite
def conditions(draw: Any, names: list[str], depth: int = 1) -> dict[str, Any]:
    if depth and draw(st.integers(0, 4)) == 0:
        word = draw(st.sampled_from(["not", "any_of", "all_of"]))
        inner = conditions(names, depth - 1)
        return {word: draw(inner) if word == "not" else draw(st.lists(inner, min_size=1, max_size=2))}
    values: st.SearchStrategy[Any] = st.sampled_from([1, 1, 0, 2, "1"])
    if names:
        name = draw(st.sampled_from(names))
        values = values | st.sampled_from([f"${name}.properties.x", f"${name}.properties.x + 1"])
    operator = draw(st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte", "exists", "in"]))
    value: Any = draw(values)
    if operator == "exists":
        value = draw(st.booleans())
    elif operator == "in":
        value = draw(st.lists(st.sampled_from([0, 1, 2, "1"]), min_size=1, max_size=2))
    return {"properties.x": {operator: value}}


@st.composite
def matchers(
    draw: Any, word: str, names: list[str], key: Any, *, first: bool = False, plain: bool = False
) -> dict[str, Any]:
    """``{event: …}`` or ``{absent: …}``. Type d keeps the key elsewhere where the key asks for a product.

    ``plain``: only the two frequent types, without a condition.
    """
    if plain:
        return {word: "a" if first else draw(st.sampled_from(["a", "b", "b", "b"]))}
    types = st.sampled_from(["a", "a", "b", "d"]) if first else TYPES | st.sampled_from(["*", ["a", "b"], ["c", "d"]])
    chosen = draw(types)
    step: dict[str, Any] = {word: chosen}
    if draw(st.integers(0, 5)) == 0:
        step["where"] = draw(conditions(names))
    own = {
        "properties.p": ["properties.items.p"],
        ("customer_id", "properties.p"): ["customer_id", "properties.items.p"],
    }
    elsewhere = own.get(tuple(key) if isinstance(key, list) else key)
    if elsewhere and chosen == "*":
        # One event that comes to one key by two ways is shown to it twice; see test_keys_and_lists.
        step[word] = chosen = ["a", "b", "c", "d"]
    if elsewhere and "d" in chosen:
        step["key"] = {"d": elsewhere}
    return step


@st.composite
def triggers(draw: Any) -> str:
    """The text of a trigger that this version runs."""
    plain = draw(st.booleans())
    key = "customer_id"
    if not plain:
        key = draw(st.sampled_from(["customer_id", "customer_id", "properties.p", ["customer_id", "properties.p"]]))
    names = ["first"]
    first = draw(matchers("event", [], key, first=True, plain=plain)) | {"as": "first"}
    if draw(st.integers(0, 2)) == 0:
        first["times"] = draw(st.integers(1, 3))
        if draw(st.booleans()):
            first["within"] = draw(SPANS)
    steps = [first]
    for place in range(draw(st.sampled_from([0, 1, 1, 1, 2, 2, 3]))):
        kind = draw(st.sampled_from(["event", "event", "absent", "absent", "absent", "idle", "wait"]))
        step: dict[str, Any]
        if kind in ("event", "absent"):
            step = draw(matchers(kind, names, key, plain=plain))
            if draw(st.booleans()):
                step["within"] = draw(SPANS)
        elif kind == "idle":
            step = {"idle": draw(SPANS)}
            if draw(st.booleans()):
                step = {"idle": {"for": step["idle"], "of": draw(st.lists(TYPES, min_size=1, max_size=2, unique=True))}}
        else:
            step = {"wait": draw(SPANS)}
        if kind == "event":
            step["as"] = f"step{place}"
            names = [*names, step["as"]]
            if draw(st.integers(0, 3)) == 0:
                step["times"] = draw(st.integers(1, 2))
        steps.append(step)
    takers = [step for step in steps if "event" in step]
    while "absent" in steps[-1] and "within" not in steps[-1]:
        steps[-1]["within"] = draw(SPANS)
    for place, step in enumerate(steps):
        if "absent" in step and "within" not in step and not any("event" in later for later in steps[place + 1 :]):
            step["within"] = draw(SPANS)
    match: dict[str, Any] = {
        "key": key,
        "on_repeat": draw(st.sampled_from(["restart", "ignore", "overlap"])),
        "steps": steps,
    }
    if (len(takers) > 1 or first.get("times", 1) > 1) and draw(st.integers(0, 2)) == 0:
        match["within"] = draw(st.sampled_from(["20m", "30m", "50m"]))
    if draw(st.integers(0, 2)) == 0:
        match["exit"] = [draw(matchers("event", names, key, plain=plain))]
    if match["on_repeat"] != "overlap" and draw(st.integers(0, 3)) == 0:
        match["after_match"] = "keep"
    later = {
        each for step in takers[1:] for each in ([step["event"]] if isinstance(step["event"], str) else step["event"])
    }
    if not later & {first["event"], "*"} and draw(st.integers(0, 3)) == 0:
        # Whether an event that advances the match of one `per` may begin that of another is not said.
        match["per"] = draw(st.sampled_from(["customer_id", "properties.x"]))
    return json.dumps(
        {"trigger": "t", "version": 1, "match": match, "actions": [{"channel": "email", "template": "x"}]}, indent=1
    )


P = st.sampled_from(["p1", "p1", "p1", "p2", None])


@st.composite
def streams(draw: Any, *, late: bool = True, copies: bool = True) -> list[dict[str, Any]]:
    """A log in order of arrival: canonical events, ids by their place, some repeated, some far out of order."""
    count = draw(st.integers(2, 8) | st.integers(6, 18))
    log: list[dict[str, Any]] = []
    for place in range(count):
        properties: dict[str, Any] = {
            "x": draw(X),
            "p": draw(P),
            "items": [{"p": draw(P)} for _ in range(draw(st.integers(0, 2)))],
        }
        found: dict[str, Any] = {
            "event_id": f"e{place}",
            "type": draw(st.sampled_from(["a", "a", "a", "b", "b", "c", "d", "x"])),
            "event_time": START_US // 1_000 + draw(st.integers(0, 9)) * GRID_US // 1_000,
            "customer_id": draw(st.sampled_from(["c1", "c1", "c1", "c1", "c2"])),
            "properties": {name: value for name, value in properties.items() if value is not None},
        }
        if draw(st.integers(0, 5)) == 0:
            found["context"] = {"kind": "system"}
        log.append(found)
    if not late or draw(st.integers(0, 2)):
        log.sort(key=lambda each: each["event_time"])
    if copies and draw(st.integers(0, 2)) == 0:
        copy = draw(st.sampled_from(log))
        log.insert(draw(st.integers(log.index(copy), len(log))), copy)
    return log
