"""Which sink partition an item goes to, where the items' keys are the partitions' names."""

from __future__ import annotations

from collections.abc import Sequence


class PartNames:
    """The partitions of a sink by name. Every worker lists all of them, so their places are the same everywhere.

    Bytewax spreads partitions over workers by their names alone: a source and a sink with the same names have each
    partition on one worker, and what goes from one to the other stays there.
    """

    def __init__(self, names: Sequence[str]) -> None:
        if not names or len(set(names)) != len(names):
            raise ValueError(f"the partitions of a sink need names, each one once: {list(names)!r}")
        # Bytewax takes part_fn's answer as a place in the names in byte order, which is Python's order of str.
        self.names = sorted(names)
        self._places = {name: place for place, name in enumerate(self.names)}

    def place(self, name: str) -> int:
        """Raises `KeyError` for a name that is none: an item nobody would write."""
        return self._places[name]
