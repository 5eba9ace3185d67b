"""Conditions and matchers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.property.strategies.grid import TYPES, sometimes

OWN_KEYS: dict[Any, list[str]] = {
    "properties.p": ["properties.items.p"],
    ("customer_id", "properties.p"): ["customer_id", "properties.items.p"],
}
"""Where type d keeps the key that others have in `properties.p`."""


@dataclass(frozen=True)
class Scope:
    """What is known where a matcher stands."""

    key: Any
    names: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    """Of the names, those of repetitions."""
    own: str | None = None
    """The name of the repetition that the matcher is of."""
    plain: bool = False
    """Only the two frequent types, without a condition."""

    def with_name(self, name: str, *, repeated: bool) -> Scope:
        return replace(self, names=(*self.names, name), repeated=(*self.repeated, name) if repeated else self.repeated)


@st.composite
def references(draw: Any, scope: Scope) -> str:
    forms = [f"${name}.properties.x" for name in scope.names]
    if any(scope.key == each for each in ("properties.items.p", ["customer_id", "properties.items.p"])):
        forms += [f"${name}.item.q" for name in scope.names]
    for name in (*scope.repeated, *([scope.own] if scope.own else [])):
        forms += [f"${name}.first.properties.x", f"${name}.prev.properties.x", f"${name}.count"]
        forms += [f"${name}.{word}(properties.x)" for word in ("sum", "min", "max", "avg", "distinct")]
    found = draw(st.sampled_from(forms))
    return found + draw(st.sampled_from(["", "", " + 1", " * 2", " - 1"]))


@st.composite
def conditions(draw: Any, scope: Scope, depth: int = 1) -> dict[str, Any]:
    if depth and sometimes(draw, 5):
        word = draw(st.sampled_from(["not", "any_of", "all_of"]))
        inner = conditions(scope, depth - 1)
        return {word: draw(inner) if word == "not" else draw(st.lists(inner, min_size=1, max_size=2))}
    values: st.SearchStrategy[Any] = st.sampled_from([1, 1, 0, 2, "1"])
    if scope.names or scope.own:
        values = references(scope) | values
    operator = draw(st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte", "exists", "in"]))
    value: Any = draw(values)
    if operator == "exists":
        value = draw(st.booleans())
    elif operator == "in":
        value = draw(st.lists(st.sampled_from([0, 1, 2, "1"]), min_size=1, max_size=2))
    return {"properties.x": {operator: value}}


@st.composite
def matchers(draw: Any, word: str, scope: Scope, *, types: Any = None) -> dict[str, Any]:
    """``{event: …}`` or ``{absent: …}``. Type d keeps the key elsewhere where the key asks for a product."""
    if scope.plain:
        chosen: Any = draw(types if types is not None else st.sampled_from(["a", "b", "b", "b"]))
        chosen = chosen if chosen in ("a", "b") else "b"
    else:
        chosen = draw(types if types is not None else (TYPES | st.sampled_from(["*", ["a", "b"], ["c", "d"]])))
    step: dict[str, Any] = {word: chosen}
    if sometimes(draw, 3 if scope.own else 12 if scope.plain else 6):
        step["where"] = draw(conditions(scope))
    elsewhere = OWN_KEYS.get(tuple(scope.key) if isinstance(scope.key, list) else scope.key)
    if elsewhere and chosen == "*":
        # One event that comes to one key by two ways is shown to it twice; see test_keys_and_lists.
        step[word] = chosen = ["a", "b", "c", "d"]
    if elsewhere and "d" in chosen:
        step["key"] = {"d": elsewhere}
    return step
