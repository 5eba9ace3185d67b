"""What a match rests on, and the identity that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from operators.identity import identity
from operators.program import Program
from operators.records import Evidence
from operators.repetition import COUNT, DIGEST, Capture, Captured, is_summary, kept_of, place_of
from operators.runs import Found

Ordered: TypeAlias = Sequence[tuple[str, Capture]]
"""What was captured with its label, in the order of capture."""


def in_order(found: Found) -> Ordered:
    """What a match captured: by step, and inside a group in the order in which it came."""
    labels, captures, groups = found.program.labels, found.captures, found.program.groups
    if not groups:
        return [(label, each) for label, each in zip(labels, captures, strict=False) if each is not None]
    slots = list(range(len(captures)))
    for begin, end in groups:
        slots[begin:end] = sorted(slots[begin:end], key=lambda slot: _came(captures[slot]))
    return [(labels[slot], each) for slot in slots if (each := captures[slot]) is not None]


def evidence_of(ordered: Ordered) -> tuple[Evidence, ...]:
    """The events a match rests on, in order of capture; of a repetition kept as a summary the first and the last."""
    return tuple(
        [
            Evidence(label, event_id, origin[0], origin[1], offset, time_us)
            for label, captured in ordered
            for event_id, origin, offset, _, time_us, *_ in kept_of(captured)
        ]
    )


def match_identity(found: Found, ordered: Ordered) -> str:
    """The hash of trigger, version, key, per, how it ended, and its events with their steps.

    A summary stands with its count and the running hash of its event ids.
    """
    program: Program = found.program
    key = (found.key,) if isinstance(found.key, str) else found.key
    parts = [program.name, str(program.version), str(len(key)), *key]
    parts += ["" if found.per is None else str(found.per), "expired" if found.expired else "matched"]
    for label, captured in ordered:
        if is_summary(captured):
            parts += [label, str(captured[COUNT]), captured[DIGEST].hex()]
        else:
            for capture in kept_of(captured):
                parts += [label, capture[0]]
    return identity(parts)


def _came(captured: Captured) -> tuple[object, ...]:
    return () if captured is None else place_of(captured)
