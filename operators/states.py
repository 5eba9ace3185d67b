"""What is open in one trigger, by owner; what nothing has touched lately rests as bytes.

Most of a million open matches wait for nothing but their time. As objects each would be a dozen allocations for the
collector to walk, a snapshot to encode and the cache to miss. At rest one is a single bytes object
(``operators.match_state``) that a snapshot takes as it is; it is read when an event or its deadline asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from operators.match_state import due_us_of, packed, runs_of, unpacked
from operators.resting import Buckets
from operators.runs import KeyState


class OpenStates:
    """A mapping by owner. Whoever gets a state may change it, until ``rest`` is called."""

    __slots__ = ("live", "resting")

    def __init__(self) -> None:
        self.live: dict[Any, KeyState] = {}
        self.resting: dict[Any, bytes] | Buckets = {}

    @property
    def buckets(self) -> Buckets | None:
        """What rests, where it is stored in buckets."""
        return self.resting if isinstance(self.resting, Buckets) else None

    def rest_in_buckets(self) -> None:
        """Of states that have nothing open yet: what comes to rest is stored in buckets."""
        self.resting = Buckets()

    def get(self, owner: Any) -> KeyState | None:
        """What this one has open."""
        state = self.live.get(owner)
        if state is None:
            at_rest = self.resting.pop(owner, None)
            if at_rest is not None:
                state = self.live[owner] = unpacked(at_rest)
        return state

    def due_us(self, owner: Any) -> int | None:
        """The ``due_us`` of this one's state, which stays at rest if it is; None: it has nothing open."""
        state = self.live.get(owner)
        if state is not None:
            return state.due_us
        at_rest = self.resting.get(owner)
        return None if at_rest is None else due_us_of(at_rest)

    def __setitem__(self, owner: Any, state: KeyState) -> None:
        self.resting.pop(owner, None)
        self.live[owner] = state

    def pop(self, owner: Any) -> KeyState | None:
        """Takes out what this one has open."""
        state = self.get(owner)
        if state is not None:
            del self.live[owner]
        return state

    def rest(self) -> None:
        """Everything comes to rest."""
        for owner, state in self.live.items():
            self.resting[owner] = packed(state)
        self.live.clear()

    def put_at_rest(self, owner: Any, at_rest: bytes) -> int:
        """Puts in what ``resting`` of another had; gives how many open matches that is."""
        self.resting[owner] = at_rest
        return runs_of(at_rest)

    def __contains__(self, owner: Any) -> bool:
        return owner in self.live or owner in self.resting

    def __len__(self) -> int:
        return len(self.live) + len(self.resting)

    def __iter__(self) -> Iterator[Any]:
        yield from self.live
        yield from self.resting


class StatesByFirst(OpenStates):
    """By an owner that is a tuple; also knows, by the first part, which owners there are."""

    __slots__ = ("_owners",)

    def __init__(self) -> None:
        super().__init__()
        self._owners: dict[Any, dict[Any, None]] = {}

    def __setitem__(self, owner: Any, state: KeyState) -> None:
        super().__setitem__(owner, state)
        self._owners.setdefault(owner[0], {})[owner] = None

    def put_at_rest(self, owner: Any, at_rest: bytes) -> int:
        """As of any."""
        self._owners.setdefault(owner[0], {})[owner] = None
        return super().put_at_rest(owner, at_rest)

    def pop(self, owner: Any) -> KeyState | None:
        """As of any."""
        state = super().pop(owner)
        if state is not None:
            owners = self._owners[owner[0]]
            del owners[owner]
            if not owners:
                del self._owners[owner[0]]
        return state

    def owners_of(self, first: Any) -> list[Any]:
        """The owners that begin so, in the order in which they came."""
        return list(self._owners.get(first, ()))
