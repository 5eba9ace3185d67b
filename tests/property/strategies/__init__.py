"""Triggers over the whole language, and logs, in a small world where boundaries and equal times are frequent."""

from tests.property.strategies.grid import GRID_US
from tests.property.strategies.streams import OPENING, streams
from tests.property.strategies.triggers import PROFILES, triggers

__all__ = ["GRID_US", "OPENING", "PROFILES", "streams", "triggers"]
