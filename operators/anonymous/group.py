"""One group of the identity step: everything that happens to the anonymous customers that hash into it.

Pure: batches in, settled events and handovers out. Anonymous events are counted and de-duplicated here. They wait for
the watermark, as everything that has an order does, and then leave in the name of whom they belong to: of the
anonymous id before the first identify that names it, of the known customer after. A mark says how far that has come.
"""

from __future__ import annotations

from typing import Final

from operators.anonymous.values import (
    FORGET,
    LINK_ANONYMOUS,
    LINK_CUSTOMER,
    LINK_ID,
    LINK_LENGTH,
    LINK_TIME,
    TAKE_OVER,
    Identified,
    IdentityBatch,
    Link,
)
from operators.clock import GroupClock
from operators.keys import EVEN_FOR
from operators.line import Line, place_of
from operators.marks import GroupMark
from operators.plan import Plan
from operators.reasons import Fate
from operators.records import CUSTOMER, END_OF_TIME, ID, ORDER, TIME, TYPE, Event, LateEvent
from operators.seen import SeenIds
from operators.tally import Tally

MAX_KEPT: Final = 200
"""Events kept of one anonymous customer: the newest."""
_SPARE: Final = 64
"""Anonymous customers that may be kept beyond their time before a sweep is worth it."""


def identity_groups(key_groups: int) -> int:
    """How many groups the step has: enough for even shares, few enough that the watermark to all of them is cheap."""
    return min(EVEN_FOR, key_groups)


class IdentityGroup:
    """The state of one group. ``operators.anonymous.state`` writes and reads it."""

    def __init__(self, plan: Plan, *, horizon_us: int, dedupe_horizon_us: int) -> None:
        self.clock = GroupClock()
        self.tally = Tally()
        self.seen = SeenIds(dedupe_horizon_us)
        self.waiting = Line()
        """Anonymous events that the watermark has not passed."""
        self.waiting_links = Line()
        self.kept: dict[str, list[Event]] = {}
        """By anonymous id that nobody has claimed, the newest of its events that something can be open by."""
        self.customers: dict[str, str] = {}
        """By anonymous id, the known customer whose it is: for ever."""
        self._plan = plan
        self._horizon_us = horizon_us
        self._sweep_at = _SPARE

    def receive(self, batch: IdentityBatch) -> Identified:
        """What one chunk has for this group; gives what is settled now."""
        late: list[LateEvent] = []
        for event, watermark_us in batch.events:
            self._take(event, watermark_us, late)
        for link, watermark_us in batch.links:
            if not self.seen.is_duplicate(link[LINK_ID], link[LINK_TIME], watermark_us):
                self.waiting_links.append(link)
        watermark_us = self.clock.hear(batch.origin, batch.watermark_us, batch.origins)
        found = Identified([], [], late, GroupMark(watermark_us, batch.final), None)
        self._settle(END_OF_TIME if batch.final else watermark_us, found)
        self.seen.forget(watermark_us)
        self._sweep(watermark_us)
        if batch.final:
            found.counts = dict(self.tally.counts)
        return found

    def _take(self, event: Event, watermark_us: int, late: list[LateEvent]) -> None:
        """Counts, de-duplicates, and puts in line."""
        time_us = event[TIME]
        if self.seen.is_duplicate(event[ID], time_us, watermark_us):
            self.tally.add(Fate.DUPLICATE.value)
            return
        interest = self._plan.interest(event[TYPE])
        if interest.arrivals or interest.foreign_arrivals:
            # Whether it fires is known when it is known whose it is; its copies must not depend on when that was.
            self.seen.keep(event[ID], time_us)
        if time_us < watermark_us:
            self.tally.add(Fate.LATE.value)
            late.append(LateEvent.of(event))
        else:
            self.tally.add(Fate.MATCHED.value)
        self.waiting.append(event)

    def _settle(self, before_us: int, found: Identified) -> None:
        events = self.waiting.released(before_us) if self.waiting else []
        links = self.waiting_links.released(before_us) if self.waiting_links else []
        for entry in sorted([*links, *events], key=place_of) if links else events:
            if len(entry) == LINK_LENGTH:
                self._link(entry, found)
            else:
                found.events.append(self._settled(entry))

    def _settled(self, event: Event) -> Event:
        """The event in the name of whom it belongs to; if still to the anonymous one, it is kept."""
        anonymous_id = event[CUSTOMER]
        customer_id = self.customers.get(anonymous_id)
        if customer_id is not None:
            return renamed(event, customer_id)
        if self._plan.interest(event[TYPE]).home:
            kept = self.kept.setdefault(anonymous_id, [])
            kept.append(event)
            from_us = event[ORDER] - self._horizon_us
            while len(kept) > MAX_KEPT or kept[0][ORDER] <= from_us:
                del kept[0]
        return event

    def _link(self, link: Link, found: Identified) -> None:
        """The first identify that names an anonymous id says for ever whose it is."""
        anonymous_id, customer_id = link[LINK_ANONYMOUS], link[LINK_CUSTOMER]
        known = self.customers.get(anonymous_id)
        if known is not None:
            if known != customer_id:
                self.tally.add("identity_conflicts")
            return
        self.customers[anonymous_id] = customer_id
        self.tally.add("identified")
        place = place_of(link)
        from_us = link[ORDER] - self._horizon_us
        kept = self.kept.pop(anonymous_id, [])
        events = [renamed(event, customer_id) for event in kept if event[ORDER] > from_us]
        found.handovers.append((*place, FORGET, anonymous_id))
        if events:
            since_us = events[0][ORDER] + 1 if len(events) == MAX_KEPT else from_us + 1
            found.handovers.append((*place, TAKE_OVER, customer_id, events, since_us))

    def _sweep(self, watermark_us: int) -> None:
        """Lets go of anonymous customers who have not been heard of for the horizon, when they have doubled."""
        if len(self.kept) <= self._sweep_at:
            return
        from_us = watermark_us - self._horizon_us
        self.kept = {each: events for each, events in self.kept.items() if events[-1][ORDER] > from_us}
        self._sweep_at = max(_SPARE, 2 * len(self.kept))


def renamed(event: Event, customer_id: str) -> Event:
    """The event as another customer's."""
    return (*event[:CUSTOMER], customer_id, *event[CUSTOMER + 1 :])
