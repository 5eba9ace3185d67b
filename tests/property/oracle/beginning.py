"""How matches begin: the events that wait for a first step to be complete, and what may not have come before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf

from config.language import AbsentStep, AllStep, AnyStep, EventMember, EventStep, Step
from tests.property.oracle.conditions import NOTHING, Captured, Known, having_holds
from tests.property.oracle.keys import keys, leaves
from tests.property.oracle.log import Moment, Seen
from tests.property.oracle.run import Path, Rules, Took


def takes_event(step: Step) -> bool:
    return any(isinstance(leaf, EventStep | EventMember) for leaf in leaves(step))


@dataclass
class Waiting:
    """The events of one ``per`` value that wait until the first step is complete, oldest first."""

    events: list[Took] = field(default_factory=list)

    def drop(self, moment: Moment) -> None:
        """Everything at or before this moment."""
        self.events = [took for took in self.events if took.seen.moment > moment]

    def forget(self, taken: tuple[Took, ...]) -> None:
        """These events are used."""
        used = {took.seen for took in taken}
        self.events = [took for took in self.events if took.seen not in used]


class Beginning:
    """The first step of one key's matches."""

    def __init__(self, rules: Rules, past: list[Seen], watched_since: float) -> None:
        self.rules, self.past, self.watched_since = rules, past, watched_since
        steps = rules.match.steps
        self.place = next(place for place, step in enumerate(steps) if takes_event(step))
        self.step = steps[self.place]
        self.leading = [step for step in steps[: self.place] if isinstance(step, AbsentStep)]

    def begin(self, seen: Seen, waiting: Waiting) -> tuple[Took, ...]:
        """The events of the match that begins with this one; none if none does."""
        if isinstance(self.step, AllStep):
            begun = self._all(self.step, seen, waiting)
        elif isinstance(self.step, AnyStep):
            begun = self._first_leaf(self.place, self.step, seen)
        elif self.step.times is not None:
            begun = self._times(self.step, seen, waiting)
        else:
            begun = self._single(seen)
        return tuple(begun) if begun and self._nothing_came_before(begun[0].seen) else ()

    def asks_for_neighbours(self) -> bool:
        """Whether an event that is not one of those that wait sends them away."""
        times = self.step.times if isinstance(self.step, EventStep) else None
        return times is not None and times.contiguity == "strict"

    def ends(self, seen: Seen, waiting: Waiting) -> bool:
        """Whether the event ends the repetition that waits."""
        step = self.step
        if not isinstance(step, EventStep) or step.until is None:
            return False
        return self.rules.says(step.until, seen, self._known(step, waiting, own=False)) is True

    # --- kinds of first steps ---

    def _single(self, seen: Seen) -> list[Took]:
        """A plain event; where it is optional, that or what comes after it."""
        for place in range(self.place, len(self.rules.match.steps)):
            step = self.rules.match.steps[place]
            if isinstance(step, EventStep):
                if self.rules.says(step.matcher, seen, NOTHING) is True:
                    return [self._took(place, (), step, seen)]
                if not step.optional:
                    return []
            elif isinstance(step, AnyStep):
                return self._first_leaf(place, step, seen)
        return []

    def _times(self, step: EventStep, seen: Seen, waiting: Waiting) -> list[Took]:
        """A sliding window: all that fits with ``having``, else the newest ``max``."""
        times = step.times
        assert times is not None
        self._slide(waiting, seen, times.within_us)
        if self.rules.says(step.matcher, seen, self._known(step, waiting, own=True)) is not True:
            return []
        waiting.events.append(self._took(self.place, (), step, seen))
        most = times.min if self.rules.match.on_repeat == "ignore" else times.max or times.min
        if step.having is None:
            waiting.events = waiting.events[-most:]
        elif times.max is not None and len(waiting.events) > times.max:
            return []
        if len(waiting.events) < times.min:
            return []
        events = tuple(took.seen.event for took in waiting.events)
        if step.having is not None and having_holds(step.having, events, NOTHING) is not True:
            return []
        return waiting.events

    def _all(self, step: AllStep, seen: Seen, waiting: Waiting) -> list[Took]:
        """A sliding window with one place for each member: the newest event of each, with ``ignore`` the oldest."""
        self._slide(waiting, seen, step.within_us)
        if not self._members_that_fit(step, seen):
            return []
        if self.rules.match.on_repeat == "ignore":
            waiting.events.append(Took(self.place, (), None, seen, None))
            begun: list[Took] = []
            for took in waiting.events:
                begun = self._filled(step, begun, took.seen, replaces=False)
        else:
            begun = waiting.events = self._filled(step, waiting.events, seen, replaces=True)
        return begun if len(begun) == len(_members(step)) else []

    def _filled(self, step: AllStep, events: list[Took], seen: Seen, *, replaces: bool) -> list[Took]:
        """With one more event: in the first place that it fits and that is empty, or instead of the oldest."""
        fits = self._members_that_fit(step, seen)
        filled = {path: took for took in events for path, _ in _members(step) if took.member[: len(path)] == path}
        empty = [path for path in fits if path not in filled]
        if not empty and not replaces:
            return events
        path = empty[0] if empty else min(fits, key=lambda each: filled[each].seen.moment)
        newest = replace(fits[path], member=(*path, *fits[path].member))
        return [*(took for took in events if took is not filled.get(path)), newest]

    def _members_that_fit(self, step: AllStep, seen: Seen) -> dict[Path, Took]:
        found = {path: self._first_leaf(self.place, each, seen) for path, each in _members(step)}
        return {path: took[0] for path, took in found.items() if took}

    def _first_leaf(self, place: int, group: Step, seen: Seen) -> list[Took]:
        """The first event of the group that this one certainly is."""
        if isinstance(group, EventMember):
            fits = self.rules.says(group.matcher, seen, NOTHING) is True
            return [self._took(place, (), group, seen)] if fits else []
        for i, member in enumerate(group.members):  # type: ignore[union-attr]
            if not isinstance(member, AbsentStep) and (found := self._first_leaf(place, member, seen)):
                return [replace(found[0], member=(i, *found[0].member))]
        return []

    # --- what they share ---

    def _slide(self, waiting: Waiting, seen: Seen, within_us: int | None) -> None:
        span = min(within_us or inf, self.rules.match.within_us or inf)
        waiting.events = [took for took in waiting.events if took.seen.time > seen.time - span]

    def _known(self, step: EventStep, waiting: Waiting, *, own: bool) -> Known:
        if step.name is None:
            return NOTHING
        events = tuple(took.seen.event for took in waiting.events)
        captured = Captured(events, tuple(took.item for took in waiting.events), None)
        return Known({step.name: captured}, step.name if own else None)

    def _took(self, place: int, path: Path, step: EventStep | EventMember, seen: Seen) -> Took:
        item = keys(self.rules.match, step.matcher, seen.event)[self.rules.key]
        return Took(place, path, step.name, seen, item)

    def _nothing_came_before(self, first: Seen) -> bool:
        """Whether no event that may be one of the leading absences lies in its span before the first event."""
        for absent in self.leading:
            since = first.time - (absent.within_us or 0)
            if self.watched_since > since:
                return False
            for seen in self.past:
                lies_in_it = seen.moment < first.moment and since <= seen.time < first.time
                if lies_in_it and self.rules.says(absent.matcher, seen, NOTHING) is not False:
                    return False
        return True


def _members(step: AllStep, path: Path = ()) -> list[tuple[Path, EventMember | AnyStep]]:
    """The members of an ``all``; those of an ``all`` in it are as good as its own."""
    found: list[tuple[Path, EventMember | AnyStep]] = []
    for i, member in enumerate(step.members):
        if isinstance(member, AllStep):
            found += _members(member, (*path, i))
        elif not isinstance(member, AbsentStep):
            found.append(((*path, i), member))
    return found
