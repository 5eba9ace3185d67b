"""What waits to be decided, in the one order of deciding: time, priority, trigger, key, action.

Four things stand in the line: a match that the watermark has not passed, a deferred action until its release, an
action that was sent before (after the match or release that it came of), and an event that ends what waits of a match.
At one time the last comes last: an event exactly at the release is too late.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any, TypeAlias

from operators.policy.facts import Fact
from operators.policy.values import Ended, Match

_DECIDES, _ENDS = 0, 1
_WHOLE = -1
"""The place among a match's actions of the match itself."""
_LAST = 1 << 30
"""The place behind them of what was sent of it before."""


class Held:
    """A match that is not decided yet. ``ended``: actions an event has ended meanwhile (None: all of them)."""

    __slots__ = ("at_us", "ended", "match", "priority")

    def __init__(self, match: Match, at_us: int, priority: int) -> None:
        self.match = match
        self.at_us = at_us
        """When it is due: its place in the order, and ``arbitration`` later."""
        self.priority = priority
        self.ended: set[str | None] = set()


class Release:
    """A deferred action. ``gone``: it was decided without waiting for its turn."""

    __slots__ = ("action", "at_us", "gone", "match", "place", "priority")

    def __init__(self, match: Match, action: str, place: int, at_us: int, priority: int) -> None:
        self.match = match
        self.action = action
        self.place = place
        """Its place among the actions of its trigger."""
        self.at_us = at_us
        self.priority = priority
        self.gone = False


Entry: TypeAlias = Held | Release | Fact | Ended


class Waiting:
    """The line, with what is needed to find a match in it."""

    def __init__(self) -> None:
        self._line: list[tuple[Any, ...]] = []
        self._count = 0
        self.held: dict[str, Held] = {}
        """By match id."""
        self.releases: dict[str, list[Release]] = {}
        """By match id."""
        self._held_for: dict[str, list[Held]] = {}

    def hold(self, held: Held) -> None:
        """A match waits."""
        self.held[held.match.match_id] = held
        if held.match.recipient is not None:
            self._held_for.setdefault(held.match.recipient, []).append(held)
        self._push(held.at_us, _DECIDES, held.priority, held.match, _WHOLE, held)

    def defer(self, release: Release) -> None:
        """An action waits."""
        self.releases.setdefault(release.match.match_id, []).append(release)
        self._push(release.at_us, _DECIDES, release.priority, release.match, release.place, release)

    def expect(self, fact: Fact) -> None:
        """An action that was sent before has its place in the order."""
        self._push_at(
            fact.at_us, _DECIDES, fact.priority, fact.trigger, fact.key, fact.begun, fact.match_id, _LAST, fact
        )

    def may_decide(self, fact: Fact) -> bool:
        """Whether what was sent before may still come to its turn here."""
        held = self.held.get(fact.match_id)
        if held is not None and fact.action in held.match.data:
            return True
        return any(release.action == fact.action for release in self.releases.get(fact.match_id, ()))

    def end(self, ended: Ended) -> None:
        """An event comes to its place in the order, if what it ends waits here."""
        waits = self.held.get(ended.match_id) or next(iter(self.releases.get(ended.match_id, ())), None)
        if waits is not None:
            self._push(ended.order_us, _ENDS, 0, waits.match, _WHOLE, ended)

    def take(self, before_us: int) -> Entry | None:
        """The next of the line that stands before ``before_us``, out of it."""
        line = self._line
        while line and line[0][0] < before_us:
            entry: Entry = heappop(line)[-1]
            if isinstance(entry, Held):
                self.held.pop(entry.match.match_id, None)
                if entry.match.recipient is not None:
                    _drop(self._held_for, entry.match.recipient, entry)
            elif isinstance(entry, Release):
                if entry.gone:
                    continue
                self.let_go(entry)
            return entry
        return None

    def let_go(self, release: Release) -> None:
        """An action waits no more."""
        release.gone = True
        _drop(self.releases, release.match.match_id, release)

    def held_for(self, recipient: str) -> list[Held]:
        """The matches of a recipient that are not decided yet."""
        return self._held_for.get(recipient, [])

    def all_held(self) -> Iterator[Held]:
        """Every match that is not decided yet."""
        return (entry for *_, entry in self._line if isinstance(entry, Held))

    def ends(self) -> Iterator[Ended]:
        """The events in the line."""
        return (entry for *_, entry in self._line if isinstance(entry, Ended))

    def _push(self, at_us: int, phase: int, priority: int, match: Match, place: int, entry: Entry) -> None:
        # Of matches of one key at one time the one that began first: the order in which they are told.
        first = match.evidence[0]
        begun = (first.event_time_us, first.topic, first.partition, first.offset)
        self._push_at(at_us, phase, priority, match.trigger, match.key, begun, match.match_id, place, entry)

    def _push_at(
        self,
        at_us: int,
        phase: int,
        priority: int,
        trigger: str,
        key: str | tuple[str, ...],
        begun: tuple[Any, ...],
        match_id: str,
        place: int,
        entry: Entry,
    ) -> None:
        self._count += 1  # two events may end one match at one time: nothing after this is compared
        keys = (key,) if isinstance(key, str) else key
        heappush(self._line, (at_us, phase, -priority, trigger, keys, begun, match_id, place, self._count, entry))


def _drop(index: dict[str, list[Any]], name: str, entry: Any) -> None:
    entries = index[name]
    entries.remove(entry)
    if not entries:
        del index[name]
