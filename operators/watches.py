"""After a match has fired: events that end what of it still waits to be sent (``exit``, and an action's ``unless``).

As everywhere where a doubt must not send anything, an event that *may* fit is enough, and a late one counts from the
moment the match fired: it ends what waits at the watermark at which it came.
"""

from __future__ import annotations

from collections.abc import Iterator

from operators.evidence import in_order, match_identity
from operators.matcher import Ways
from operators.program import Key, Program
from operators.records import END_OF_TIME, ID, ORDER, TIME, Event
from operators.repetition import taken_by
from operators.runs import Exited, Found, KeyState, More, Watch


def watch(program: Program, state: KeyState, found: Found, order_us: int) -> None:
    """Something was found whose actions can wait; it is decided at ``order_us``."""
    assert program.watch_us is not None
    if state.more is None:
        state.more = More()
    until_us = min(order_us + program.watch_us, END_OF_TIME - 1)
    state.more.watches.append(
        Watch(match_identity(found, in_order(found)), found.captures, found.per, found.event_time_us, until_us)
    )


def heed(program: Program, more: More, key: Key, event: Event, ways: Ways) -> Iterator[Exited]:
    """What the event ends; a match that an ``exit`` ended is watched no more."""
    kept = []
    for each in more.watches:
        if event[TIME] < each.from_us or taken_by(each.captures, event[ID]):
            kept.append(each)
        elif any(matcher.blocks(event, each.captures, ways) for matcher in program.exits):
            yield Exited(program, key, each.per, each.match_id, None, event[ORDER])
        else:
            kept.append(each)
            for action, matchers in program.unless:
                if action not in each.ended and any(matcher.blocks(event, each.captures, ways) for matcher in matchers):
                    each.ended = (*each.ended, action)
                    yield Exited(program, key, each.per, each.match_id, action, event[ORDER])
    more.watches = kept


def forget(more: More, now_us: int) -> None:
    """Lets go of matches of which nothing waits any more."""
    more.watches = [each for each in more.watches if each.until_us > now_us]


def due_us(more: More) -> int:
    """When the next of them can be let go of."""
    return min((each.until_us for each in more.watches), default=END_OF_TIME)
