"""Detect only: ``python -m bytewax.run flows.triggers``. No ClickHouse, slow or gone, delays its actions."""

from __future__ import annotations

from bytewax.dataflow import Dataflow

from flows.graph import Live, live


def flow() -> Dataflow:
    """The flow, with the settings of the environment."""
    return live("triggers", wire)


def wire(parts: Live, flow: Dataflow) -> None:
    """The source and detection; dead letters are counted and belong to ``flows.archive``."""
    parts.triggers(parts.sources(flow, spools=True))
