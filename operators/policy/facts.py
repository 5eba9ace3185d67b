"""What is on the actions topic is a fact: actions an earlier run sent that the state at hand may not know of.

After a resume, or a start without state, the log is read again from before they were decided. Each stands in the line
of deciding at the place where it was sent, and counts from there on, whatever is concluded this time. Where the same
action is decided again, it is told as sent and not sent again. Deciding waits until all facts are there.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from operators.keys import group_names, key_group_of
from operators.records import Decision


class Fact(msgspec.Struct, array_like=True, frozen=True):
    """One action that is on the topic, with what places it in the order of deciding."""

    action_id: str
    match_id: str
    trigger: str
    action: str
    channel: str
    key: str | tuple[str, ...]
    per: str | None
    recipient: str
    event_time_us: int
    at_us: int
    """When it was decided: its ``not_before``."""
    priority: int
    begun: tuple[int, str, int, int]
    """Event time, topic, Kafka partition and offset of its first evidence."""

    @classmethod
    def of(cls, sent: Decision) -> Fact:
        """The fact that this action was sent."""
        first = sent.evidence[0]
        assert sent.recipient is not None, "what is to nobody is never sent"
        return cls(
            action_id=sent.action_id,
            match_id=sent.match_id,
            trigger=sent.trigger,
            action=sent.action,
            channel=sent.channel,
            key=sent.key,
            per=sent.per,
            recipient=sent.recipient,
            event_time_us=sent.event_time_us,
            at_us=sent.not_before_us,
            priority=sent.priority,
            begun=(first.event_time_us, first.topic, first.partition, first.offset),
        )


class SentBefore(msgspec.Struct, array_like=True):
    """Facts for one deciding group. ``complete``: there are no more, it may decide."""

    group: int
    facts: list[Fact]
    complete: bool


def route_facts(sent: Sequence[Decision], key_groups: int, *, complete: bool) -> list[tuple[str, SentBefore]]:
    """(Bytewax key of the group that decides them, its facts); where they are complete, for every group."""
    names = group_names(key_groups)
    batches = {group: SentBefore(group, [], complete) for group in range(key_groups)} if complete else {}
    for each in sent:
        fact = Fact.of(each)
        # The recipient's, also where matches are decided in the group that finds them: there it is the same.
        group = key_group_of(fact.recipient, key_groups)
        batches.setdefault(group, SentBefore(group, [], complete)).facts.append(fact)
    return [(names[group], batch) for group, batch in batches.items()]
