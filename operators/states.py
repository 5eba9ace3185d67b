"""The states of an automaton where some of them must be found by a part of what they stand under."""

from __future__ import annotations

from typing import Any, TypeVar

State = TypeVar("State")


class StatesByFirst(dict[Any, State]):
    """A dict by tuple that also knows, by the first part, which keys there are."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[Any, dict[Any, None]] = {}

    def __setitem__(self, key: Any, state: State) -> None:
        super().__setitem__(key, state)
        self._keys.setdefault(key[0], {})[key] = None

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        keys = self._keys[key[0]]
        del keys[key]
        if not keys:
            del self._keys[key[0]]

    def pop(self, key: Any, *default: Any) -> Any:
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

    def keys_of(self, first: Any) -> list[Any]:
        """The keys that begin so, in the order in which they came."""
        return list(self._keys.get(first, ()))
