"""Runs the drain of the spool on one worker of the dataflow: a source that gives nothing, placed by Bytewax."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from sinks.spool.drain import Drain

# As often as it must be noticed that the drain has failed; epochs close with those of the other sources.
_AGAIN: Final = timedelta(milliseconds=10)


class DrainSource(FixedPartitionedSource[Any, None]):
    """One partition, and so one drain, whatever the number of workers. ``until`` ends it.

    Without ``make`` nothing is drained, and the partition is there all the same: a store that knows it demands it.
    """

    def __init__(self, make: Callable[[], Drain] | None, until: Callable[[], bool]) -> None:
        self._make = make
        self._until = until

    def list_parts(self) -> list[str]:
        return ["~drain"]  # behind all topics, as the tail

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> DrainPartition:
        return DrainPartition(None if self._make is None else self._make(), self._until)


class DrainPartition(StatefulSourcePartition[Any, None]):
    """The drain, if there is one, while the dataflow runs."""

    def __init__(self, drain: Drain | None, until: Callable[[], bool]) -> None:
        self._drain = drain
        self._until = until
        if drain is not None:
            drain.start()

    def next_batch(self) -> list[Any]:
        """Raises why the drain has ended, which stops the dataflow."""
        if self._drain is not None and self._drain.failure is not None:
            raise self._drain.failure
        if self._until():
            raise StopIteration
        return []

    def next_awake(self) -> datetime:
        return datetime.now(UTC) + _AGAIN

    def snapshot(self) -> None:
        """Nothing: the consumer group of the spool says how far it is."""

    def close(self) -> None:
        if self._drain is not None:
            self._drain.close()
