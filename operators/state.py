"""The published format of a key group's snapshot: plain values in MessagePack, versioned, never pickled classes.

A snapshot is ``(FORMAT, base, deltas)``: ``base`` is a state, ``deltas`` are for a later version, and refused here. Of
a group that keeps what is open in buckets the base has what changed since those were stored
(``operators.match_buckets``); of any other, and in the format before, all of it. A trigger's part carries the
fingerprint of what shapes its state: a changed trigger starts fresh and a removed one's state goes, neither disturbing
the others.
"""

from __future__ import annotations

from typing import Any

import msgspec

from operators.apart import ApartAutomaton
from operators.group import KeyGroup
from operators.owner_state import (
    plain_showings,
    plain_states,
    restore_showings,
    restore_states,
    restored_key,
    restored_spec,
)
from operators.plain_event import event_of, handover_of, plain_event, plain_handover
from operators.policy.state import plain_policy, restore_policy

FORMAT = "customer-triggers/key-group/2"
_BEFORE = "customer-triggers/key-group/1"
"""The same, without the group's number: nothing of it stands in buckets."""

Snapshot = tuple[str, bytes, tuple[bytes, ...]]


class StateFormatError(Exception):
    """A snapshot that this version cannot read."""


def snapshot(group: KeyGroup) -> Snapshot:
    """The state of a key group."""
    base = {
        "key_groups": group.key_groups,
        "group": group.number,
        "watermark_us": group.clock.watermark_us,
        "first_us": [[topic, partition, time_us] for (topic, partition), time_us in group.first_us.items()],
        "marks": [[topic, partition, mark] for (topic, partition), mark in group.clock.marks.items()],
        "seen": group.seen.state(),
        "seen_foreign": group.seen_foreign.state(),
        "waiting": [plain_event(event) for event in group.waiting],
        "waiting_foreign": [
            [plain_event(event), _plain_concerns(group, concerns)] for *_, (event, concerns) in group.waiting_foreign
        ],
        "waiting_arrivals": [plain_event(event) for event in group.waiting_arrivals],
        "waiting_handovers": [plain_handover(handover) for handover in group.waiting_handovers],
        "triggers": {
            automaton.program.name: [automaton.program.fingerprint, automaton.new_since_us, plain_states(automaton)]
            for automaton in group.automata
            if automaton.states or automaton.program.leading
        },
        "showings": {each.program.name: plain_showings(each) for each in group.matching.apart if each.showings},
        "policy": group.handover if group.policy is None else plain_policy(group.policy, group.reached_us),
    }
    return (FORMAT, msgspec.msgpack.encode(base), ())


def restore(group: KeyGroup, stored: Any) -> None:
    """Puts a stored snapshot into a fresh key group. Raises ``StateFormatError``."""
    _restore_base(group, msgspec.msgpack.decode(base_of(stored, FORMAT, _BEFORE, what="key-group"), strict=False))


def base_of(stored: Any, expected: str, *before: str, what: str) -> bytes:
    """The base of a stored snapshot, of the format that is expected or one before it. Raises ``StateFormatError``."""
    if not isinstance(stored, tuple) or len(stored) != 3 or stored[0] not in (expected, *before):
        found = stored[0] if isinstance(stored, tuple) and stored else type(stored).__name__
        raise StateFormatError(
            f"the recovery store holds {what} state of format {found!r}; this version reads {expected!r}. "
            "Start with an empty recovery store, or with the version that wrote it"
        )
    _, base, deltas = stored
    if deltas:
        raise StateFormatError("the recovery store holds deltas, which only a later version writes")
    assert isinstance(base, bytes)
    return base


def _restore_base(group: KeyGroup, base: dict[str, Any]) -> None:
    if base["key_groups"] != group.key_groups:
        raise StateFormatError(
            f"the recovery store was written with {base['key_groups']} key groups, and key_groups (CT_KEY_GROUPS) is "
            f"{group.key_groups}: a customer's state would be looked for where it is not. Set {base['key_groups']} "
            "again, or start with an empty recovery store: then everything is read again from the earliest offset"
        )
    group.number = base.get("group")
    group.clock.watermark_us = base["watermark_us"]
    group.clock.marks = {(topic, partition): mark for topic, partition, mark in base["marks"]}
    group.first_us = {(topic, partition): time_us for topic, partition, time_us in base["first_us"]}
    group.watch()
    group.seen.resume(base["seen"])
    group.seen_foreign.resume(base["seen_foreign"])
    group.waiting.extend(event_of(plain) for plain in base["waiting"])
    group.waiting_arrivals.extend(event_of(plain) for plain in base["waiting_arrivals"])
    group.waiting_handovers.extend(handover_of(plain) for plain in base["waiting_handovers"])
    by_name = {automaton.program.name: automaton for automaton in group.automata}
    for plain, concerns in base["waiting_foreign"]:
        event = event_of(plain)
        known = tuple(
            (by_name[name].program.index, restored_spec(spec), restored_key(key), item)
            for name, spec, key, item in concerns
            if name in by_name
        )
        if known:
            group.waiting_foreign.append((*event[:4], (event, known)))
    for automaton in group.automata:
        automaton.new_since_us = group.clock.watermark_us
    for name, (fingerprint, new_since_us, states) in base["triggers"].items():
        known_as = by_name.get(name)
        if known_as is None:
            group.tally.add("state_dropped", name)
        elif known_as.program.fingerprint != fingerprint:
            group.tally.add("state_reset", name)
        else:
            known_as.new_since_us = new_since_us
            restore_states(known_as, *states)
            if isinstance(known_as, ApartAutomaton):
                restore_showings(known_as, base["showings"].get(name, ()))
    if group.policy is None:
        group.handover = base["policy"]
    elif base["policy"] is not None:
        restore_policy(group.policy, base["policy"])


def _plain_concerns(group: KeyGroup, concerns: Any) -> list[Any]:
    programs = group.plan.programs
    return [[programs[program].name, spec, key, item] for program, spec, key, item in concerns]
