"""Traffic at a fixed rate: which event is due when, and which actions must come of it.

Event `n` is due at `start_ms + n * 1000 / rate`, whatever has become of those before it. Its number stands in its
event id, so an action tells by its evidence when the event it answers was due. Of every `signal_every` events one is a
product view, which a single-step trigger answers; of every `cart_every` one is a cart of a customer of its own. Where
`bought_after_ms` is not 0, every other cart is followed by a purchase so much later; the others are left. The rest are
page views, to which nothing listens.

An event's own time lies up to `disorder_ms` before it is due (or before that moment's counterpart, where event time
begins at `event_start_ms`): none is late for a reader whose `max_out_of_orderness` is that.
"""

from __future__ import annotations

from dataclasses import dataclass

_NUMBER_BITS = 36
"""Of an event's number within its traffic; above them stands the traffic's own."""
CUSTOMERS = 200_000
STRIDE = 7_919
"""Who views at event `n` is customer `n * STRIDE % CUSTOMERS`."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """The fields are the options of `benchmarks.open_loop`. `number` tells the traffics of one topic apart."""

    number: int
    rate: int
    seconds: int
    disorder_ms: int
    signal_every: int
    cart_every: int
    bought_after_ms: int = 0
    payload_bytes: int = 282
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number < 2**16:
            raise ValueError("a traffic's number is 1 to 65,535: the ids of workload files begin elsewhere")
        if self.signal_every < 2 or self.cart_every < 3:
            raise ValueError("a product view, a cart and a purchase are three different events")

    @property
    def events(self) -> int:
        """How many there are."""
        return self.rate * self.seconds

    def due_ms(self, event: int, start_ms: float) -> float:
        """When it is due."""
        return start_ms + event * 1_000 / self.rate

    def id_of(self, event: int) -> int:
        """Its event id, as a number."""
        return self.number << _NUMBER_BITS | event

    def is_signal(self, event: int) -> bool:
        """Whether it is a product view."""
        return event % self.signal_every == 0

    def cart_before(self, event: int) -> int | None:
        """Of a purchase, the cart that it buys; None where the event is no purchase."""
        if not self.bought_after_ms or event % self.cart_every != 2 or self.is_signal(event):
            return None
        cart = event - 1 - self._carts_later * self.cart_every
        return cart if cart > 0 and self._is_cart(cart) and cart // self.cart_every % 2 else None

    def signals(self) -> list[int]:
        """The product views."""
        return list(range(0, self.events, self.signal_every))

    def left_carts(self) -> list[int]:
        """Carts that nobody buys: also those whose purchase would have come after the end."""
        carts = [event for event in range(1, self.events, self.cart_every) if self._is_cart(event)]
        if not self.bought_after_ms:
            return carts
        # A purchase whose place a product view takes is none, and its cart is left.
        bought = {self.cart_before(event) for event in range(2, self.events, self.cart_every)}
        return [event for event in carts if event not in bought]

    def kind_of(self, event: int) -> tuple[str, int]:
        """Its type, and the number of its customer."""
        if self.is_signal(event):
            return "product_view", event * STRIDE % CUSTOMERS
        if self._is_cart(event):
            return "cart_add", self.id_of(event)
        cart = self.cart_before(event)
        if cart is not None:
            return "purchase", self.id_of(cart)
        return "page_view", event * STRIDE % CUSTOMERS

    @property
    def _carts_later(self) -> int:
        return max(1, round(self.bought_after_ms / 1_000 * self.rate / self.cart_every))

    def _is_cart(self, event: int) -> bool:
        return event % self.cart_every == 1 and not self.is_signal(event)


def event_numbers(event_id: str) -> tuple[int, int]:
    """(traffic, event) of an event id that `Traffic.id_of` gave."""
    number = int(event_id, 16)
    return number >> _NUMBER_BITS, number & (1 << _NUMBER_BITS) - 1
