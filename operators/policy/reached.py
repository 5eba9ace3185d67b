"""What has gone to the recipients of a group, as far as caps, ``cooldown``, ``fires`` and ``priority`` still ask."""

from __future__ import annotations

from collections.abc import Sequence

from operators.policy.caps import Sent, SentLog, every_cap
from operators.policy.compiled import CompiledPolicy
from operators.policy.contest import Contest
from operators.policy.facts import Fact
from operators.policy.marks import Mark, Marks, Place
from operators.policy.values import Match
from operators.program import Program


class Reached:
    """The parts, and what changes several of them at once."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.sent = SentLog(every_cap([program.policy.caps for program in programs]))
        self.cooldowns = Marks()
        self.fired = Marks()
        self.contest = Contest(programs)

    @property
    def count(self) -> int:
        """How much is kept."""
        return len(self.cooldowns.by_place) + len(self.fired.by_place) + self.sent.count + self.contest.count

    def forget(self, watermark_us: int) -> None:
        """Lets go of what no window needs any more."""
        for each in (self.sent, self.cooldowns, self.fired, self.contest):
            each.forget(watermark_us)

    def is_cooling(self, match: Match, policy: CompiledPolicy) -> bool:
        """Whether another match of the trigger reached the recipient less than ``cooldown`` before."""
        return bool(policy.cooldown_us) and self.cooldowns.holds(
            _cooldown_place(match), match.match_id, match.order_us, policy.cooldown_us
        )

    def has_fired(self, match: Match, policy: CompiledPolicy) -> bool:
        """Whether ``fires`` says that this match is none."""
        return policy.once_us is not None and self.fired.holds(
            _fired_place(match), match.match_id, match.order_us, policy.once_us
        )

    def mark(self, match: Match, policy: CompiledPolicy, *, firm: bool) -> None:
        """``cooldown`` and ``fires`` count from this match; not ``firm`` while it is only deferred."""
        if policy.cooldown_us:
            mark = Mark(match.order_us, policy.cooldown_us, match.match_id, firm)
            self.cooldowns.set(_cooldown_place(match), mark)
        if policy.once_us is not None:
            self.fired.set(_fired_place(match), Mark(match.order_us, policy.once_us, match.match_id, firm))

    def confirm(self, match: Match) -> None:
        """Something of a match that had been deferred is sent."""
        self.cooldowns.confirm(_cooldown_place(match), match.match_id)
        self.fired.confirm(_fired_place(match), match.match_id)

    def withdraw(self, match: Match) -> None:
        """Nothing of a match that had been deferred is sent in the end: it never fired."""
        self.cooldowns.withdraw(_cooldown_place(match), match.match_id)
        self.fired.withdraw(_fired_place(match), match.match_id)

    def count_fact(self, fact: Fact, program: Program | None, match: Match | None = None) -> None:
        """What was sent before counts, once. ``program`` where its trigger still is, ``match`` where it is known."""
        actions = {} if program is None else {action.name: action for action in program.actions}
        action = actions.get(fact.action)
        tag = None if action is None else action.tag
        self.sent.add(fact.recipient, Sent(fact.at_us, fact.channel, tag, fact.action_id))
        if program is None:
            return
        policy, order_us = program.policy, fact.event_time_us if match is None else match.order_us
        if policy.cooldown_us:
            mark = Mark(order_us, policy.cooldown_us, fact.match_id, firm=True)
            self.cooldowns.raise_to(_cooldown_place(fact), mark)
        if policy.once_us is not None:
            self.fired.raise_to(_fired_place(fact), Mark(order_us, policy.once_us, fact.match_id, firm=True))
        # What comes ``after`` its match takes part in no contest.
        if not policy.decides_on_arrival and (action is None or action.after_us is None):
            self.contest.add(fact.recipient, order_us, program.priority)


def _cooldown_place(of: Match | Fact) -> Place:
    return (of.trigger, of.recipient)


def _fired_place(of: Match | Fact) -> Place:
    return (of.trigger, of.key, of.per)
