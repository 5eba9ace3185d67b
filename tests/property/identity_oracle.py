"""What identity means, read directly: the whole log sorted once, each anonymous customer's list cut at his identify.

No watermark, no chunk, no key group, no step: one automaton a trigger is shown everything in order, in the name of
whom it belongs to. At the place of an identify what the anonymous one has open is taken away, another automaton is
shown his events alone, and what is open in that is joined. The automaton itself has an oracle of its own.
"""

from __future__ import annotations

from math import inf
from typing import Any

from operators.automaton import Automaton, Found, KeyState
from operators.captures import capture
from operators.decide import Decider
from operators.paths import key_text
from operators.plan import Listener, Plan, keys_of
from operators.program import Program
from operators.records import CUSTOMER, END_OF_TIME, ORDER, TIME, TYPE, Event
from operators.tally import Tally
from tests.harness import TOPIC, Result

Log = list[dict[str, Any]]


def answers(plan: Plan, log: Log, *, bound_us: int, at_end: str, horizon_us: int, max_kept: int) -> Result:
    """What must be found in a log of one partition without copies."""
    told: list[Found] = []
    events = sorted(in_order(log, bound_us))
    claimed = first_identifies(events)
    end_us = END_OF_TIME if at_end == "flush" else max(each["event_time"] * 1_000 for each in log)
    for program in plan.programs:
        told += One(plan, program, events, claimed, horizon_us, max_kept).found(end_us)
    return Result(told=Decider(Tally()).decide(told))


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
        self.told: list[Found] = []
        self.automaton = self.fresh(self.told)

    def fresh(self, told: list[Found]) -> Automaton:
        return Automaton(self.program, lambda *_: None, told.append, Tally())

    def found(self, end_us: int) -> list[Found]:
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
        for listener in (*interest.home, *interest.foreign) if abroad else interest.home:
            if listener.program == self.program.index:
                for key, item in keys_of(listener, event):
                    automaton.on_event(event if item is None else (*event, item), key, listener.spec)

    def fire(self, listener: Listener, event: Event) -> None:
        program = self.program
        for key, item in keys_of(listener, event):
            shown = event if item is None else (*event, item)
            per = None if program.per is None else key_text(program.per(shown))
            if program.stages[0].matcher.fits(shown, (), listener.spec) and (program.per is None or per is not None):
                captured = (capture(shown, program.layouts[0]),)
                self.told.append(Found(program, key, per, captured, event[TIME], expired=False))

    def identify(self, anonymous_id: str, identify: Event) -> None:
        if self.program.key[0] != ("customer_id",):
            return
        for key in [key for key in self.automaton.states if (key if isinstance(key, str) else key[0]) == anonymous_id]:
            self.automaton.on_timer(key, identify[ORDER])
            self.automaton.states.pop(key, None)
        his = [event for event in self.events if event < identify and event[CUSTOMER] == anonymous_id]
        his = [event for event in his if event[-1].get("anonymous_id") == anonymous_id]
        his = [event for event in his if self.plan.interest(event[TYPE]).home][-self.kept :]
        alone = self.fresh([])
        for event in his:
            if event[ORDER] > identify[ORDER] - self.horizon_us:
                self.show(alone, as_of(event, identify[CUSTOMER]), abroad=False)
        for key in list(alone.states):
            alone.on_timer(key, identify[ORDER])
        for key, state in list(alone.states.items()):
            self.automaton.on_timer(key, identify[ORDER])
            self.join(key, state)

    def join(self, key: Any, brought: KeyState) -> None:
        own = self.automaton.states.get(key, KeyState())
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
        joined = dict(own.windows or {})
        for per, window in (brought.windows or {}).items():
            both = sorted([*joined.get(per, []), *window], key=lambda taken: (taken[4], taken[2]))
            most = self.program.stages[0].count - 1
            joined[per] = both[-most:] if most else []
        own.windows = joined or None
        own.due_us = END_OF_TIME
        self.automaton.states[key] = own
        self.automaton.schedule_all()
