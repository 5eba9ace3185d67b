"""Matches at rest in buckets that are stored apart, and what changed since each was stored.

Of a million that are open an epoch changes a few thousand. Written whole, all of them would be written at every epoch;
so a bucket is written now and then, under a key of its own (``operators.cold_keys``), and the group's own snapshot has
only who came to rest or left it since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from operators.keys import BUCKETS, bucket_of

_NOBODY: Final[dict[Any, bytes]] = {}
"""A bucket that nobody has been put into; never changed."""


def bucket_of_owner(owner: Any) -> int:
    """The bucket of an owner, the same in every process and release."""
    return bucket_of(owner if isinstance(owner, str) else "\0".join(_texts(owner)))


def _texts(owner: Iterable[Any]) -> Iterator[str]:
    for part in owner:
        if isinstance(part, str):
            yield part
        elif part is not None:
            yield from _texts(part)


class Buckets:
    """By owner what rests, as of a dict."""

    __slots__ = ("_changed", "_parts")

    def __init__(self) -> None:
        self._parts = [_NOBODY] * BUCKETS
        self._changed: dict[int, dict[Any, bool]] = {}
        """By bucket, who came to rest or left it since it was stored, and whether it may have been stored with him."""

    def __contains__(self, owner: Any) -> bool:
        return owner in self._parts[bucket_of_owner(owner)]

    def get(self, owner: Any) -> bytes | None:
        """What of this one rests."""
        return self._parts[bucket_of_owner(owner)].get(owner)

    def pop(self, owner: Any, default: None) -> bytes | None:
        """Takes it out."""
        bucket = bucket_of_owner(owner)
        found = self._parts[bucket].pop(owner, default)
        if found is not None:
            changed = self._changes_of(bucket)
            if changed.get(owner, True):
                changed[owner] = True
            else:
                del changed[owner]  # came and left since
        return found

    def __setitem__(self, owner: Any, at_rest: bytes) -> None:
        bucket = bucket_of_owner(owner)
        part = self._parts[bucket]
        if part is _NOBODY:
            part = self._parts[bucket] = {}
        changed = self._changes_of(bucket)
        if owner not in changed:
            changed[owner] = owner in part
        part[owner] = at_rest

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __iter__(self) -> Iterator[Any]:
        for part in self._parts:
            yield from part

    @property
    def changes(self) -> int:
        """How many have changed since their bucket was stored."""
        return sum(map(len, self._changed.values()))

    def changed(self) -> list[list[Any]]:
        """``[owners, what of each rests]`` of all who changed since their bucket was stored; None: nothing any more."""
        owners: list[Any] = []
        states: list[bytes | None] = []
        for bucket, changed in self._changed.items():
            owners += changed
            states += map(self._parts[bucket].get, changed)
        return [owners, states]

    def may_be_stored(self, owner: Any) -> None:
        """The stored bucket may have something of this one that is not so any more."""
        self._changes_of(bucket_of_owner(owner))[owner] = True

    def stored(self, bucket: int) -> list[list[Any]]:
        """The whole bucket, ``[owners, what of each rests]``, which is then as it is stored."""
        part = self._parts[bucket]
        self._changed.pop(bucket, None)
        return [list(part), list(part.values())]

    @contextmanager
    def restoring(self, bucket: int) -> Iterator[Collection[Any]]:
        """Within it, what is put to rest in this bucket comes from where that was stored. Gives who has changed since:
        not to be put."""
        changed = self._changed.pop(bucket, {})
        try:
            yield changed
        finally:
            self._changed[bucket] = changed

    def _changes_of(self, bucket: int) -> dict[Any, bool]:
        changed = self._changed.get(bucket)
        if changed is None:
            changed = self._changed[bucket] = {}
        return changed
