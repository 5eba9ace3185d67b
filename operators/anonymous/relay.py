"""From the identity step to detection: settled events to the groups they concern, and how far that has come.

One a worker, behind the identity groups that run there (``operators.marks`` says why).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from operators.anonymous.values import WHO, FromIdentity, Identified
from operators.keys import PROFILES, bucket_of, cold_names, group_names, group_of_name, key_group_of
from operators.marks import MarkCollector
from operators.plan import Plan
from operators.records import CUSTOMER, ORDER, TYPE, Touch
from operators.route import send_abroad


class IdentityRelay:
    """Keeps nothing that a resume would need."""

    def __init__(self, plan: Plan, key_groups: int) -> None:
        self._plan = plan
        self._names = group_names(key_groups)
        self._marks = MarkCollector()

    def pass_on(self, identified: Iterable[tuple[str, Identified]]) -> list[tuple[str, FromIdentity]]:
        """What groups of the identity step sent, by key group of detection; to every one where time has moved."""
        batches: dict[int, FromIdentity] = {}
        foreign: dict[int, list[Any]] = {}
        for name, found in identified:
            self._sort(found, batches, foreign)
            self._marks.hear(group_of_name(name), found.mark)
        for group, events in foreign.items():
            _batch(batches, group).foreign += events
        mark = self._marks.take()
        if mark is not None:
            for group in range(len(self._names)):
                _batch(batches, group).mark = mark
        return [(self._names[group], batch) for group, batch in batches.items()]

    def _sort(self, found: Identified, batches: dict[int, FromIdentity], foreign: dict[int, list[Any]]) -> None:
        key_groups = len(self._names)
        for event in found.events:
            interest = self._plan.interest(event[TYPE])
            if interest.home or interest.arrivals or interest.changes_profile:
                _batch(batches, key_group_of(event[CUSTOMER], key_groups)).events.append(event)
            if interest.foreign or interest.foreign_arrivals:
                # Copies were told apart before, so its place says all that W_p at its offset would.
                send_abroad(event, event[ORDER], interest, key_groups, foreign)
        for handover in found.handovers:
            _batch(batches, key_group_of(handover[WHO], key_groups)).handovers.append(handover)


def touches_of(plan: Plan, key_groups: int) -> Callable[[tuple[str, FromIdentity]], list[tuple[str, Touch]]]:
    """As ``operators.route.toucher``, of what anonymous customers' events may change when they are settled."""
    names = cold_names(key_groups, PROFILES)

    def touch(keyed: tuple[str, FromIdentity]) -> list[tuple[str, Touch]]:
        _, batch = keyed
        buckets = {bucket_of(event[CUSTOMER]) for event in batch.events if plan.interest(event[TYPE]).changes_profile}
        return [(names[batch.group][bucket], Touch(batch.group, bucket, PROFILES)) for bucket in sorted(buckets)]

    return touch


def _batch(batches: dict[int, FromIdentity], group: int) -> FromIdentity:
    batch = batches.get(group)
    if batch is None:
        batch = batches[group] = FromIdentity([], [], [], None, group)
    return batch
