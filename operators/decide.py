"""From what detection found to what is decided about: a match with its identity and everything it carries."""

from __future__ import annotations

from operators.automaton import Found
from operators.evidence import evidence_of, in_order, match_identity
from operators.policy.values import Match


def match_of(found: Found, order_us: int, *, arrived: bool = False) -> Match:
    """The match with its place in the order of deciding. ``arrived``: it fired when its event arrived."""
    program = found.program
    ordered = in_order(found)
    captures = found.captures
    return Match(
        trigger=program.name,
        version=program.version,
        match_id=match_identity(found, ordered),
        key=found.key,
        per=None if found.per is None else str(found.per),
        recipient=program.recipient(captures),
        event_time_us=found.event_time_us,
        order_us=order_us,
        evidence=evidence_of(ordered),
        values={name: read(captures) for name, read in program.policy.values.items()},
        data={action.name: action.data(captures) for action in program.actions if action.on_expire is found.expired},
        expired=found.expired,
        arrived=arrived,
    )
