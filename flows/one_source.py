"""Several sources as one, so that their partitions close each epoch together.

Bytewax lets every source close its epochs by a clock of its own: so long after its last one, whenever it is next awake.
None reads on before all have closed. Sources that are awake at other times close later and later after each other,
some milliseconds more with every epoch, and the one that is first stands still for all of that, in the end for whole
epochs. The partitions of one source on one worker are looked at together, at one time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition


class OneSource(FixedPartitionedSource[Any, Any]):
    """The partitions of all of ``sources``, which must have other names in each."""

    def __init__(self, sources: Sequence[FixedPartitionedSource[Any, Any]]) -> None:
        """Asks them for their partitions. Raises ``ValueError`` for a name that two have, and what they raise."""
        self._of: dict[str, FixedPartitionedSource[Any, Any]] = {}
        for source in sources:
            for name in source.list_parts():
                if name in self._of:
                    raise ValueError(f"two partitions are named {name!r}")
                self._of[name] = source

    def list_parts(self) -> list[str]:
        return list(self._of)

    def build_part(self, step_id: str, for_part: str, resume_state: Any) -> StatefulSourcePartition[Any, Any]:
        return self._of[for_part].build_part(step_id, for_part, resume_state)
