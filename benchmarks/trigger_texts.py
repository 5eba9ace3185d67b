"""Trigger files by the dozen, for the cost of having many.

texts = others(200)          # listen to types that the workload has none of
texts = on_carts(50)         # each its own wait and its own condition, all on cart_add and purchase
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

MINUTE_MS: Final = 60_000

_OTHER_MATCHES: Final = (
    "[{{event: opened_{n}, as: first}}, {{absent: closed_{n}, within: 30m}}]",
    "[{{event: opened_{n}, as: first, where: {{properties.price: {{gte: 20}}}}}}, {{event: closed_{n}, within: 1h}}]",
    "[{{event: opened_{n}, as: first, times: 3, within: 1h}}, {{absent: [closed_{n}, left_{n}], within: 2h}}]",
    "[{{event: opened_{n}, as: first}}, {{absent: left_{n}}}, {{event: closed_{n}, within: 24h}}]",
)


def others(count: int) -> dict[str, str]:
    """By name, triggers on types of their own, of several shapes."""
    found = {}
    for number in range(count):
        steps = _OTHER_MATCHES[number % len(_OTHER_MATCHES)].format(n=number)
        found[f"other_{number:03d}"] = _trigger(f"other_{number:03d}", steps)
    return found


def on_carts(count: int) -> dict[str, str]:
    """By name, abandonment triggers; every cart of the workload fits their conditions, no two of which are the same."""
    found = {}
    for number in range(count):
        where = f"{{properties.price: {{gt: {number / 100}}}}}"
        steps = (
            f"[{{event: cart_add, as: cart, where: {where}}}, "
            f"{{absent: purchase, within: {wait_ms(number) // MINUTE_MS}m}}]"
        )
        found[cart_trigger(number)] = _trigger(cart_trigger(number), steps)
    return found


def cart_trigger(number: int) -> str:
    """The name of one of ``on_carts``."""
    return f"left_{number:02d}"


def wait_ms(number: int) -> int:
    """How long that trigger waits for a purchase: no two of them equally long."""
    return (30 + number) * MINUTE_MS


def write_texts(texts: dict[str, str], folder: Path) -> list[Path]:
    """A file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return [folder / f"{name}.yaml" for name in texts]


def _trigger(name: str, steps: str) -> str:
    return (
        f"trigger: {name}\nversion: 1\nmatch:\n  steps: {steps}\nactions:\n  - {{channel: email, template: {name}}}\n"
    )
