"""What a trigger must find in a log, worked out from the semantics page alone: slowly, and from everything at once.

It shares nothing with the engine but the trigger's model. The life of each key is told from its sorted events:

`log`         the messages: which are copies, which are late, in which order they act
`keys`        which keys an event comes to
`conditions`  conditions with three values, references, aggregates
`moments`     when a `wait` or an `at` is over
`run`         one open match, and every question about it, answered from what it has taken
`happenings`  what one event or one deadline does to one open match
`beginning`   how a match begins
`life`        one key: `on_repeat`, `after_match`, what is told

What it leaves out: the customer's profile, scores, and the policy (so `fires` too).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from config.language import EventStep, Match, Trigger
from tests.property.oracle.conditions import NOTHING
from tests.property.oracle.keys import keys, matchers, text
from tests.property.oracle.keys import read as read_path
from tests.property.oracle.life import Life, is_single_event
from tests.property.oracle.log import Event, Log, Seen
from tests.property.oracle.run import Rules, Took

KEPT = 100
"""How many events of a repetition a match keeps."""


@dataclass(frozen=True, order=True)
class Answer:
    """One match (``expired``: a partial one that timed out), with the step and id of each of its events."""

    expired: bool
    time: int
    key: Any
    per: str | None
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Told:
    """Everything that must be found, sorted, and how matches ended (see ``operators.tally``)."""

    answers: list[Answer]
    tally: Counter[str]


def answers(
    trigger: Trigger,
    events: Sequence[Event],
    *,
    bound_us: int,
    at_end: str,
    partitions: Sequence[int] | None = None,
    timezone: str = "UTC",
) -> Told:
    """``events`` are canonical, in order of arrival, with ``event_time`` in microseconds."""
    match = trigger.match
    log = Log(events, partitions or [0] * len(events), bound_us)
    alone = is_single_event(Rules(match, None, ZoneInfo(timezone), None))

    def fires(event: Event) -> bool:
        return alone and any(_fires_alone(rules_of(key), event) for key in keys(match, match.steps[0].matcher, event))  # type: ignore[union-attr]

    def rules_of(key: Any) -> Rules:
        return Rules(match, key, ZoneInfo(timezone), trigger.policy.max_age_us)

    seen = list(log.distinct(fires))
    told = Told([], Counter())
    heard = _by_key(trigger, seen)
    for key, mine in heard.items():
        if alone:
            fired = [_alone(rules_of(key), each) for each in mine if _fires_alone(rules_of(key), each.event)]
            told.answers.extend(fired)
            told.tally["matches"] += len(fired)
            continue
        life = Life(rules_of(key), mine, log.watched_since, inf if at_end == "flush" else log.largest)
        life.tell()
        told.tally.update(life.tally)
        told.answers.extend(
            Answer(found.expired, found.time, key, found.per, _rows(match, found.taken)) for found in life.found
        )
    return Told(sorted(told.answers, key=repr), told.tally)


def _rows(match: Match, taken: tuple[Took, ...]) -> tuple[tuple[str, str], ...]:
    """The evidence: of a repetition without an end, or of more than a hundred, its first and its last."""

    def is_kept(took: Took) -> bool:
        step = match.steps[took.step]
        times = step.times if isinstance(step, EventStep) and took.step != taken[0].step else None
        mine = [each for each in taken if each.step == took.step]
        return times is None or (times.max or inf) <= KEPT or took in (mine[0], mine[-1])

    return tuple(took.row for took in taken if is_kept(took))


def _by_key(trigger: Trigger, events: list[Seen]) -> dict[Any, list[Seen]]:
    """The events of each key that any matcher could begin a match with, by whatever way they come to it."""
    ways = [None, *(matcher for matcher in matchers(trigger.match) if matcher.key)]
    found: dict[Any, list[Seen]] = {}
    for seen in events:
        for key in {key: None for way in ways for key in keys(trigger.match, way, seen.event)}:
            found.setdefault(key, []).append(seen)
    return found


def _per(rules: Rules, event: Event) -> str | None:
    return None if rules.match.per is None else text(read_path(event, rules.match.per))


def _fires_alone(rules: Rules, event: Event) -> bool:
    step = rules.match.steps[0]
    assert isinstance(step, EventStep)
    has_per = rules.match.per is None or _per(rules, event) is not None
    seen = Seen(event, 0, 0, event["event_time"], -inf)
    return has_per and rules.says(step.matcher, seen, NOTHING) is True


def _alone(rules: Rules, seen: Seen) -> Answer:
    step = rules.match.steps[0]
    name = getattr(step, "name", None) or "0"
    return Answer(False, seen.time, rules.key, _per(rules, seen.event), ((name, seen.id),))
