"""``after_match``: what a completed match does to the others of its trigger, key and ``per`` value.

Under any skip a completed match is held while an earlier-begun one is open, for that one may still skip it; matches
are told in the order in which they began (Flink's after-match skip strategies).
"""

from __future__ import annotations

from collections.abc import Callable

from operators.program import Program, Skip
from operators.repetition import CAPTURE_ID, CAPTURE_TIME, Capture, earliest, first_of, last_of, place_of
from operators.runs import Held, KeyState, Run, beginning
from operators.windows import Windows


def release(program: Program, windows: Windows, state: KeyState) -> tuple[list[Held], int]:
    """The completed matches whose time has come, in order, and how many others they dropped."""
    released: list[Held] = []
    skipped = 0
    more = state.more
    assert more is not None
    while True:
        due = min(
            (held for held in more.held if not _is_held(held, state.runs)), key=lambda held: held.place, default=None
        )
        if due is None:
            return released, skipped
        more.held.remove(due)
        released.append(due)
        skipped += skip(program, windows, state, due)


def skip(program: Program, windows: Windows, state: KeyState, match: Held) -> int:
    """Drops what the match skips; tells how many others were dropped."""
    assert program.skip is not None
    keeps = keeping(program.skip, match)
    windows.retain(state, match.per, keeps)
    before = len(state.runs)
    state.runs = [run for run in state.runs if run.per != match.per or keeps(earliest(run.captures))]
    dropped = before - len(state.runs)
    if state.more is not None and state.more.held:
        before = len(state.more.held)
        state.more.held = [held for held in state.more.held if held.per != match.per or keeps(earliest(held.captures))]
        dropped += before - len(state.more.held)
    return dropped


def _is_held(match: Held, runs: list[Run]) -> bool:
    """Whether a match of the same ``per`` that began with an earlier event is still open."""
    return any(run.per == match.per and beginning(run.captures) < match.place for run in runs)


def keeping(rule: Skip, match: Held) -> Callable[[Capture], bool]:
    """Tells of the first event of another match whether that match stays."""
    first_id = earliest(match.captures)[CAPTURE_ID]
    if rule.kind == "skip_past_last":
        last_us = match.last_us
        return lambda first: first[CAPTURE_TIME] > last_us
    named = match.captures[rule.slot] if rule.slot < len(match.captures) else None
    if rule.kind == "skip_to_next" or named is None:
        return lambda first: first[CAPTURE_ID] != first_id
    target = place_of((first_of if rule.kind == "skip_to_first" else last_of)(named))
    return lambda first: place_of(first) >= target
