"""The numbers that make a workload; apart from the generator, so that asking for one loads no numpy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Same numbers, same bytes. The fields are the options of `benchmarks.workload`, explained there."""

    events: int
    customers: int = 200_000
    zipf: float = 1.1
    disorder_ms: int = 2_000
    duplicates: float = 0.001
    match_rate: float = 0.02
    payload_bytes: int = 282
    span_ms: int = 7 * 86_400_000
    seed: int = 1
    open_matches: int = 0
    within_ms: int = 30 * 60_000
    bought_within_ms: int = 60_000
    product_view: float = 0.25
    cart_add: float = 0.10
    purchase: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.match_rate <= self.cart_add:
            raise ValueError(f"match rate {self.match_rate} must lie between 0 and the share of carts {self.cart_add}")
        if (self.match_rate < self.cart_add) != (self.purchase > 0):
            raise ValueError("carts that are bought and purchases need each other: have both or neither")
        if self.product_view + self.cart_add + self.purchase > 1:
            raise ValueError("the shares of product_view, cart_add and purchase add up to more than 1")
        if self.open_matches and not self.match_rate:
            raise ValueError("open matches are kept open by new ones: match rate must not be 0")
