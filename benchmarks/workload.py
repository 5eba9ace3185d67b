r"""A seeded workload of shop events, written as canonical JSON lines in order of arrival.

    python -m benchmarks.workload --events 1000000 --customers 200000 --zipf 1.1 --disorder 2s \
        --duplicates 0.001 --match-rate 0.02 --payload-bytes 282 --span 7d --seed 1 --out FILE[.gz|.zst]

Same arguments, same bytes. Two kinds:

- *by span* (default): `events` events over `span`, customers by Zipf. `match_rate` is the wanted share of
  events that are a cart nobody buys `within` 30 minutes (`on_repeat: overlap`). It is met to within some per
  cent: a customer has buying and browsing spells of four hours, and a cart late in a browsing spell may yet
  be bought. Mind that Zipf 1.1 over 200 000 customers gives the most frequent one 13 % of all events.
- *by open matches* (`--open-matches N`): N customers put something in the cart in a time as long as `within`; then
  `events` more follow, in which as many new carts are left as old ones time out, so that about N matches stay
  open. `span`, `customers` and `zipf` do not apply: the rate of the steady traffic follows from N,
  `within` and `match_rate`. Who buys does so within `bought_within` of the cart.

No event is late for a reader whose `max_out_of_orderness` is `disorder`: each arrives less than that after
its time. A duplicate is the same line once more, not late either. Needs numpy, which the embedded extra
brings along.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.lines import CART_ADD, PAGE_VIEW, PRODUCT_VIEW, PURCHASE, Columns, write_lines
from benchmarks.recipe import Workload

START_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z, the beginning of every workload's event time."""

SPELL_MS = 4 * 3_600_000
"""How long a customer stays in the mood to buy, or not to."""

PAGES = 500
PRODUCTS = 5_000
INTERESTS = 8
"""A customer looks at a handful of products, again and again, not at the whole catalogue."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Events:
    """Parallel arrays, in no order: what, who, when."""

    types: Ints
    customers: Ints
    times_ms: Ints

    def __add__(self, other: _Events) -> _Events:
        return _Events(
            np.concatenate([self.types, other.types]),
            np.concatenate([self.customers, other.customers]),
            np.concatenate([self.times_ms, other.times_ms]),
        )


def _of(type_index: int, customers: Ints, times_ms: Ints) -> _Events:
    return _Events(np.full(len(customers), type_index, dtype=np.int64), customers, times_ms)


def generate(workload: Workload) -> Columns:
    """The workload's columns, in order of arrival."""
    random = np.random.default_rng(workload.seed)
    events = _by_open_matches(workload, random) if workload.open_matches else _by_span(workload, random)
    return _in_order_of_arrival(events, workload, random)


def _by_span(workload: Workload, random: np.random.Generator) -> _Events:
    count = workload.events
    carts = round(count * workload.cart_add)
    purchases = round(count * workload.purchase)
    left_carts = min(round(count * workload.match_rate), carts)
    browses = left_carts / max(1, carts)
    draw = _customer_draw(workload.customers, workload.zipf, random)

    def who_and_when(size: int, *, buying: bool) -> tuple[Ints, Ints]:
        customers: Ints = np.empty(0, dtype=np.int64)
        times_ms: Ints = np.empty(0, dtype=np.int64)
        share = (1 - browses) if buying else browses
        while len(customers) < size:
            some = int((size - len(customers)) / share * 1.1) + 16
            who = draw(some)
            when = random.integers(0, workload.span_ms, some)
            keep = _is_browsing(who, when, browses, workload.seed) != buying
            customers = np.concatenate([customers, who[keep]])
            times_ms = np.concatenate([times_ms, when[keep]])
        return customers[:size], times_ms[:size]

    left = _of(CART_ADD, *who_and_when(left_carts, buying=False))
    buyers, bought_ms = who_and_when(purchases, buying=True)
    bought = _of(PURCHASE, buyers, bought_ms)
    bought_carts = carts - left_carts
    of_purchase = random.integers(0, purchases, bought_carts) if purchases else np.empty(0, dtype=np.int64)
    earliest_ms = np.maximum(bought_ms[of_purchase] - workload.within_ms + 1, 0)
    cart_ms = random.integers(earliest_ms, bought_ms[of_purchase] + 1)
    views = count - carts - purchases
    return (
        left
        + bought
        + _of(CART_ADD, buyers[of_purchase], cart_ms)
        + _views(draw(views), random.integers(0, workload.span_ms, views), workload, random)
    )


def _by_open_matches(workload: Workload, random: np.random.Generator) -> _Events:
    opened, count = workload.open_matches, workload.events
    left_carts = round(count * workload.match_rate)
    steady_ms = max(1, round(left_carts * workload.within_ms / opened))
    purchases = round(count * workload.purchase)
    bought_carts = max(0, round(count * workload.cart_add) - left_carts)
    filled = _of(CART_ADD, np.arange(opened), random.integers(0, workload.within_ms, opened))

    def steadily(size: int) -> Ints:
        return workload.within_ms + random.integers(0, steady_ms, size)

    newcomers = opened + np.arange(left_carts)
    left = _of(CART_ADD, newcomers, steadily(left_carts))
    # Buyers are other people, and quick: a purchase never closes one of the N open matches.
    buyers = opened + left_carts + random.integers(0, max(1, purchases // 2), purchases)
    bought_ms = steadily(purchases)
    bought = _of(PURCHASE, buyers, bought_ms)
    of_purchase = random.integers(0, purchases, bought_carts) if purchases else np.empty(0, dtype=np.int64)
    cart_ms = bought_ms[of_purchase] - random.integers(1, workload.bought_within_ms, len(of_purchase))
    carts = _of(CART_ADD, buyers[of_purchase], cart_ms)
    views = count - left_carts - purchases - len(of_purchase)
    viewers = random.integers(0, opened + left_carts, views)
    return filled + left + bought + carts + _views(viewers, steadily(views), workload, random)


def _views(customers: Ints, times_ms: Ints, workload: Workload, random: np.random.Generator) -> _Events:
    other = 1 - workload.cart_add - workload.purchase
    of_product = random.random(len(customers)) < (workload.product_view / other if other else 0)
    return _Events(np.where(of_product, PRODUCT_VIEW, PAGE_VIEW).astype(np.int64), customers, times_ms)


def _customer_draw(customers: int, exponent: float, random: np.random.Generator) -> Callable[[int], Ints]:
    """Draws customers by Zipf: the k-th most frequent in proportion to 1 / k ** exponent; 0 is uniform."""
    weights = 1.0 / np.arange(1, customers + 1) ** exponent
    cumulative = np.cumsum(weights)
    # Customer numbers say nothing about frequency.
    names = random.permutation(customers)

    def draw(size: int) -> Ints:
        ranks = np.searchsorted(cumulative, random.random(size) * cumulative[-1], side="right")
        drawn: Ints = names[np.minimum(ranks, customers - 1)]
        return drawn

    return draw


def _is_browsing(customers: Ints, times_ms: Ints, share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Whether the customer is in a browsing spell then; a spell browses with probability `share`."""
    spell = customers.astype(np.uint64) * np.uint64(100_003) + (times_ms // SPELL_MS).astype(np.uint64)
    return _mixed(spell + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)) < np.uint64(min(int(share * 2**64), 2**64 - 1))


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finaliser: a bijection, so different numbers stay different."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: npt.NDArray[np.uint64] = values ^ (values >> np.uint64(31))
    return mixed


def _in_order_of_arrival(events: _Events, workload: Workload, random: np.random.Generator) -> Columns:
    count = len(events.types)
    ids = _mixed(np.arange(count, dtype=np.uint64) + np.uint64((workload.seed << 40) % 2**64))
    products = (events.customers * 7_919 + random.integers(0, INTERESTS, count)) % PRODUCTS
    pages = random.integers(0, PAGES, count)
    rows = np.arange(count)
    again = random.integers(0, count, round(count * workload.duplicates)) if count else rows
    rows = np.concatenate([rows, again])
    arrival_ms = events.times_ms[rows] + random.integers(0, max(1, workload.disorder_ms), len(rows))
    rows = rows[np.argsort(arrival_ms, kind="stable")]
    return Columns(
        ids=ids[rows],
        types=events.types[rows],
        customers=events.customers[rows],
        times_ms=events.times_ms[rows] + START_MS,
        products=np.where(events.types == PAGE_VIEW, pages, products)[rows],
    )


_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def duration_ms(text: str) -> int:
    """`2s`, `30m`, `7d` … as milliseconds."""
    parts = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text)
    if parts is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: a number and one of ms, s, m, h, d")
    return int(parts[1]) * _UNITS_MS[parts[2]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workload", description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--customers", type=int, default=Workload.customers)
    parser.add_argument("--zipf", type=float, default=Workload.zipf)
    parser.add_argument("--disorder", type=duration_ms, default="2s")
    parser.add_argument("--duplicates", type=float, default=Workload.duplicates)
    parser.add_argument("--match-rate", type=float, default=Workload.match_rate)
    parser.add_argument("--payload-bytes", type=int, default=Workload.payload_bytes)
    parser.add_argument("--span", type=duration_ms, default="7d")
    parser.add_argument("--seed", type=int, default=Workload.seed)
    parser.add_argument("--open-matches", type=int, default=0)
    parser.add_argument("--product-view", type=float, default=Workload.product_view)
    parser.add_argument("--within", type=duration_ms, default=Workload.within_ms)
    parser.add_argument("--bought-within", type=duration_ms, default=Workload.bought_within_ms)
    parser.add_argument("--cart-add", type=float, default=Workload.cart_add)
    parser.add_argument("--purchase", type=float, default=Workload.purchase)
    parser.add_argument("--out", type=Path, required=True)
    asked = vars(parser.parse_args())
    out = asked.pop("out")
    spans_ms = {f"{name}_ms": asked.pop(name) for name in ("disorder", "span", "within", "bought_within")}
    workload = Workload(**spans_ms, **asked)
    write_lines(generate(workload), out, payload_bytes=workload.payload_bytes)


if __name__ == "__main__":
    main()
