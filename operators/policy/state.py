"""The policy step's section of a snapshot: plain values, by name of trigger and action.

A match that waits carries what was read of its events, so it outlives a change of its trigger; where the trigger or
the action is gone, what waits of it is let go and counted.
"""

from __future__ import annotations

from typing import Any

import msgspec

from operators.policy.caps import Sent
from operators.policy.facts import Fact
from operators.policy.marks import Mark, Marks
from operators.policy.step import PolicyStep
from operators.policy.values import Ended, Match
from operators.policy.waiting import Held, Release

PlainPolicy = dict[str, Any]

# What msgspec knows of a type is made here and now. Made at the first use, on the thread of a worker, it is seen half
# made by a second one, and the process dies of it (seen with msgspec 0.22, on a resume of several workers).
for _type in (Match, Fact):
    msgspec.msgpack.Decoder(_type)


def plain_policy(step: PolicyStep, watermark_us: int) -> PlainPolicy:
    """What the step keeps, without what no window needs any more."""
    step.sweep(watermark_us)
    waiting = step.waiting
    return {
        "held": [[_plain(held.match), held.at_us, sorted(held.ended, key=str)] for held in waiting.all_held()],
        "deferred": [
            [_plain(releases[0].match), [[release.action, release.at_us] for release in releases]]
            for releases in waiting.releases.values()
        ],
        "ends": [[ended.match_id, ended.action, ended.order_us] for ended in waiting.ends()],
        "sent": [[recipient, *map(list, sent)] for recipient, sent in step.reached.sent.by_recipient.items()],
        "cooldowns": _plain_marks(step.reached.cooldowns),
        "fired": _plain_marks(step.reached.fired),
        "facts": [msgspec.to_builtins(fact) for fact in step.facts.values()],
        "arrived": [_plain(match) for match in step.arrived],
        "contest": [[recipient, *map(list, sent)] for recipient, sent in step.reached.contest.sent.items()],
    }


def restore_policy(step: PolicyStep, plain: PlainPolicy) -> None:
    """Puts it into a fresh step."""
    for match, at_us, ended in plain["held"]:
        held = Held(msgspec.convert(match, Match), at_us, 0)
        program = step.programs.get(held.match.trigger)
        if program is None:
            step.tally.add("state_dropped", held.match.trigger)
            continue
        held.priority = program.priority
        held.ended = set(ended)
        step.waiting.hold(held)
    for match, releases in plain["deferred"]:
        _restore_deferred(step, msgspec.convert(match, Match), releases)
    for match_id, action, order_us in plain["ends"]:
        step.waiting.end(Ended(match_id, action, order_us))
    for recipient, *sent in plain["sent"]:
        for each in sent:
            step.reached.sent.add(recipient, Sent(*each))
    _restore_marks(step, step.reached.cooldowns, plain["cooldowns"])
    _restore_marks(step, step.reached.fired, plain["fired"])
    step.learn([msgspec.convert(fact, Fact) for fact in plain["facts"]], complete=False)
    for match in plain["arrived"]:
        if match["trigger"] in step.programs:
            step.arrived.append(msgspec.convert(match, Match))
        else:
            step.tally.add("state_dropped", match["trigger"])
    for recipient, *sent in plain["contest"]:
        for time_us, priority in sent:
            step.reached.contest.add(recipient, time_us, priority)


def _restore_deferred(step: PolicyStep, match: Match, releases: list[Any]) -> None:
    program = step.programs.get(match.trigger)
    places = {} if program is None else {action.name: place for place, action in enumerate(program.actions)}
    for action, at_us in releases:
        if program is None or action not in places:
            step.tally.add("state_dropped", match.trigger)
        else:
            step.waiting.defer(Release(match, action, places[action], at_us, program.priority))


def _plain(match: Match) -> Any:
    return msgspec.to_builtins(match)


def _plain_marks(marks: Marks) -> list[Any]:
    return [[list(place), list(mark)] for place, mark in marks.by_place.items()]


def _restore_marks(step: PolicyStep, marks: Marks, plain: list[Any]) -> None:
    for place, mark in plain:
        if place[0] in step.programs:
            marks.by_place[tuple(tuple(part) if isinstance(part, list) else part for part in place)] = Mark(*mark)
