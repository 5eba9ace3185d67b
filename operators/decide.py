"""From what was found to what is done: one decision an action, in one order everywhere.

The policy step stands here: matches come by event time, then priority, trigger and key, and each of their actions
leaves as a decision with its outcome and reason.
"""

from __future__ import annotations

from collections.abc import Iterable

from operators.automaton import Found
from operators.evidence import evidence_of, match_identity
from operators.identity import identity
from operators.reasons import Outcome, SuppressReason
from operators.records import Decision
from operators.tally import Tally


class Decider:
    """Decides the matches of one key group."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def decide(self, found: list[Found]) -> list[Decision]:
        """The decisions on these matches, in the order of deciding."""
        found.sort(key=_order)
        return [decision for each in found for decision in self._decide(each)]

    def _decide(self, found: Found) -> Iterable[Decision]:
        program = found.program
        evidence = evidence_of(found)
        match_id = match_identity(found)
        recipient = program.recipient(found.captures)
        key = found.key
        per = None if found.per is None else str(found.per)
        if found.expired and program.wants_expired:
            yield Decision(
                identity((match_id, "")), match_id, program.name, program.version, key, per, recipient,
                found.event_time_us, Outcome.EXPIRED.value, None, evidence, "", "", "", {}, program.priority,
            )  # fmt: skip
        outcome, reason = Outcome.ACTION.value, None
        if recipient is None:
            outcome, reason = Outcome.SUPPRESSED.value, SuppressReason.RECIPIENT_UNRESOLVED.value
        for action in program.expire_actions if found.expired else program.actions:
            self._tally.add(outcome if reason is None else f"{outcome}/{reason}", program.name)
            yield Decision(
                action_id=identity((match_id, action.name)),
                match_id=match_id,
                trigger=program.name,
                version=program.version,
                key=key,
                per=per,
                recipient=recipient,
                event_time_us=found.event_time_us,
                outcome=outcome,
                reason=reason,
                evidence=evidence,
                action=action.name,
                channel=action.channel,
                template=action.template,
                data=action.data(found.captures),
                priority=program.priority,
            )


def _order(found: Found) -> tuple[int, int, str, tuple[str, ...]]:
    key = (found.key,) if isinstance(found.key, str) else found.key
    return (found.released_us, -found.program.priority, found.program.name, key)
