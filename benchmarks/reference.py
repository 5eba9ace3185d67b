"""The abandonment rule by brute force: what every engine must answer.

    python -m benchmarks.reference EVENTS OUT --on-repeat overlap --at-end flush

The rule is `cart_add`, then `absent: purchase` of the same customer `within: 30m`. No state machine, no
clock, no timers: all events are sorted once, and each question is a search in a customer's sorted list. The
semantics are the trigger language's: half-open intervals, equal times in order of arrival, one event for one
`event_id`. No event may be late: what is late is a matter of a reader's watermark, and here is none.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, get_args

from benchmarks.answers import Answer, write_answer
from benchmarks.event_file import Event, read_events

OnRepeat = Literal["restart", "ignore", "overlap"]
AtEnd = Literal["hold", "flush"]

WITHIN_MS = 30 * 60_000

Place = tuple[int, int]
"""(event time in ms, arrival): where an event stands in the order of processing."""


def abandonments(events: Iterable[Event], *, on_repeat: OnRepeat, at_end: AtEnd, within_ms: int = WITHIN_MS) -> Answer:
    """(deadline_ms, customer, event id of the cart) of every match, sorted; `events` in order of arrival.

    `hold` knows the deadlines up to the largest event time read; `flush` runs to the end of time.
    """
    carts: defaultdict[str, list[Place]] = defaultdict(list)
    purchases: defaultdict[str, list[Place]] = defaultdict(list)
    cart_ids: dict[Place, str] = {}
    seen: set[str] = set()
    last_ms = 0
    for event in events:
        last_ms = max(last_ms, event.time_ms)
        if event.event_id in seen:
            continue
        seen.add(event.event_id)
        place = (event.time_ms, event.arrival)
        if event.type == "cart_add":
            carts[event.customer].append(place)
            cart_ids[place] = event.event_id
        elif event.type == "purchase":
            purchases[event.customer].append(place)
    abandoned = _ABANDONED[on_repeat]
    answer: Answer = []
    for customer, added in carts.items():
        for cart in abandoned(sorted(added), sorted(purchases[customer]), within_ms):
            deadline_ms = cart[0] + within_ms
            if at_end == "flush" or deadline_ms <= last_ms:
                answer.append((deadline_ms, customer, cart_ids[cart]))
    answer.sort()
    return answer


def _in_time_after(cart: Place, places: list[Place], within_ms: int) -> Place | None:
    """The first of the sorted `places` in [A, A + within) after `cart`, by time and then by arrival."""
    at = bisect_right(places, cart)
    return places[at] if at < len(places) and places[at][0] < cart[0] + within_ms else None


def _each(carts: list[Place], purchases: list[Place], within_ms: int) -> list[Place]:
    return [cart for cart in carts if not _in_time_after(cart, purchases, within_ms)]


def _newest(carts: list[Place], purchases: list[Place], within_ms: int) -> list[Place]:
    return [cart for cart in _each(carts, purchases, within_ms) if not _in_time_after(cart, carts, within_ms)]


def _oldest(carts: list[Place], purchases: list[Place], within_ms: int) -> list[Place]:
    """While a match is open, other carts are passed over: until it is bought, or up to its deadline."""
    abandoned: list[Place] = []
    at = 0
    while at < len(carts):
        cart = carts[at]
        bought = _in_time_after(cart, purchases, within_ms)
        if bought is None:
            abandoned.append(cart)
            at = bisect_left(carts, (cart[0] + within_ms, -1))
        else:
            at = bisect_right(carts, bought)
    return abandoned


_ABANDONED: dict[OnRepeat, Callable[[list[Place], list[Place], int], list[Place]]] = {
    "restart": _newest,
    "ignore": _oldest,
    "overlap": _each,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reference")
    parser.add_argument("events", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--on-repeat", choices=get_args(OnRepeat), default="restart")
    parser.add_argument("--at-end", choices=get_args(AtEnd), default="flush")
    asked = parser.parse_args()
    answer = abandonments(read_events(asked.events), on_repeat=asked.on_repeat, at_end=asked.at_end)
    write_answer(answer, asked.out)


if __name__ == "__main__":
    main()
