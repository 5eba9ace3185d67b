"""Raw events to ClickHouse only: ``python -m bytewax.run flows.archive``."""

from __future__ import annotations

from bytewax.dataflow import Dataflow

from flows.graph import Live, live


def flow() -> Dataflow:
    """The flow, with the settings of the environment."""
    return live("archive", wire)


def wire(parts: Live, flow: Dataflow) -> None:
    """The source, the ``events`` and ``dead_letters`` tables, and the dead-letter topic."""
    source, chunks = parts.source(flow)
    parts.archive(source, chunks)
