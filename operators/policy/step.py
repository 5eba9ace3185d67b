"""The policy step of one key group's recipients: matches in, decisions out, in one order everywhere.

A match is decided once the watermark has passed its time, when everything that stands before it is known; one of a
trigger that fires on arrival, with nothing but consent, holdout and ``max_age`` on it, at once. Every window is
measured on event time, so no chunk, worker or crash changes a decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from operators.identity import identity
from operators.policy.asking import Asked
from operators.policy.caps import Sent
from operators.policy.compiled import concerns
from operators.policy.facts import Fact
from operators.policy.local_time import QuietEnd
from operators.policy.reached import Reached
from operators.policy.shares import is_held_out, is_held_out_of_all, release_us
from operators.policy.values import Ended, Match
from operators.policy.waiting import Held, Release, Waiting
from operators.profile_reader import ProfileReader, nobody_known
from operators.program import CompiledAction, Program
from operators.reasons import Outcome, SuppressReason
from operators.records import BEGINNING_OF_TIME, Decision
from operators.tally import Tally

_SPARE: Final = 1_000
"""So many marks and sent actions are kept before they are looked through for what has gone by."""


class PolicyStep:
    """Decides for the recipients of one key group. ``operators.policy.state`` writes and reads it."""

    def __init__(
        self,
        programs: Sequence[Program],
        tally: Tally,
        profiles: ProfileReader = nobody_known,
        on_arrival: ProfileReader | None = None,
        *,
        knows_sent: bool = True,
    ) -> None:
        """``knows_sent`` False: nothing is decided until ``learn`` has been told of all that was sent before."""
        self.programs = {program.name: program for program in programs}
        self.waiting = Waiting()
        self.reached = Reached(programs)
        self.knows_sent = knows_sent
        self.facts: dict[str, Fact] = {}
        """What was sent before and may still be decided, by action id."""
        self.arrived: list[Match] = []
        """Matches that wait for nothing but ``knows_sent``."""
        self.before_us = BEGINNING_OF_TIME
        """Everything that stands before this is decided."""
        self.tally = tally
        self._profiles = profiles
        self._on_arrival = on_arrival or profiles
        """What is asked for matches that are decided at once."""
        self._sweep_at = _SPARE

    def receive(self, found: Sequence[Match | Ended], before_us: int) -> list[Decision]:
        """What was found, and that everything before ``before_us`` has been; gives the decisions, in order."""
        for each in found:
            if isinstance(each, Ended):
                self.waiting.end(each)
            elif self._is_at_once(each):
                self.arrived.append(each)
            else:
                program = self.programs[each.trigger]
                self.waiting.hold(Held(each, each.order_us + program.policy.arbitration_us, program.priority))
        if not self.knows_sent:
            return []
        decisions: list[Decision] = []
        for match in self.arrived:
            decisions += self._decide(Held(match, match.order_us, self.programs[match.trigger].priority))
        self.arrived.clear()
        decisions += self.advance(before_us)
        if decisions:
            self.forget(before_us)
        return decisions

    def learn(self, facts: Sequence[Fact], *, complete: bool) -> None:
        """These actions were sent before. What the state knows of them already does no harm: they count once."""
        for fact in facts:
            if fact.action_id not in self.facts:
                self.facts[fact.action_id] = fact
                self.waiting.expect(fact)
        self.knows_sent |= complete

    def advance(self, before_us: int) -> list[Decision]:
        """Everything that stands before ``before_us`` has been found: decides it, in order."""
        decisions: list[Decision] = []
        while (entry := self.waiting.take(before_us)) is not None:
            if isinstance(entry, Held):
                decisions += self._decide(entry)
            elif isinstance(entry, Release):
                decisions += self._release(entry)
            elif isinstance(entry, Fact):
                self._pass(entry)
            else:
                decisions += self._end(entry)
        self.before_us = max(self.before_us, before_us)
        return decisions

    def forget(self, watermark_us: int) -> None:
        """Lets go of what no window needs any more, whenever there is twice as much as was needed."""
        if self.reached.count > self._sweep_at:
            self.sweep(watermark_us)
            self._sweep_at = max(_SPARE, 2 * self.reached.count)

    def sweep(self, watermark_us: int) -> None:
        """Lets go of it now. What is not decided yet may need more than the watermark would leave."""
        self.reached.forget(min(watermark_us, self.before_us))

    def _is_at_once(self, match: Match) -> bool:
        """Whether a match waits for nothing; it takes no part in contests."""
        return match.arrived and self.programs[match.trigger].policy.decides_on_arrival

    def _decide(self, held: Held) -> Iterator[Decision]:
        """A match in its turn."""
        match, program = held.match, self.programs[held.match.trigger]
        if match.expired and program.wants_expired:
            yield _expired(match, program)
        actions = [action for action in program.actions if action.name in match.data]
        if not actions:
            return
        if self.reached.has_fired(match, program.policy) and not any(self._fact(match, each) for each in actions):
            self.tally.add("already_fired", match.trigger)
            return
        profiles = self._on_arrival if self._is_at_once(match) else self._profiles
        asked = Asked(match.recipient, held.at_us, profiles)
        reason = self._reason_of_match(match, program, asked)
        if reason is SuppressReason.HOLDOUT:
            self.reached.mark(match, program.policy, firm=True)
        elif reason is SuppressReason.WHERE and asked.where(program.policy, match) is None:
            self.tally.add("unknown_where", match.trigger)
        for action in actions:
            if held.ended & {None, action.name}:
                yield self._suppressed(match, action, SuppressReason.EXITED, asked)
            elif reason is not None:
                yield self._suppressed(match, action, reason, asked)
            elif action.after_us is not None:
                yield self._deferred(match, action, max(held.at_us, match.order_us + action.after_us), asked)
            else:
                yield self._send(match, action, asked)

    def _send(self, match: Match, action: CompiledAction, asked: Asked) -> Decision:
        """An action against which nothing is known but what holds at the time it would go out."""
        program = self.programs[match.trigger]
        quiet = asked.quiet(program.policy, match)
        reason = self._reason_of_action(program, action, quiet, asked)
        if reason is None and self._must_yield(match, program, asked.at_us):
            reason = SuppressReason.PRIORITY
        if reason is not None:
            return self._suppressed(match, action, reason, asked)
        if not self._is_at_once(match):
            self.reached.contest.add(asked.recipient, match.order_us, program.priority)
        if quiet is not None:
            return self._deferred(match, action, release_us(_action_id(match, action.name), quiet), asked)
        self.reached.mark(match, program.policy, firm=True)
        return self._sent(match, action, asked)

    def _release(self, release: Release) -> Iterator[Decision]:
        """A deferred action in its turn: consent, caps and quiet hours are asked again."""
        match, program = release.match, self.programs[release.match.trigger]
        action = program.actions[release.place]
        asked = Asked(match.recipient, release.at_us, self._profiles)
        quiet = asked.quiet(program.policy, match)
        reason = asked.consent(program.policy) or self._reason_of_action(program, action, quiet, asked)
        if reason is not None:
            yield self._suppressed(match, action, reason, asked)
            self._withdraw(match)
        elif quiet is not None:
            again_us = release_us(_action_id(match, action.name), quiet)
            self.waiting.defer(Release(match, action.name, release.place, again_us, program.priority))
        else:
            self.reached.confirm(match)
            yield self._sent(match, action, asked)

    def _pass(self, fact: Fact) -> None:
        """The time has come at which an action was sent before: from here on it counts, decided again or not."""
        if fact.action_id not in self.facts:
            return
        self.reached.count_fact(fact, self.programs.get(fact.trigger))
        if not self.waiting.may_decide(fact):
            # What can find its match has come: its event lies before this time.
            del self.facts[fact.action_id]
            self.tally.add("sent_before", fact.trigger)

    def _adopt(self, fact: Fact, match: Match, action: CompiledAction, asked: Asked) -> Decision:
        """An action whose turn it is was sent before: that is its outcome, whatever would be decided now."""
        del self.facts[fact.action_id]
        self.tally.add("sent_before", match.trigger)
        self.reached.count_fact(fact, self.programs[match.trigger], match)
        decision = self._decision(match, action, Outcome.ACTION, None, asked, fact.at_us)
        decision.sent_before = True
        return decision

    def _fact(self, match: Match, action: CompiledAction) -> Fact | None:
        """That this action was sent before, if it was."""
        return self.facts.get(_action_id(match, action.name)) if self.facts else None

    def _end(self, ended: Ended) -> Iterator[Decision]:
        """An event in its turn: what it ends of its match waits no more."""
        held = self.waiting.held.get(ended.match_id)
        if held is not None:
            held.ended.add(ended.action)
        for release in list(self.waiting.releases.get(ended.match_id, ())):
            if ended.action in (None, release.action):
                self.waiting.let_go(release)
                asked = Asked(release.match.recipient, ended.order_us, self._profiles)
                action = self.programs[release.match.trigger].actions[release.place]
                yield self._suppressed(release.match, action, SuppressReason.EXITED, asked)
                self._withdraw(release.match)

    def _reason_of_match(self, match: Match, program: Program, asked: Asked) -> SuppressReason | None:
        """What holds all actions of a match back, the first there is."""
        policy = program.policy
        if match.recipient is None:
            return SuppressReason.RECIPIENT_UNRESOLVED
        if policy.max_age_us is not None and match.order_us - match.event_time_us > policy.max_age_us:
            return SuppressReason.STALE
        refused = asked.consent(policy)
        if refused is not None:
            return refused
        if asked.where(policy, match) is not True:
            return SuppressReason.WHERE
        if is_held_out_of_all(match.recipient, policy.common_holdout) or is_held_out(
            match.recipient, match.trigger, policy.holdout
        ):
            return SuppressReason.HOLDOUT
        if self.reached.is_cooling(match, policy):
            return SuppressReason.COOLDOWN
        return None

    def _reason_of_action(
        self, program: Program, action: CompiledAction, quiet: QuietEnd | None, asked: Asked
    ) -> SuppressReason | None:
        """What holds one action back when it would go out."""
        policy = program.policy
        for cap in policy.caps:
            if concerns(cap, action.channel, action.tag) and self.reached.sent.is_full(
                asked.recipient, cap, asked.at_us, lambda: policy.customer_zone(asked.profile)
            ):
                return SuppressReason.CAP
        if quiet is not None and policy.quiet is not None and not policy.quiet.defers:
            return SuppressReason.QUIET_HOURS
        return None

    def _must_yield(self, match: Match, program: Program, at_us: int) -> bool:
        """Whether something of higher priority goes to the recipient within ``arbitration``."""
        if not self.reached.contest.is_possible or self._is_at_once(match) or match.recipient is None:
            return False
        within_us = program.policy.arbitration_us
        if self.reached.contest.has_better(match.recipient, match.order_us, program.priority, within_us):
            return True
        return any(
            other.priority > program.priority
            and abs(other.match.order_us - match.order_us) <= within_us
            and self._would_go(other, at_us)
            for other in self.waiting.held_for(match.recipient)
        )

    def _would_go(self, held: Held, at_us: int) -> bool:
        """Whether anything of a match that is not decided yet would be sent or deferred, as far as is known now."""
        match, program = held.match, self.programs[held.match.trigger]
        policy = program.policy
        if self.reached.has_fired(match, policy):
            return False
        asked = Asked(match.recipient, at_us, self._profiles)
        if None in held.ended or self._reason_of_match(match, program, asked) is not None:
            return False
        quiet = asked.quiet(policy, match)
        return any(
            action.name in match.data
            and action.after_us is None
            and action.name not in held.ended
            and self._reason_of_action(program, action, quiet, asked) is None
            for action in program.actions
        )

    def _sent(self, match: Match, action: CompiledAction, asked: Asked) -> Decision:
        fact = self._fact(match, action)
        if fact is not None:
            return self._adopt(fact, match, action, asked)
        decision = self._decision(match, action, Outcome.ACTION, None, asked, asked.at_us)
        self.reached.sent.add(asked.recipient, Sent(asked.at_us, action.channel, action.tag, decision.action_id))
        return decision

    def _deferred(self, match: Match, action: CompiledAction, until_us: int, asked: Asked) -> Decision:
        program = self.programs[match.trigger]
        place = program.actions.index(action)
        self.waiting.defer(Release(match, action.name, place, until_us, program.priority))
        self.reached.mark(match, program.policy, firm=False)
        return self._decision(match, action, Outcome.DEFERRED, None, asked, until_us)

    def _suppressed(self, match: Match, action: CompiledAction, reason: SuppressReason, asked: Asked) -> Decision:
        fact = self._fact(match, action)
        if fact is not None:
            return self._adopt(fact, match, action, asked)
        return self._decision(match, action, Outcome.SUPPRESSED, reason, asked, asked.at_us)

    def _withdraw(self, match: Match) -> None:
        """Something of a match that had been deferred is not sent: if that was all of it, it never fired."""
        if match.match_id not in self.waiting.releases:
            self.reached.withdraw(match)

    def _decision(
        self,
        match: Match,
        action: CompiledAction,
        outcome: Outcome,
        reason: SuppressReason | None,
        asked: Asked,
        not_before_us: int,
    ) -> Decision:
        program = self.programs[match.trigger]
        max_age_us = program.policy.max_age_us
        self.tally.add(outcome.value if reason is None else f"{outcome.value}/{reason.value}", match.trigger)
        return Decision(
            action_id=_action_id(match, action.name),
            match_id=match.match_id,
            trigger=match.trigger,
            version=match.version,
            key=match.key,
            per=match.per,
            recipient=match.recipient,
            event_time_us=match.event_time_us,
            outcome=outcome.value,
            reason=None if reason is None else reason.value,
            evidence=match.evidence,
            action=action.name,
            channel=action.channel,
            template=action.template,
            data=asked.data(action, match.data[action.name]),
            priority=program.priority,
            not_before_us=not_before_us,
            not_after_us=None if max_age_us is None else not_before_us + max_age_us,
        )


def _expired(match: Match, program: Program) -> Decision:
    return Decision(
        identity((match.match_id, "")), match.match_id, match.trigger, match.version, match.key, match.per,
        match.recipient, match.event_time_us, Outcome.EXPIRED.value, None, match.evidence, "", "", "", {},
        program.priority, match.event_time_us,
    )  # fmt: skip


def _action_id(match: Match, action: str) -> str:
    return identity((match.match_id, action))
