"""Triggers, valid as they are made: JSON, which is YAML.

A profile says which parts of the language a trigger is made of, so that each is met often and in few examples.
"""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import strategies as st

from tests.property.strategies.conditions import Scope, matchers
from tests.property.strategies.grid import LOCAL_TIMES, SPANS, TYPES, sometimes

Step = dict[str, Any]

PROFILES: Final[dict[str, tuple[str, ...]]] = {
    "sequences": ("event", "event", "absent", "guard", "idle", "wait"),
    "leading": ("leading", "event", "absent"),
    "first_times": ("first_times", "event", "absent"),
    "having": ("first_times", "having", "event", "absent"),
    "loops": ("loop", "loop", "event", "guard", "absent", "wait"),
    "greedy": ("loop", "greedy", "until", "event", "absent"),
    "optional": ("optional", "optional", "event", "guard", "absent", "loop"),
    "groups": ("group", "group", "event", "guard", "wait"),
    "first_group": ("first_group", "event", "absent", "group"),
    "moments": ("at", "wait_for", "event", "absent"),
    "neighbours": ("event", "contiguity", "optional", "loop", "group", "wait"),
    "skips": ("event", "event", "skip", "absent", "wait", "contiguity"),
    "everything": (
        *("leading", "first_times", "first_group", "having", "event", "event", "absent", "guard", "idle", "wait"),
        *("loop", "greedy", "until", "optional", "group", "at", "wait_for", "contiguity", "skip"),
    ),
}
_STEPS: Final = ("event", "absent", "guard", "idle", "wait", "loop", "optional", "group", "at", "wait_for")


@st.composite
def triggers(draw: Any, profile: str | None = None) -> str:
    """The text of a trigger that loads; of any profile where none is named."""
    has = PROFILES[profile or draw(st.sampled_from(sorted(PROFILES)))]
    plain = draw(st.booleans())
    keys = ["customer_id", "customer_id", "properties.p", ["customer_id", "properties.p"], "properties.items.p"]
    scope = Scope("customer_id" if plain else draw(st.sampled_from(keys)), plain=plain)
    leading = draw(_leading(scope)) if "leading" in has else []
    first = draw(_first(scope, has))
    scope = _with_names(scope, first)
    steps = [*leading, first]
    if first.get("optional"):
        steps.append(draw(matchers("event", scope)) | {"as": "second"})
        scope = _with_names(scope, steps[-1])
    for place in range(draw(st.sampled_from([0, 1, 1, 1, 2, 2, 3]))):
        steps.append(draw(_step(scope, has, f"s{place}")))
        scope = _with_names(scope, steps[-1])
    _time_what_has_no_event_after(draw, steps)
    _end_what_is_greedy_last(draw, steps)
    match: dict[str, Any] = {"key": scope.key, "on_repeat": draw(st.sampled_from(["restart", "ignore", "overlap"]))}
    match["steps"] = steps
    draw(_frame(match, scope, has))
    return json.dumps(_document(draw, match), indent=1)


# --- the first step ---


@st.composite
def _leading(draw: Any, scope: Scope) -> list[Step]:
    count = draw(st.integers(1, 2))
    return [draw(matchers("absent", scope)) | {"within": draw(SPANS)} for _ in range(count)]


@st.composite
def _first(draw: Any, scope: Scope, has: tuple[str, ...]) -> Step:
    types = st.sampled_from(["a", "a", "b", "d"])
    if "first_group" in has and draw(st.booleans()):
        return draw(_first_group(scope))
    if "first_times" in has and draw(st.booleans()):
        times = draw(_times())
        own = Scope(scope.key, own="first", plain=scope.plain)
        step = draw(matchers("event", own, types=types)) | {"as": "first", "times": times}
        if isinstance(times, dict) and "within" in times and draw(st.booleans()):
            step["within"] = times.pop("within")
        if "having" in has and sometimes(draw, 2):
            step["having"] = draw(_having())
            if "within" not in step and (isinstance(times, int) or "within" not in times):
                # All of the key's events for ever would be in the window: that is refused.
                step["within"] = draw(SPANS)
        if _repeats(times) and sometimes(draw, 4):
            step["until"] = draw(matchers("event", scope.with_name("first", repeated=True)))
        return step
    step = draw(matchers("event", scope, types=types)) | {"as": "first"}
    return step | ({"optional": True} if "optional" in has and sometimes(draw, 4) else {})


@st.composite
def _first_group(draw: Any, scope: Scope) -> Step:
    """`any` of events, or `all` of events with an `any` or an `all` of events in it."""
    if sometimes(draw):
        return {"any": [draw(_member(scope, f"f{i}")) for i in range(draw(st.integers(1, 3)))]}
    found: list[Step] = [draw(_member(scope, f"f{i}")) for i in range(draw(st.integers(1, 2)))]
    if not found[1:] or sometimes(draw):
        inner = [draw(_member(scope, f"g{i}")) for i in range(2)]
        found.append(draw(st.sampled_from([{"any": inner}, {"all": inner}, inner[0]])))
    return {"all": found} | ({"within": draw(SPANS)} if draw(st.booleans()) else {})


# --- later steps ---


@st.composite
def _step(draw: Any, scope: Scope, has: tuple[str, ...], name: str) -> Step:
    kind = draw(st.sampled_from([each for each in has if each in _STEPS]))
    if kind in ("event", "loop", "optional"):
        return draw(_event_step(scope, has, name, kind))
    if kind in ("absent", "guard"):
        return draw(matchers("absent", scope)) | ({"within": draw(SPANS)} if kind == "absent" else {})
    if kind == "group":
        step = draw(_group(scope, name, depth=1))
        return step | draw(_between(has)) | ({"within": draw(SPANS)} if draw(st.booleans()) else {})
    if kind == "idle":
        span = draw(SPANS)
        types = draw(st.lists(TYPES, min_size=1, max_size=2, unique=True))
        return {"idle": draw(st.sampled_from([span, {"for": span, "of": types}]))}
    single = [each for each in scope.names if each not in scope.repeated] or list(scope.names)
    if kind == "at" and draw(st.booleans()):
        return {"at": draw(LOCAL_TIMES)} if scope.key[0] in ("c", "customer_id") else {"wait": draw(SPANS)}
    if kind == "at" and single:
        offset = {"offset": draw(st.sampled_from(["-10m", "10m", "599999ms"]))} if sometimes(draw) else {}
        return {"at": f"${draw(st.sampled_from(single))}.properties.at"} | offset
    if kind == "wait_for" and single:
        return {"wait": f"${draw(st.sampled_from(single))}.properties.wait"}
    return {"wait": draw(SPANS)}


@st.composite
def _event_step(draw: Any, scope: Scope, has: tuple[str, ...], name: str, kind: str) -> Step:
    times = draw(_times()) if kind == "loop" or ("loop" in has and sometimes(draw, 6)) else None
    own = Scope(scope.key, scope.names, scope.repeated, name if times is not None else None, plain=scope.plain)
    step = draw(matchers("event", own)) | {"as": name} | draw(_between(has))
    if draw(st.booleans()):
        step["within"] = draw(SPANS)
    if kind == "optional":
        step["optional"] = True
    if times is None:
        return step
    step["times"] = times
    if "greedy" in has and isinstance(times, dict) and times.get("max") != times.get("min", 1) and draw(st.booleans()):
        step["greedy"] = True
    if _repeats(times) and sometimes(draw, 2 if "until" in has else 6):
        step["until"] = draw(matchers("event", scope.with_name(name, repeated=True)))
    if sometimes(draw, 5):
        step["having"] = draw(_having())
    return step


@st.composite
def _between(draw: Any, has: tuple[str, ...]) -> Step:
    if "contiguity" in has and draw(st.booleans()):
        return {"contiguity": draw(st.sampled_from(["strict", "each"]))}
    return {}


@st.composite
def _times(draw: Any) -> Any:
    least = draw(st.integers(1, 3))
    if sometimes(draw):
        return least
    times: dict[str, Any] = {"min": least}
    if draw(st.booleans()):
        times["max"] = least + draw(st.integers(0, 2))
    if sometimes(draw):
        times["within"] = draw(SPANS)
    if sometimes(draw, 4):
        times["contiguity"] = "strict"
    return times


def _repeats(times: Any) -> bool:
    return (times if isinstance(times, int) else times.get("max")) != 1


@st.composite
def _having(draw: Any) -> dict[str, Any]:
    word = draw(st.sampled_from(["sum", "sum", "count", "min", "max", "avg", "distinct"]))
    operator = draw(st.sampled_from(["gte", "gte", "lte", "eq", "lt"]))
    return {word: "properties.x", operator: draw(st.sampled_from([1, 2, 3]))}


@st.composite
def _group(draw: Any, scope: Scope, name: str, depth: int) -> Step:
    members: list[Step] = []
    for i in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["event", "event", "absent", *(["group"] if depth else [])]))
        if kind == "group":
            members.append(draw(_group(scope, f"{name}_{i}", depth - 1)))
        elif kind == "absent":
            members.append(draw(matchers("absent", scope)) | {"within": draw(SPANS)})
        else:
            members.append(draw(_member(scope, f"{name}_{i}")))
    return {draw(st.sampled_from(["all", "any"])): members}


@st.composite
def _member(draw: Any, scope: Scope, name: str) -> Step:
    return draw(matchers("event", scope)) | {"as": name}


# --- what surrounds the steps ---


def _time_what_has_no_event_after(draw: Any, steps: list[Step]) -> None:
    for place, step in enumerate(steps):
        if "absent" in step and "within" not in step and not any(map(_takes_event, steps[place + 1 :])):
            step["within"] = draw(SPANS)


def _end_what_is_greedy_last(draw: Any, steps: list[Step]) -> None:
    if steps[-1].get("greedy") and "within" not in steps[-1]:
        steps[-1]["within"] = draw(SPANS)


@st.composite
def _frame(draw: Any, match: dict[str, Any], scope: Scope, has: tuple[str, ...]) -> None:
    """`within`, `exit`, `after_match` and `per` of the match."""
    steps = match["steps"]
    if sometimes(draw) and _takes_two(steps):
        match["within"] = draw(st.sampled_from(["20m", "30m", "50m", "1199999ms"]))
    if sometimes(draw):
        match["exit"] = [draw(matchers("event", scope))]
    if "skip" in has and sometimes(draw, 2):
        named = [{word: draw(st.sampled_from(scope.names))} for word in ("skip_to_first", "skip_to_last")]
        match["after_match"] = draw(st.sampled_from(["skip_past_last", "skip_to_next", *named]))
        match["on_repeat"] = draw(st.sampled_from(["overlap", "overlap", match["on_repeat"]]))
    elif match["on_repeat"] != "overlap" and sometimes(draw, 4):
        match["after_match"] = "keep"
    if sometimes(draw, 4):
        match["per"] = draw(st.sampled_from(["customer_id", "properties.x"]))


def _document(draw: Any, match: dict[str, Any]) -> dict[str, Any]:
    found = {"trigger": "t", "version": 1, "match": match, "actions": [{"channel": "email", "template": "x"}]}
    if any("at" in step for step in match["steps"]) and sometimes(draw):
        found["policy"] = {"max_age": "30m"}
    return found


def _with_names(scope: Scope, step: Step) -> Scope:
    for name, repeated in _names(step):
        scope = scope.with_name(name, repeated=repeated)
    return scope


def _names(step: Step) -> list[tuple[str, bool]]:
    if "as" in step:
        return [(step["as"], "times" in step)]
    return [found for member in _members(step) for found in _names(member)]


def _members(step: Step) -> list[Step]:
    return [*step.get("all", []), *step.get("any", [])]


def _takes_event(step: Step) -> bool:
    return "event" in step or any(map(_takes_event, _members(step)))


def _takes_two(steps: list[Step]) -> bool:
    takers = [step for step in steps if _takes_event(step)]
    if len(takers) != 1 or "event" not in takers[0]:
        return len(takers) > 1 or _group_takes_two(takers[0])
    return "times" in takers[0] and _repeats(takers[0]["times"])


def _group_takes_two(group: Step) -> bool:
    if "all" in group and sum(map(_takes_event, group["all"])) > 1:
        return True
    return any(map(_group_takes_two, _members(group)))
