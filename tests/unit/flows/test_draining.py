"""The drain's place among the sources, with a drain and without."""

from __future__ import annotations

import pytest

from flows.draining import DrainSource


def test_without_a_spool_its_partition_is_there_and_gives_nothing() -> None:
    """A store of a run that had one demands it."""
    ended = False
    source = DrainSource(None, lambda: ended)
    assert source.list_parts() == ["~drain"]
    part = source.build_part("source", "~drain", None)
    assert part.next_batch() == []
    ended = True
    with pytest.raises(StopIteration):
        part.next_batch()
    part.close()
