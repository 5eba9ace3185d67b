"""Python's cyclic collector and the allocator below it, kept out of the way of a flow.

Open matches are plain tuples, lists and slotted objects without cycles, so tracing them finds nothing and costs more
than the work: the young generation is made large, and old generations are looked at rarely.

What a chunk took is taken again by the next, but glibc gives large pieces back to the system in between; to get them
anew, zeroed page by page, costs a reader more than packing does.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress
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


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Of ``mallopt(3)``."""
KEPT_BYTES: Final = 256 * 1024 * 1024
"""So much may be free at the heap's end before it goes back to the system."""
LARGE_BYTES: Final = 32 * 1024 * 1024
"""From this size on a piece is got from the system and given back by itself; glibc knows no larger."""


def keep_freed_memory() -> None:
    """Lets glibc keep what is freed for what comes next; nothing where there is no glibc."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            libc = ctypes.CDLL(None)
            libc.mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
            libc.mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
