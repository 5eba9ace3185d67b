"""What one event, or one deadline, does to one open match."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from config.language import AbsentStep, AllStep, AnyStep, EventStep, IdleStep
from tests.property.oracle.keys import keys
from tests.property.oracle.log import Seen
from tests.property.oracle.moments import Ended
from tests.property.oracle.run import Path, Run, is_untimed


@dataclass(frozen=True)
class Completed:
    """A match: the run as it was when nothing was needed any more."""

    run: Run
    time: float


@dataclass(frozen=True)
class End:
    """A match that came to nothing. ``reason`` as in the tally; ``""`` is a run that had fired and can no more."""

    reason: str
    run: Run
    time: float


@dataclass
class Outcome:
    """What became of a run: what goes on, what is complete, what is over."""

    runs: list[Run] = field(default_factory=list)
    completed: list[Completed] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    advanced: bool = False


# --- an event ----------------------------------------------------------------------------------------------------


def on_event(run: Run, seen: Seen) -> Outcome:
    """An absence that the event may fit ends the run; else it advances it; else an exit that it may fit ends it."""
    if seen.late:
        return _on_late_event(run, seen)
    after = _through_absences(run, seen)
    if after is None:
        return _end(run, "cancelled", seen.time)
    after = _heard(after, seen)
    ended = [place for place in after.waiting() if _ends_repetition(after, place, seen)]
    if any(not after.is_satisfied(place) for place in ended):
        return _end(after, "broken", seen.time)
    after = replace(after, closed=after.closed | set(ended))
    if (taking := _who_takes(after, seen)) is not None:
        return _advance(after, taking, seen)
    if ended and after.is_complete():
        return _settle(after, seen.time)
    if any(run.rules.says(matcher, seen, after.known()) is not False for matcher in run.rules.match.exit):
        return _end(after, "exited", seen.time)
    return _went_by(after, seen)


def _on_late_event(run: Run, seen: Seen) -> Outcome:
    """It advances nothing. It ends an absence where its own time lies, and what it exits from the first event on."""
    if any(seen.id == took.seen.id for took in run.taken):
        return Outcome(runs=[run])
    after = _through_absences(run, seen)
    exits = run.rules.match.exit if seen.time >= run.start else ()
    if after is None or any(run.rules.says(matcher, seen, run.known()) is not False for matcher in exits):
        return _end(run, "late_cancelled", seen.moment[0])
    return Outcome(runs=[_heard(after, seen)])


def _through_absences(run: Run, seen: Seen) -> Run | None:
    """The run as the absences leave it: None where one that is needed has become impossible."""

    def may(absent: AbsentStep, since: float) -> bool:
        return seen.time >= since and run.rules.says(absent.matcher, seen, run.known()) is not False

    if any(may(run.step(place), run.last) for place in run.guards()):
        return None
    if seen.late and any(may(run.step(place), run.before(run.place)) for place in _closed_in_progress(run, seen)):
        return None
    for place in run.waiting():
        step = run.step(place)
        if isinstance(step, AbsentStep) and may(step, run.entered):
            return None
        if isinstance(step, AllStep | AnyStep):
            leaves = list(run.open_leaves(place))
            hit = {(place, path) for path, leaf in leaves if isinstance(leaf, AbsentStep) and may(leaf, run.entered)}
            run = replace(run, out=run.out | hit)
            if run.group_state(place) == "out":
                return None
    return run


def _closed_in_progress(run: Run, seen: Seen) -> list[int]:
    """The absences without a time before a repetition that has begun, but has not got all it needs: the match is not
    beyond them, so that what comes late and lies before the first repetition still ends it."""
    mine = run.by(run.place)
    if run.is_done or not mine or seen.time >= mine[0].time:
        return []
    before = max(took.step for took in run.taken if took.step < run.place)
    return [place for place in range(before + 1, run.place) if is_untimed(run.step(place))]


def _heard(run: Run, seen: Seen) -> Run:
    """The silence begins anew with every event but a system's."""
    idle = next((step for place in run.waiting() if isinstance(step := run.step(place), IdleStep)), None)
    is_heard = idle is not None and (idle.of is None or seen.type in idle.of)
    if not is_heard or (seen.event.get("context") or {}).get("kind") == "system":
        return run
    return replace(run, silent_since=max(run.silent_since, seen.time))


def _ends_repetition(run: Run, place: int, seen: Seen) -> bool:
    step = run.step(place)
    if not isinstance(step, EventStep) or step.until is None:
        return False
    return run.rules.says(step.until, seen, run.known()) is True


@dataclass(frozen=True)
class _Taking:
    place: int
    member: Path
    name: str | None
    item: Any


def _who_takes(run: Run, seen: Seen) -> _Taking | None:
    """The first step that the event certainly fits: as written, but a repetition that has enough comes last."""
    places = run.waiting()
    if run.is_done and places[:1] == [run.place] and not run.step(run.place).greedy:
        places = [*places[1:], run.place]
    for place in places:
        step = run.step(place)
        if isinstance(step, EventStep):
            if not run.takes_more(place) or not run.may_be_next(place):
                continue
            if run.rules.says(step.matcher, seen, run.known(step.name)) is True:
                return _Taking(place, (), step.name, _item(run, step.matcher, seen))
        elif isinstance(step, AllStep | AnyStep) and run.may_be_next(place):
            for path, leaf in run.open_leaves(place):
                if isinstance(leaf, AbsentStep) or run.rules.says(leaf.matcher, seen, run.known()) is not True:
                    continue
                return _Taking(place, path, leaf.name, _item(run, leaf.matcher, seen))
    return None


def _item(run: Run, matcher: Any, seen: Seen) -> Any:
    return keys(run.rules.match, matcher, seen.event)[run.rules.key]


def _advance(run: Run, taking: _Taking, seen: Seen) -> Outcome:
    after = run.takes(taking.place, taking.member, taking.name, seen, taking.item)
    outcome = _settle(after, seen.time)
    outcome.advanced = True
    if run.step(taking.place).contiguity == "each" and not run.by(taking.place):
        # For the run itself the event went by; what took it is a copy.
        stays = _went_by(run, seen)
        outcome.runs[:0] = stays.runs
        outcome.ends += stays.ends
    return outcome


def _went_by(run: Run, seen: Seen) -> Outcome:
    """An event that nothing took: where its neighbourhood mattered, a repetition or the run is over."""
    after = replace(run, missed=True)
    step = run.step(run.place)
    strict = isinstance(step, EventStep) and step.times is not None and step.times.contiguity == "strict"
    if strict and run.place in run.waiting():
        if not run.is_done:
            return _end(run, "broken", seen.time)
        after = replace(after, closed=after.closed | {run.place})
    return _settle(after, seen.time)


# --- time --------------------------------------------------------------------------------------------------------


def next_deadline(run: Run) -> float | None:
    """When the next thing is due."""
    return min((due[0] for due in run.deadlines()), default=None)


def on_deadline(run: Run) -> Outcome:
    """Settles the earliest thing that is due."""
    time, _, what, where = min(run.deadlines(), key=lambda due: due[:2])
    stamp = int(time)
    if what == "done":
        return _settle(run.passes(where, stamp), stamp)
    if what == "absent":
        after = replace(run, past=run.past | {where})
        place = where[0]
        return _settle(after.passes(place, stamp) if after.group_state(place) == "done" else after, stamp)
    if what == "spanned":
        after = replace(run, spanned=True)
        if run.needed() is not None or (not run.is_done and isinstance(run.step(run.place), EventStep)):
            return _end(run, "expired", stamp)
        return _settle(after, stamp)
    after = replace(run, closed=run.closed | {where})
    step = run.step(where)
    lost = not run.is_satisfied(where) if isinstance(step, EventStep) else after.group_state(where) == "out"
    return _end(run, "expired", stamp) if lost else _settle(after, stamp)


def begin(run: Run) -> Outcome:
    """A run that has taken its first step."""
    return _settle(run, run.last)


# --- how it stands afterwards --------------------------------------------------------------------------------------


def _settle(run: Run, now: int) -> Outcome:
    """Completes the run if nothing is needed any more, ends it if nothing can come, and does what is due at once."""
    if run.lacks_for_ever():
        return _end(run, "broken", now)
    if run.is_complete():
        new = len(run.taken) > run.fired
        goes_on = run.rules.keeps() and run.could_go_on()
        return Outcome(
            runs=[replace(run, fired=len(run.taken))] if goes_on else [],
            completed=[Completed(run, now)] if new else [],
            ends=[] if new or goes_on else [End("", run, now)],
        )
    if run.is_stuck():
        return _end(run, "broken", now)
    try:
        due = next_deadline(run)
    except Ended as ended:
        return _end(run, str(ended), now)
    return on_deadline(run) if due is not None and due <= now else Outcome(runs=[run])


def _end(run: Run, reason: str, time: float) -> Outcome:
    timed_out_after_firing = reason == "expired" and run.fired
    return Outcome(ends=[End("" if timed_out_after_firing else reason, run, time)])
