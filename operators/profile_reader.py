"""How everything that asks about a customer reads the profile, wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Profile: TypeAlias = Mapping[str, Any]

ProfileReader: TypeAlias = Callable[[str, int], Profile | None]
"""(customer id, event time in µs) -> the customer's attributes and traits as of then, None where nothing is known."""


def nobody_known(customer_id: str, time_us: int) -> None:
    """The profiles of a flow that has none."""
    return
