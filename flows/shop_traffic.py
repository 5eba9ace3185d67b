"""A shop's traffic as it would arrive on Kafka, made from a seed: the same plan, the same bytes.

Customers say what they agree to, browse, ponder, fill carts, leave, come back, buy, fail to pay, click in rage, sign
up, have doubts; the catalogue changes prices and stock. First the history, a thin sample of many days; then one busy
afternoon. Messages arrive a little out of order (within ``DISORDER_S``), a few late, some twice, and some are garbage.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, NamedTuple
from zlib import crc32

import orjson

from flows.shop_garbage import garbage
from operators.render import iso_ms

MINUTE_S: Final = 60
HOUR_S: Final = 3_600
DAY_S: Final = 86_400

DISORDER_S: Final = 40
"""The longest ordinary way of an event: what ``max_out_of_orderness`` must cover."""
_LATE: Final = 0.004
_TWICE: Final = 0.006
_GARBAGE: Final = 0.003
_OPEN_FROM_S, _OPEN_TO_S = 8 * HOUR_S, 22 * HOUR_S
_REGULARS: Final = 15
"""Customers who are in the shop all the time, and spend the most."""
_BY_REGULARS: Final = 0.08
_AGREE_TO_MARKETING: Final = 85
"""Of a hundred customers; the others say no."""
_POPULAR: Final = 12
"""Products whose price and stock change while customers look at them."""


class Message(NamedTuple):
    """One message, and when it reaches Kafka; the record's own time is that too."""

    arrival_us: int
    key: bytes | None
    value: bytes


@dataclass(frozen=True)
class Plan:
    """What to make. ``opening_us`` parts history from the afternoon; it is a whole day's hour, UTC."""

    opening_us: int
    closing_us: int
    run: str = ""
    """Part of every event id: the same events once more are duplicates, and their actions sent already."""
    seed: int = 7
    history_days: int = 34
    visits_a_day: int = 80
    """Of history: a sample, so that it is read in a second."""
    visits_an_hour: int = 700
    customers: int = 4_000
    products: int = 60


def shop_traffic(plan: Plan) -> list[Message]:
    """All messages in order of arrival; none arrives after closing."""
    shop = _Shop(plan)
    shop.live_through_history()
    shop.live_through_the_afternoon()
    return sorted(message for message in shop.arrivals() if message.arrival_us < plan.closing_us)


@dataclass
class _Shop:
    plan: Plan
    events: list[tuple[float, bytes | None, dict[str, Any]]] = field(default_factory=list)
    """(event time in seconds, key, event)."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.plan.seed)
        self.prices = [round(self.random.lognormvariate(3.6, 0.9), 2) + 4 for _ in range(self.plan.products)]
        self._signups = 0
        self._orders = 0
        self._known: set[str] = set()

    def live_through_history(self) -> None:
        opening_s = self.plan.opening_us / 1e6
        midnight_s = opening_s - opening_s % DAY_S
        for day in range(self.plan.history_days, -1, -1):
            day_s = midnight_s - day * DAY_S
            for _ in range(self.plan.visits_a_day):
                self._visit(day_s + self.random.uniform(_OPEN_FROM_S, _OPEN_TO_S), before_s=opening_s)
            if day % 4 == 1:
                self._price_drop(day_s + 12 * HOUR_S)
                self._sold_out(day_s + 13 * HOUR_S)

    def live_through_the_afternoon(self) -> None:
        opening_s, closing_s = self.plan.opening_us / 1e6, self.plan.closing_us / 1e6
        for _ in range(round((closing_s - opening_s) / HOUR_S * self.plan.visits_an_hour)):
            self._visit(self.random.uniform(opening_s, closing_s), before_s=closing_s)
        for change in (self._price_drop, self._sold_out):
            at_s = opening_s + 4 * MINUTE_S
            while at_s < closing_s - 2 * MINUTE_S:
                change(at_s)
                at_s += self.random.uniform(20, 40) * MINUTE_S

    def arrivals(self) -> Iterator[Message]:
        """Every event on its way to Kafka, some twice, and garbage among them."""
        chance, broken = self.random, count()
        for number, (time_s, key, event) in enumerate(sorted(self.events, key=lambda each: each[0])):
            event_time_us = int(time_s * 1_000) * 1_000
            value = orjson.dumps(
                {"event_id": f"e{self.plan.run}-{number:06d}", **event, "event_time": iso_ms(event_time_us)}
            )
            way_s = min(chance.expovariate(1 / 3), DISORDER_S)
            if chance.random() < _LATE:
                way_s = chance.uniform(3, 40) * MINUTE_S
            arrival_us = event_time_us + int(way_s * 1e6)
            yield Message(arrival_us, key, value)
            if chance.random() < _TWICE:
                yield Message(arrival_us + int(chance.uniform(1, 20) * 1e6), key, value)
            if chance.random() < _GARBAGE:
                yield Message(arrival_us, key, garbage(next(broken), value, arrival_us))

    def _visit(self, start_s: float, *, before_s: float) -> None:
        """One visit of one customer; what would happen at ``before_s`` or later is not told."""
        what = self.random.choices(_VISITS, _WEIGHTS)[0]
        among = _REGULARS if self.random.random() < _BY_REGULARS else self.plan.customers
        visitor = _Visitor(self, f"c-{self.random.randrange(among):04d}", start_s)
        what(visitor)
        self.events += (each for each in visitor.events if each[0] < before_s)

    def _catalogue(self, at_s: float, type_: str, product: int, **properties: Any) -> None:
        product_id = f"p-{product:02d}"
        event = {"type": type_, "properties": {"product_id": product_id, **properties}}
        self.events.append((at_s, product_id.encode(), event))

    def _price_drop(self, at_s: float) -> None:
        product = self.random.randrange(_POPULAR)
        before = self.prices[product]
        self._catalogue(at_s, "price_changed", product, price=round(before * self.random.uniform(0.6, 0.85), 2))
        self._catalogue(at_s + 90 * MINUTE_S, "price_changed", product, price=before)

    def _sold_out(self, at_s: float) -> None:
        product = self.random.randrange(_POPULAR)
        self._catalogue(at_s, "stock_changed", product, quantity=0)
        self._catalogue(at_s + 15 * MINUTE_S, "stock_changed", product, quantity=self.random.randint(5, 40))

    def knows(self, customer_id: str) -> bool:
        """Whether a customer has been in the shop; from now on, yes."""
        was_known = customer_id in self._known
        self._known.add(customer_id)
        return was_known

    def next_order(self) -> str:
        self._orders += 1
        return f"o-{self._orders:05d}"

    def next_newcomer(self) -> str:
        self._signups += 1
        return f"n-{self._signups:04d}"


class _Visitor:
    """One customer in the shop, with a clock of their own."""

    def __init__(self, shop: _Shop, customer_id: str, now_s: float) -> None:
        self.shop = shop
        self.random = shop.random
        self.now_s = now_s
        self.events: list[tuple[float, bytes | None, dict[str, Any]]] = []
        self.cart: dict[int, int] = {}
        self._become(customer_id)

    def _become(self, customer_id: str) -> None:
        self.customer_id = customer_id
        self._session_id = f"{customer_id}-{int(self.now_s)}"
        self._context = {"device": self.random.choice(("mobile", "mobile", "desktop"))}
        if not self.shop.knows(customer_id):
            # From the id, so that what else happens is the same whatever customers agree to.
            share = crc32(customer_id.encode()) % 100
            self.does("identify", consent={"marketing": share < _AGREE_TO_MARKETING, "service": True})

    def does(self, type_: str, **properties: Any) -> None:
        event = {
            "type": type_,
            "customer_id": self.customer_id,
            "session_id": self._session_id,
            "properties": properties,
            "context": self._context,
        }
        self.events.append((self.now_s, self.customer_id.encode(), event))

    def waits(self, from_s: float, to_s: float) -> None:
        self.now_s += self.random.uniform(from_s, to_s)

    def product(self) -> int:
        """Popular products are looked at more."""
        among = _POPULAR if self.random.random() < 0.4 else self.shop.plan.products
        return self.random.randrange(among)

    def views(self, product: int) -> None:
        self.does("product_view", **self._of(product))
        self.waits(10, 90)

    def adds(self, product: int) -> None:
        quantity = self.random.choice((1, 1, 1, 2))
        self.cart[product] = self.cart.get(product, 0) + quantity
        self.does("cart_add", **self._of(product), quantity=quantity)
        self.waits(20, 120)

    def removes(self) -> None:
        product, quantity = self.cart.popitem()
        self.does("cart_remove", **self._of(product), quantity=quantity)
        self.waits(10, 60)

    def checks_out(self) -> None:
        self.does("checkout", total=self._total(), products=self._products())
        self.waits(20, 120)

    def pays(self) -> None:
        order_id, total = self.shop.next_order(), self._total()
        self.does("payment_succeeded", order_id=order_id, total=total)
        self.waits(1, 4)
        self.does("purchase", order_id=order_id, total=total, products=self._products())
        self.order = {"order_id": order_id, "total": total}
        self.cart.clear()

    def fails_to_pay(self) -> None:
        self.does("payment_failed", total=self._total(), reason=self.random.choice(("card_declined", "expired_card")))
        self.waits(60, 300)

    def signs_up(self) -> None:
        self._become(self.shop.next_newcomer())
        self.does("page_view", page_path="/signup")
        self.waits(20, 90)
        ends_us = int((self.now_s + 7 * DAY_S) * 1e6)
        self.does("signup", plan=self.random.choice(("basic", "plus")), trial_ends_at=iso_ms(ends_us))

    def _of(self, product: int) -> dict[str, Any]:
        return {"product_id": f"p-{product:02d}", "price": self.shop.prices[product]}

    def _products(self) -> list[dict[str, Any]]:
        return [{**self._of(product), "quantity": quantity} for product, quantity in self.cart.items()]

    def _total(self) -> float:
        return round(sum(self.shop.prices[product] * quantity for product, quantity in self.cart.items()), 2)


def _browses(visitor: _Visitor) -> None:
    visitor.does("page_view", page_path="/")
    for _ in range(visitor.random.randint(1, 5)):
        visitor.waits(5, 40)
        visitor.views(visitor.product())


def _ponders(visitor: _Visitor) -> None:
    """The same product again and again, and not in the cart."""
    product = visitor.product()
    for _ in range(visitor.random.randint(3, 4)):
        visitor.views(product)
        visitor.waits(60, 300)


def _fills_cart(visitor: _Visitor) -> None:
    for _ in range(visitor.random.randint(1, 3)):
        product = visitor.product()
        visitor.views(product)
        visitor.adds(product)
    if len(visitor.cart) > 1 and visitor.random.random() < 0.25:
        visitor.removes()


def _leaves_checkout(visitor: _Visitor) -> None:
    _fills_cart(visitor)
    visitor.checks_out()


def _buys(visitor: _Visitor) -> None:
    _leaves_checkout(visitor)
    visitor.pays()
    if visitor.random.random() < 0.08:
        visitor.waits(20 * MINUTE_S, 100 * MINUTE_S)
        visitor.does("refund", **visitor.order)


def _comes_back(visitor: _Visitor) -> None:
    _fills_cart(visitor)
    visitor.waits(8 * MINUTE_S, 24 * MINUTE_S)
    visitor.checks_out()
    visitor.pays()


def _fails_to_pay(visitor: _Visitor) -> None:
    _leaves_checkout(visitor)
    visitor.fails_to_pay()
    visitor.fails_to_pay()
    if visitor.random.random() < 0.5:
        visitor.pays()


def _rages(visitor: _Visitor) -> None:
    visitor.does("page_view", page_path="/cart")
    visitor.waits(5, 20)
    for _ in range(visitor.random.randint(6, 8)):
        visitor.does("click", element="#apply-coupon", page="/cart")
        visitor.waits(0.3, 1.2)


def _signs_up(visitor: _Visitor) -> None:
    visitor.signs_up()
    if visitor.random.random() < 0.5:
        visitor.waits(2 * MINUTE_S, 20 * HOUR_S)
        visitor.does("activation")
        if visitor.random.random() < 0.4:
            visitor.waits(1 * DAY_S, 3 * DAY_S)
            visitor.does("subscribed", plan="plus")


def _doubts(visitor: _Visitor) -> None:
    """A subscriber who may be about to take a smaller plan."""
    visitor.does("plans_viewed")
    visitor.waits(1 * MINUTE_S, 5 * MINUTE_S)
    if visitor.random.random() < 0.5:
        visitor.does("support_ticket_opened", topic=visitor.random.choice(("billing", "cancellation", "delivery")))
    else:
        visitor.does("account_removed_user")


_VISITS: Final[tuple[Callable[[_Visitor], None], ...]] = (
    _browses, _ponders, _fills_cart, _leaves_checkout, _buys, _comes_back, _fails_to_pay, _rages, _signs_up, _doubts,
)  # fmt: skip
_WEIGHTS: Final = (35, 12, 15, 7, 14, 5, 4, 3, 4, 1)
