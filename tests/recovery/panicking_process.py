"""`flows.run.process` of which a scrape makes the engine panic, for the collector here raises when it is asked.

Its own are made so that they do not: this is for what nobody has thought of.
"""

import threading
from collections.abc import Iterator

from prometheus_client import REGISTRY
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from flows.run.process import main


class _Raising(Collector):
    def collect(self) -> Iterator[Metric]:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("nobody has thought of this")
        return iter(())


REGISTRY.register(_Raising())
main()
