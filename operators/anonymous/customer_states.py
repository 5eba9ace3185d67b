"""The states of a trigger whose key is a customer and something else, findable by the customer."""

from __future__ import annotations

from typing import Any

from operators.program import Key, Program

_CUSTOMER = ("customer_id",)


class CustomerStates(dict[Key, Any]):
    """A dict by composite key that also knows, by the first part, which keys there are."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[str, set[Key]] = {}

    def __setitem__(self, key: Key, state: Any) -> None:
        super().__setitem__(key, state)
        self._keys.setdefault(key[0], set()).add(key)

    def __delitem__(self, key: Key) -> None:
        super().__delitem__(key)
        keys = self._keys[key[0]]
        keys.discard(key)
        if not keys:
            del self._keys[key[0]]

    def pop(self, key: Key, *default: Any) -> Any:
        """As of a dict."""
        if key not in self:
            return super().pop(key, *default)
        state = self[key]
        del self[key]
        return state

    def clear(self) -> None:
        """As of a dict."""
        super().clear()
        self._keys.clear()

    def keys_of(self, customer_id: str) -> list[Key]:
        """The keys that begin with this customer, in order."""
        return sorted(self._keys.get(customer_id, ()))


def is_by_customer(program: Program) -> bool:
    """Whether the trigger's key begins with the customer: what a known one takes over from an anonymous one."""
    return program.key[0] == _CUSTOMER


def keys_of(states: dict[Key, Any], customer_id: str) -> list[Key]:
    """The keys of a trigger ``is_by_customer`` under which something of this customer is open."""
    if isinstance(states, CustomerStates):
        return states.keys_of(customer_id)
    return [customer_id] if customer_id in states else []
