"""Everything that happens to one key, in order: which matches are open, which are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from math import inf

from config.language import EventStep
from tests.property.oracle.beginning import Beginning, Waiting
from tests.property.oracle.happenings import Completed, End, Outcome, begin, next_deadline, on_deadline, on_event
from tests.property.oracle.keys import read, text
from tests.property.oracle.log import Moment, Seen
from tests.property.oracle.run import Rules, Run, Took


@dataclass(frozen=True)
class Found:
    """A match, or (``expired``) a partial one that timed out."""

    expired: bool
    time: int
    per: str | None
    taken: tuple[Took, ...]


class Life:
    """One key from the first event to the end."""

    def __init__(self, rules: Rules, heard: list[Seen], watched_since: float, end: float) -> None:
        self.rules, self.match = rules, rules.match
        self.heard = sorted(heard, key=lambda seen: seen.moment)
        self.beginning = Beginning(rules, self.heard, watched_since)
        self.end = end
        self.open: list[Run] = []
        self.complete: list[Completed] = []
        """Matches that are not told yet."""
        self.waiting: dict[str | None, Waiting] = {}
        self.found: list[Found] = []
        self.tally: Counter[str] = Counter()
        self.begun = 0

    def tell(self) -> None:
        for seen in self.heard:
            self._time_passes(seen.moment[0])
            self._happens(seen)
        self._time_passes(self.end)

    # --- time ---

    def _time_passes(self, time: float) -> None:
        """Everything due at or before ``time``, the earliest first."""
        while True:
            due = [(when, run.begin, run.number) for run in self.open if (when := next_deadline(run)) is not None]
            if not due or min(due)[0] > time or min(due)[0] == inf:
                return
            run = next(each for each in self.open if each.number == min(due)[2])
            self._replace(run, on_deadline(run))
            self._release(run.per)

    # --- an event ---

    def _happens(self, seen: Seen) -> None:
        advanced: set[str | None] = set()
        for run in sorted(self.open, key=lambda run: (run.begin, run.number)):
            outcome = on_event(run, seen)
            if outcome.advanced:
                advanced.add(run.per)
            self._replace(run, outcome)
        for per in list(self.waiting):
            self._release(per)
        if not seen.late:
            self._may_begin(seen, advanced)

    def _may_begin(self, seen: Seen, advanced: set[str | None]) -> None:
        ended = [waiting for waiting in self.waiting.values() if self.beginning.ends(seen, waiting)]
        for waiting in ended:
            waiting.events = []
        per = self._per(seen)
        mine = self.waiting.setdefault(per, Waiting())
        is_open = any(run.per == per for run in self.open)
        waits = (self.match.on_repeat == "overlap" or per not in advanced) and not (
            self.match.on_repeat == "ignore" and is_open
        )
        has_per = per is not None or self.match.per is None
        begun = self.beginning.begin(seen, mine) if has_per and waits and mine not in ended else ()
        if self.beginning.asks_for_neighbours():
            for waiting in self.waiting.values():
                if not any(took.seen == seen for took in waiting.events):
                    waiting.events = []
        if begun:
            self._begin(per, begun)

    def _begin(self, per: str | None, taken: tuple[Took, ...]) -> None:
        if self.match.on_repeat == "restart":
            self.tally["restarted"] += sum(run.per == per for run in self.open)
            self.open = [run for run in self.open if run.per != per]
        if self.match.on_repeat == "ignore" and not self.rules.keeps():
            self.waiting[per].forget(taken)
        last = taken[-1].seen.time
        run = Run(self.rules, self._next_number(), per, taken, taken[0].step, last, last)
        self.open.append(run)
        self._replace(run, begin(run))
        self._release(per)

    def _per(self, seen: Seen) -> str | None:
        return None if self.match.per is None else text(read(seen.event, self.match.per))

    def _next_number(self) -> int:
        self.begun += 1
        return self.begun

    # --- what becomes of matches ---

    def _replace(self, run: Run, outcome: Outcome) -> None:
        """Puts in the place of a run what became of it."""
        self.open.remove(run)
        for place, each in enumerate(outcome.runs):
            self.open.append(each if place == 0 else replace(each, number=self._next_number()))
        self.complete += outcome.completed
        for end in outcome.ends:
            self._ended(end)

    def _ended(self, end: End) -> None:
        """What an absence or an exit ended is not begun again with the same events."""
        if end.reason:
            self.tally[end.reason] += 1
        if end.reason in ("cancelled", "exited", "late_cancelled"):
            self.waiting[end.run.per].forget(end.run.taken)
        if end.reason == "expired":
            self.found.append(Found(True, int(end.time), end.run.per, end.run.taken))

    def _release(self, per: str | None) -> None:
        """Tells the complete matches, the oldest first. Under a skip one waits while an older one is open."""
        while mine := [each for each in self.complete if each.run.per == per]:
            first = min(mine, key=lambda each: (each.run.begin, each.time, each.run.number))
            older = [run for run in self.open if run.per == per and run.begin < first.run.begin]
            if older and not self.rules.keeps():
                return
            self.complete.remove(first)
            self.found.append(Found(False, int(first.time), per, first.run.taken))
            self.tally["matches"] += 1
            self._skip(first.run)

    def _skip(self, told: Run) -> None:
        """``after_match``: which others a match that was told drops, open, complete or waiting to begin."""
        after = self.match.effective_after_match
        if after.kind == "keep":
            return
        named = [took.seen.moment for took in told.taken if took.name == after.name] if after.name else []
        if after.kind == "skip_past_last":
            edge: Moment = (told.last, inf, inf)
        elif after.kind == "skip_to_next" or not named:
            edge = told.begin
        else:
            time, partition, offset = named[0] if after.kind == "skip_to_first" else named[-1]
            edge = (time, partition, offset - 1)
        to_next = after.kind == "skip_to_next" or (after.name is not None and not named)

        def dropped(run: Run) -> bool:
            return run.per == told.per and (run.begin == edge if to_next else run.begin <= edge)

        self.tally["skipped"] += sum(map(dropped, self.open))
        self.open = [run for run in self.open if not dropped(run)]
        self.complete = [each for each in self.complete if not dropped(each.run)]
        self.waiting[told.per].drop(edge)


def is_single_event(rules: Rules) -> bool:
    """Whether one event alone is the match, which is then told on arrival, late or not."""
    steps = rules.match.steps
    return len(steps) == 1 and isinstance(steps[0], EventStep) and steps[0].times is None
