"""What a trigger must find in a log, worked out from the semantics page alone: all events known, none processed.

It shares nothing with the automaton. Every question about a match is a search over the whole sorted life of one key:
*when does the first event stand that would advance it, the first that would end it, and where is the deadline?*
A moment is ``(order, arrival)``; a deadline ``D`` is the moment ``(D, -1)``, before every event at ``D``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import inf
from typing import Any

from config.language import (
    AbsentStep,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    EventStep,
    IdleStep,
    Match,
    Matcher,
    Not,
    Step,
    Trigger,
    WaitStep,
)
from config.references import Reference, Scaled

Moment = tuple[float, float]
Event = dict[str, Any]
Answer = tuple[str, float, Any, str | None, tuple[tuple[str, str], ...]]
"""(action or expired, its time, key, per, ((step, event id), …))."""

DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Seen:
    """An event of the log that is no duplicate."""

    event: Event = field(compare=False)
    arrival: int
    time: int
    watermark: float

    @property
    def late(self) -> bool:
        return self.time < self.watermark

    @property
    def moment(self) -> Moment:
        """A late event acts at the watermark of its partition; every other at its own time."""
        return (self.watermark if self.late else self.time, self.arrival)


def answers(trigger: Trigger, log: Sequence[Event], *, bound: int, at_end: str) -> list[Answer]:
    """Everything that must fire or expire, sorted. Events are canonical, with ``event_time`` in microseconds."""
    match = trigger.match
    end = inf if at_end == "flush" else max((event["event_time"] for event in log), default=-inf)
    alone = len(match.steps) == 1 and isinstance(match.steps[0], EventStep) and match.steps[0].times is None
    events = list(_distinct(match, log, bound, fires_on_arrival=alone))
    found = []
    for key in {key for seen in events for key in _keys(match, match.steps[0].matcher, seen.event)}:  # type: ignore[union-attr]
        life = _Life(match, key, sorted(_heard(match, key, events), key=lambda seen: seen.moment), end)
        found += [_alone(life, seen) for seen in life.first(late=True)] if alone else _tell(life)
    return sorted(found, key=repr)


# --- the log ---------------------------------------------------------------------------------------------------


def _distinct(match: Match, log: Sequence[Event], bound: int, *, fires_on_arrival: bool) -> Iterable[Seen]:
    """Without the copies: an id is known until the watermark has passed its time, or for days where it fired."""
    known: dict[str, float] = {}
    for arrival, event in enumerate(log):
        watermark = max((before["event_time"] for before in log[:arrival]), default=-inf) - bound
        seen = Seen(event, arrival, event["event_time"], watermark)
        if watermark <= known.get(event["event_id"], -inf) and event["event_id"] in known:
            continue
        if not seen.late:
            known[event["event_id"]] = seen.time
        if fires_on_arrival:
            matcher = match.steps[0].matcher  # type: ignore[union-attr]
            if _keys(match, matcher, event) and _verdict(matcher, event, {}) is True:
                known[event["event_id"]] = seen.time + 7 * DAY_US
        yield seen


def _leaves(value: Any, path: Sequence[str]) -> Iterable[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        yield from _leaves(value.get(path[0]), path[1:])


def _texts(event: Event, path: Sequence[str]) -> list[str]:
    leaves = (leaf for leaf in _leaves(event, path) if isinstance(leaf, str | int) and not isinstance(leaf, bool))
    return [text for text in dict.fromkeys(map(str, leaves)) if text]


def _keys(match: Match, matcher: Matcher | None, event: Event) -> set[Any]:
    """The keys by which this matcher (None: the match itself) finds the event."""
    paths = (matcher.key_of(event["type"]) if matcher else None) or match.key
    found = product(*(_texts(event, path) for path in paths))
    return {parts[0] if len(paths) == 1 else parts for parts in found}


def _matchers(match: Match) -> list[Matcher]:
    return [step.matcher for step in match.steps if isinstance(step, EventStep | AbsentStep)] + list(match.exit)


def _heard(match: Match, key: Any, events: list[Seen]) -> list[Seen]:
    ways = [None, *(matcher for matcher in _matchers(match) if matcher.key)]
    return [seen for seen in events if any(key in _keys(match, way, seen.event) for way in ways)]


# --- conditions ------------------------------------------------------------------------------------------------

_ORDER = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
_SCALE = {"*": operator.mul, "/": operator.truediv, "+": operator.add, "-": operator.sub}


def _sort_of(value: Any) -> str | None:
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, int | float) else "text" if isinstance(value, str) else None


def _read(event: Event, path: Sequence[str]) -> Any:
    value: Any = event
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _holds(condition: Condition | None, event: Event, taken: dict[str, list[Event]]) -> bool | None:
    match condition:
        case None:
            return True
        case Not(member):
            inner = _holds(member, event, taken)
            return None if inner is None else not inner
        case AllOf(members) | AnyOf(members):
            verdicts = [_holds(member, event, taken) for member in members]
            decisive = isinstance(condition, AnyOf)
            return decisive if decisive in verdicts else None if None in verdicts else not decisive
        case Comparison(path, word, value):
            return _compares(word, _read(event, path), _value(value, taken))


def _value(value: Any, taken: dict[str, list[Event]]) -> Any:
    if isinstance(value, Scaled):
        scaled = _value(value.reference, taken)
        return _SCALE[value.operator](scaled, value.operand) if _sort_of(scaled) == "number" else None
    if not isinstance(value, Reference):
        return value
    captured = taken.get(value.name)
    if captured is None:
        return None
    if value.selector == "count":
        return len(captured)
    return _read(captured[0 if value.selector == "first" else -1], value.path)


def _compares(word: str, found: Any, wanted: Any) -> bool | None:
    if word == "exists":
        return (found is not None) == wanted
    if word in ("ne", "not_in"):
        opposite = _compares({"ne": "eq", "not_in": "in"}[word], found, wanted)
        return None if opposite is None else not opposite
    if word == "in":
        verdicts = {_compares("eq", found, each) for each in wanted} if isinstance(wanted, list | tuple) else {None}
        return True if True in verdicts else False if False in verdicts else None
    if _sort_of(found) is None or _sort_of(found) != _sort_of(wanted):
        return None
    if word == "eq":
        return bool(found == wanted)
    if word in _ORDER:
        return None if _sort_of(found) == "truth" else bool(_ORDER[word](found, wanted))
    if _sort_of(found) != "text":
        return None
    if word == "matches":
        return re.search(wanted, found) is not None
    return {"contains": found.find(wanted) >= 0, "starts_with": found[: len(wanted)] == wanted}.get(
        word, found.endswith(wanted)
    )


def _verdict(matcher: Matcher, event: Event, taken: dict[str, list[Event]]) -> bool | None:
    if matcher.types != ("*",) and event["type"] not in matcher.types:
        return False
    return _holds(matcher.where, event, taken)


# --- one key ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Life:
    """All that ever happens to one key, in order."""

    match: Match
    key: Any
    events: list[Seen]
    end: float
    """Deadlines up to here are known."""

    def says(self, matcher: Matcher, seen: Seen, taken: dict[str, list[Event]]) -> bool | None:
        if self.key not in _keys(self.match, matcher, seen.event):
            return False
        return _verdict(matcher, seen.event, taken)

    def first(self, *, late: bool = False) -> list[Seen]:
        """What fits the first step."""
        matcher = self.match.steps[0].matcher  # type: ignore[union-attr]
        return [seen for seen in self.events if (late or not seen.late) and self.says(matcher, seen, {}) is True]

    def per(self, seen: Seen) -> Any:
        return None if self.match.per is None else _read(seen.event, self.match.per)


@dataclass
class _Course:
    """What became of one match, would nothing but events and deadlines end it."""

    end: Moment
    how: str
    """match, expired, ended (by an absence or an exit) or open."""
    rows: tuple[tuple[str, str], ...]
    advances: set[Moment]
    last_time: int


def _alone(life: _Life, seen: Seen) -> Answer:
    return ("action", seen.time, life.key, _text(life.per(seen)), ((_label(life.match, 0), seen.event["event_id"]),))


def _tell(life: _Life) -> list[Answer]:
    """The matches of one key: per value of ``per`` a story of its own."""
    fits = life.first()
    if life.match.per is not None:
        fits = [seen for seen in fits if isinstance(life.per(seen), str | int)]
    found = []
    for per in dict.fromkeys(life.per(seen) for seen in fits):
        mine = [seen for seen in fits if life.per(seen) == per]
        for course in _courses(life, mine):
            if course.how in ("match", "expired"):
                outcome = "action" if course.how == "match" else "expired"
                found.append((outcome, course.end[0], life.key, _text(per), course.rows))
    return found


def _courses(life: _Life, fits: list[Seen]) -> Iterable[_Course]:
    """The courses of the matches that begin, without those that a restart ends."""
    match = life.match
    if match.on_repeat == "overlap":
        for place in range(len(fits)):
            if begun := _complete(match, fits[: place + 1]):
                yield _course(life, begun)
        return
    clears = match.effective_after_match.kind == "skip_past_last"
    usable: list[Seen] = []
    current: _Course | None = None
    for seen in fits:
        if current is not None and seen.moment in current.advances:
            continue
        if current is not None and current.end <= seen.moment:
            yield current
            if clears and current.how == "match":
                usable = [each for each in usable if each.time > current.last_time]
            current = None
        if current is not None and match.on_repeat == "ignore":
            continue
        usable.append(seen)
        if begun := _complete(match, usable):
            # It has begun: the oldest of its events is not used again.
            usable = usable[usable.index(begun[0]) + 1 :]
            current = _course(life, begun)
    if current is not None:
        yield current


def _complete(match: Match, fits: list[Seen]) -> list[Seen] | None:
    """The newest n that make the first step, if the newest event completes them."""
    times = match.steps[0].times  # type: ignore[union-attr]
    count = times.min if times else 1
    span = min(times.within_us or inf, match.within_us or inf) if times else inf
    newest = fits[-count:]
    return newest if len(newest) == count and newest[-1].time - newest[0].time < span else None


def _course(life: _Life, begun: list[Seen]) -> _Course:
    match = life.match
    taken: dict[str, list[Event]] = {}
    rows = [(_label(match, 0), seen.event["event_id"]) for seen in begun]
    if match.steps[0].name:  # type: ignore[union-attr]
        taken[match.steps[0].name] = [seen.event for seen in begun]  # type: ignore[union-attr]
    begin, last = begun[0].time, begun[-1].time
    advances: set[Moment] = set()
    now: Moment = begun[-1].moment

    def done(how: str, end: Moment) -> _Course:
        return _Course(end, how, tuple(rows), advances, last)

    last_event_step = max(place for place, step in enumerate(match.steps) if isinstance(step, EventStep))
    for place, step in enumerate(match.steps[1:], start=1):
        if isinstance(step, AbsentStep) and step.within_us is None:
            continue
        entered, since = now[0], last
        whole = begin + (match.within_us or inf) if place <= last_event_step else inf
        wanted = (step.times.min if step.times else 1) if isinstance(step, EventStep) else 0
        members: list[Event] = []
        deadline = _deadline(life, step, entered, since, now, whole)
        while True:
            happens = _next(
                life,
                step,
                place,
                now,
                deadline,
                taken,
                begin=begin,
                since=since,
                entered=entered,
                own={row[1] for row in rows},
            )
            if happens is None:
                break
            seen, ends = happens
            if ends:
                return done("ended", seen.moment)
            advances.add(seen.moment)
            rows.append((_label(match, place), seen.event["event_id"]))
            members.append(seen.event)
            now, last = seen.moment, seen.time
            if len(members) == wanted:
                break
        if wanted and len(members) == wanted:
            if step.name:  # type: ignore[union-attr]
                taken[step.name] = members  # type: ignore[union-attr]
            continue
        if deadline > life.end or deadline == inf:
            return done("open", (inf, inf))
        if wanted or deadline >= whole:
            # It may be over already when the step is reached; it is stamped with its deadline all the same.
            return done("expired", (deadline, -1))
        now = (deadline, -1)
    return done("match", now)


def _deadline(life: _Life, step: Step, entered: float, since: float, now: Moment, whole: float) -> float:
    """When this step is over, or out of time."""
    match step:
        case EventStep():
            return min(since + (step.within_us or inf), whole)
        case AbsentStep() | WaitStep():
            return min(entered + (step.within_us if isinstance(step, AbsentStep) else step.for_us or 0), whole)
        case IdleStep():
            silent_since = entered
            for seen in life.events:
                if seen.moment <= now or _is_system(seen) or (step.of and seen.event["type"] not in step.of):
                    continue
                if seen.moment[0] >= min(silent_since + step.for_us, whole):
                    break
                silent_since = max(silent_since, seen.time)
            return min(silent_since + step.for_us, whole)
    raise AssertionError(step)


def _is_system(seen: Seen) -> bool:
    return (seen.event.get("context") or {}).get("kind") == "system"


def _next(
    life: _Life,
    step: Step,
    place: int,
    now: Moment,
    deadline: float,
    taken: dict[str, list[Event]],
    *,
    begin: float,
    since: float,
    entered: float,
    own: set[str],
) -> tuple[Seen, bool] | None:
    """The first event that ends the match (True) or advances it (False) after ``now`` and before the deadline.

    ``own`` are the ids of its events: a copy that comes so late that it is no duplicate any more is still that event.
    """
    guards = _untimed(life.match.steps, place)
    for seen in life.events:
        if not now < seen.moment < (deadline, -1) or (seen.late and seen.event["event_id"] in own):
            continue

        def may(matcher: Matcher, from_time: float, seen: Seen = seen) -> bool:
            # A late event counts where its own time lies; another came after `now` and so after every beginning.
            return (not seen.late or seen.time >= from_time) and life.says(matcher, seen, taken) is not False

        if any(may(guard, since) for guard in guards):
            return seen, True
        if isinstance(step, AbsentStep) and may(step.matcher, entered):
            return seen, True
        if isinstance(step, EventStep) and not seen.late and life.says(step.matcher, seen, taken) is True:
            return seen, False
        if any(may(matcher, begin) for matcher in life.match.exit):
            return seen, True
    return None


def _untimed(steps: Sequence[Step], place: int) -> list[Matcher]:
    """The absences without a time between the event steps around this place."""
    before = max(at for at in range(place) if isinstance(steps[at], EventStep))
    after = next((at for at in range(place, len(steps)) if isinstance(steps[at], EventStep)), before)
    between = steps[before:after]
    return [step.matcher for step in between if isinstance(step, AbsentStep) and step.within_us is None]


def _label(match: Match, place: int) -> str:
    return getattr(match.steps[place], "name", None) or str(place)


def _text(per: Any) -> str | None:
    return None if per is None else str(per)
