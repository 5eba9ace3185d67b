"""Detect and archive in one process: ``python -m bytewax.run flows.pipeline``."""

from __future__ import annotations

from bytewax.dataflow import Dataflow

from flows.graph import Live, live


def flow() -> Dataflow:
    """The flow, with the settings of the environment."""
    return live("pipeline", wire)


def wire(parts: Live, flow: Dataflow) -> None:
    """One source behind both branches."""
    sources = parts.sources(flow)
    parts.triggers(sources)
    parts.archive(sources.kafka, sources.chunks)
