"""What Python keeps of a worker of Bytewax, which is a thread that Python did not start.

Bytewax takes the lock anew for each of its calls, some thirty-five times a chunk. Where nothing else holds a thread's
state, Python makes one each time, with a stack mapped from the system, and drops it with the lock: a tenth of what
detection costs. What ``threading.local`` keeps is dropped with it.
"""

from __future__ import annotations

import ctypes
import threading

_kept = threading.local()


def keep_thread_state() -> None:
    """Lets this thread's state live as long as the thread. To be called in a worker; again is without effect."""
    if not hasattr(_kept, "is_kept"):
        # One that nothing releases.
        ctypes.pythonapi.PyGILState_Ensure()
        _kept.is_kept = True
