"""Python's cyclic collector, kept out of the way of a flow whose state is millions of small containers.

Open matches are plain tuples, lists and slotted objects without cycles, so tracing them finds nothing and costs more
than the work: the young generation is made large, and old generations are looked at rarely.
"""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 100_000
"""New containers before a collection of the youngest; a chunk makes some ten thousand that live on."""
OLDER: Final = 50
OLDEST: Final = 1_000


def relax_collector() -> None:
    """Freezes what start-up made and makes collections rare. Once a process, before the flow runs."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, OLDEST)
