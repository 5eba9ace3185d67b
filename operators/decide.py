"""From what detection found to what is decided about: a match with its identity and everything it carries."""

from __future__ import annotations

from operators.automaton import Found
from operators.identity import identity
from operators.policy.values import Match
from operators.program import Kind, Program
from operators.records import Evidence


def match_of(found: Found, order_us: int, *, arrived: bool = False) -> Match:
    """The match with its place in the order of deciding. ``arrived``: it fired when its event arrived."""
    program = found.program
    evidence = evidence_of(found)
    captures = found.captures
    return Match(
        trigger=program.name,
        version=program.version,
        match_id=match_identity(found, evidence),
        key=found.key,
        per=None if found.per is None else str(found.per),
        recipient=program.recipient(captures),
        event_time_us=found.event_time_us,
        order_us=order_us,
        evidence=evidence,
        values={name: read(captures) for name, read in program.policy.values.items()},
        data={action.name: action.data(captures) for action in program.actions if action.on_expire is found.expired},
        expired=found.expired,
        arrived=arrived,
    )


def evidence_of(found: Found) -> tuple[Evidence, ...]:
    """The events a match rests on, in order of capture."""
    steps = [stage for stage in found.program.stages if stage.kind is Kind.EVENT]
    rows = []
    for stage, captured in zip(steps, found.captures, strict=False):
        for event_id, origin, offset, _, time_us, *_ in captured if stage.repeated else (captured,):
            rows.append(Evidence(stage.label, event_id, origin[0], origin[1], offset, time_us))
    return tuple(rows)


def match_identity(found: Found, evidence: tuple[Evidence, ...]) -> str:
    """The hash of trigger, version, key, per, how it ended, and its events with their steps."""
    program: Program = found.program
    key = (found.key,) if isinstance(found.key, str) else found.key
    parts = [program.name, str(program.version), str(len(key)), *key]
    parts += ["" if found.per is None else str(found.per), "expired" if found.expired else "matched"]
    for row in evidence:
        parts += [row.step, row.event_id]
    return identity(parts)
