"""What identity means, read directly: the whole log sorted once, each anonymous customer's list cut at his identify.

No watermark, no chunk, no key group, no step: one automaton a trigger is shown everything in order, in the name of
whom it belongs to. At the place of an identify what the anonymous one has open is taken away, another automaton is
shown his events alone, and what is open in that is joined. The automaton itself has an oracle of its own.
"""

from __future__ import annotations

from math import inf
from typing import Any

from operators.automaton import Automaton, Found, KeyState
from operators.body import by_item
from operators.decide import match_of
from operators.matcher import OWN_WAY
from operators.paths import key_text
from operators.plan import Listener, Plan, keys_of
from operators.policy.step import PolicyStep
from operators.program import Program
from operators.records import BEGINNING_OF_TIME, CUSTOMER, END_OF_TIME, OFFSET, ORDER, TIME, TYPE, Event
from operators.repetition import place_of
from operators.runs import Exited, More
from operators.tally import Tally
from tests.harness import TOPIC, Result

Log = list[dict[str, Any]]


def answers(plan: Plan, log: Log, *, bound_us: int, at_end: str, horizon_us: int, max_kept: int) -> Result:
    """What must be found in a log of one partition without copies."""
    told: list[Found | Exited] = []
    events = sorted(in_order(log, bound_us))
    claimed = first_identifies(events)
    end_us = END_OF_TIME if at_end == "flush" else max(each["event_time"] * 1_000 for each in log)
    for program in plan.programs:
        told += One(plan, program, events, claimed, horizon_us, max_kept).found(end_us)
    matches = [match_of(each, each.released_us) for each in told if isinstance(each, Found)]
    return Result(told=PolicyStep(plan.programs, Tally()).receive(matches, END_OF_TIME))


def in_order(log: Log, bound_us: int) -> list[Event]:
    """Every event with its place: its time, or the watermark that it came behind."""
    events: list[Event] = []
    largest = -inf
    for offset, each in enumerate(log):
        time_us = each["event_time"] * 1_000
        order_us = int(max(time_us, largest - bound_us))
        largest = max(largest, time_us)
        events.append((
            order_us, (TOPIC, 0), offset, 0, time_us, each["event_id"], each["type"], each["customer_id"], None,
            each.get("properties", {}), each.get("context", {}),
        ))  # fmt: skip
    return events


def first_identifies(events: list[Event]) -> dict[str, Event]:
    """By anonymous id, the identify that says whose it is."""
    claimed: dict[str, Event] = {}
    for event in events:
        anonymous_id = event[-1].get("anonymous_id")
        if event[TYPE] == "identify" and anonymous_id not in (None, event[CUSTOMER]):
            claimed.setdefault(anonymous_id, event)
    return claimed


def as_of(event: Event, customer_id: str) -> Event:
    return (*event[:CUSTOMER], customer_id, *event[CUSTOMER + 1 :])


class One:
    """One trigger over the whole log."""

    def __init__(
        self, plan: Plan, program: Program, events: list[Event], claimed: dict[str, Event], horizon_us: int, kept: int
    ) -> None:
        self.plan, self.program, self.events, self.claimed = plan, program, events, claimed
        self.horizon_us, self.kept = horizon_us, kept
        self.told: list[Found | Exited] = []
        # In order of arrival the first message of the one partition is what watching began with.
        self.watched_since_us = min(events, key=lambda event: event[OFFSET])[TIME]
        self.automaton = self.fresh(self.told, self.watched_since_us)

    def fresh(self, told: list[Found | Exited], watched_since_us: int) -> Automaton:
        automaton = Automaton(self.program, lambda *_: None, told.append, Tally())
        automaton.watched_since_us = watched_since_us
        return automaton

    def found(self, end_us: int) -> list[Found | Exited]:
        for event in self.events:
            for anonymous_id, identify in self.claimed.items():
                if identify is event:
                    self.identify(anonymous_id, identify)
            self.show(self.automaton, self.named(event))
        for key in list(self.automaton.states):
            self.automaton.on_timer(key, end_us)
        return self.told

    def named(self, event: Event) -> Event:
        """In the name of whom it belongs to."""
        customer_id = event[CUSTOMER]
        is_anonymous = event[-1].get("anonymous_id") == customer_id
        identify = self.claimed.get(customer_id) if is_anonymous else None
        return event if identify is None or event < identify else as_of(event, identify[CUSTOMER])

    def show(self, automaton: Automaton, event: Event, *, abroad: bool = True) -> None:
        interest = self.plan.interest(event[TYPE])
        for listener in (*interest.arrivals, *interest.foreign_arrivals) if abroad else ():
            if listener.program == self.program.index:
                self.fire(listener, event)
        ways_to: dict[Any, dict[Any, Any]] = {}
        for listener in (*interest.home, *interest.foreign) if abroad else interest.home:
            if listener.program == self.program.index:
                for key, item in keys_of(listener, event):
                    ways_to.setdefault(key, {})[listener.spec] = item
        for key, ways in ways_to.items():
            if len(ways) > 1:
                automaton.on_event(event, key, ways)
                continue
            ((spec, item),) = ways.items()
            automaton.on_event(by_item(event, item), key, OWN_WAY if spec is None else (spec,))

    def fire(self, listener: Listener, event: Event) -> None:
        program = self.program
        for key, item in keys_of(listener, event):
            shown, ways = by_item(event, item), (listener.spec,)
            per = None if program.per is None else key_text(program.per(shown))
            matcher = program.stages[0].matcher
            if matcher.fits(shown, (), ways) and (program.per is None or per is not None):
                captured = (matcher.capture(shown, program.layouts[0], ways),)
                self.told.append(Found(program, key, per, captured, event[TIME], expired=False))

    def identify(self, anonymous_id: str, identify: Event) -> None:
        if self.program.key[0] != ("customer_id",):
            return
        for key in [key for key in self.automaton.states if (key if isinstance(key, str) else key[0]) == anonymous_id]:
            self.automaton.on_timer(key, identify[ORDER])
            self.automaton.states.pop(key)
        his = [event for event in self.events if event < identify and event[CUSTOMER] == anonymous_id]
        his = [event for event in his if event[-1].get("anonymous_id") == anonymous_id]
        his = [event for event in his if self.plan.interest(event[TYPE]).home][-self.kept :]
        from_us = identify[ORDER] - self.horizon_us
        his = [event for event in his if event[ORDER] > from_us]
        since_us = his[0][ORDER] if len(his) == self.kept else from_us
        alone = self.fresh([], max(self.watched_since_us, since_us + 1))
        for event in his:
            self.show(alone, as_of(event, identify[CUSTOMER]), abroad=False)
        for key in list(alone.states):
            alone.on_timer(key, identify[ORDER])
        for key in list(alone.states):
            self.automaton.on_timer(key, identify[ORDER])
            self.join(key, alone.states.get(key), identify[ORDER])

    def join(self, key: Any, brought: KeyState, now_us: int) -> None:
        own = self.automaton.states.get(key) or KeyState()
        runs = {"mine": own.runs, "theirs": brought.runs}
        kept = []
        for whose, run in [(whose, run) for whose, several in runs.items() for run in several]:
            rivals = [other for other in runs["theirs" if whose == "mine" else "mine"] if other.per == run.per]
            begun = [other.begin_us for other in rivals]
            stays = {
                "overlap": True,
                "restart": all(run.begin_us > each or (run.begin_us == each and whose == "mine") for each in begun),
                "ignore": all(run.begin_us < each or (run.begin_us == each and whose == "mine") for each in begun),
            }
            if stays[self.program.on_repeat]:
                kept.append(run)
        own.runs = sorted(kept, key=lambda run: run.begin_us)
        mine, theirs = own.more or More(), brought.more or More()
        for number, times_us in theirs.heard.items():
            never = (BEGINNING_OF_TIME, BEGINNING_OF_TIME)
            before_us, last_us = sorted({*never, *times_us, *mine.heard.get(number, never)} | {BEGINNING_OF_TIME - 1})[
                -2:
            ]
            mine.heard[number] = (last_us, max(before_us, BEGINNING_OF_TIME))
        for (place, per), window in theirs.windows.items():
            mine.windows[place, per] = self.window(place, mine.windows.get((place, per)), window)
        mine.unclear |= theirs.unclear
        mine.held += theirs.held
        own.more = mine
        self.automaton.put(key, own, now_us)

    def window(self, place: int, mine: list[Any] | None, theirs: list[Any]) -> list[Any]:
        """What waits for a first step to be complete, in order of time."""
        stage = self.program.stages[place]
        if not mine:
            return theirs
        if stage.group is None:
            both = sorted([*mine, *theirs], key=place_of)
            if stage.loop.strict:
                return mine if both[-1] in mine else theirs
            return both
        joined: list[Any] = []
        for leaf in range(len(mine)):
            (unit,) = [
                [each.place for each in unit] for unit in stage.group.units if leaf in [one.place for one in unit]
            ]
            waiting = [taken for each in unit for window in (mine, theirs) for taken in window[each] or ()]
            here = [taken for window in (mine, theirs) for taken in window[leaf] or ()]
            if self.program.on_repeat != "ignore":
                here = [taken for taken in here if place_of(taken) == max(map(place_of, waiting))]
            joined.append(tuple(sorted(here, key=place_of)) or None)
        return joined
