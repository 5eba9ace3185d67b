"""Which triggers an event concerns, and by which keys: worked out once per event type.

An event is *home* in the key group of its customer; there it is counted, de-duplicated and shown to every trigger
whose key begins with ``customer_id``. To a trigger keyed otherwise it is *foreign*: it travels to the group of each
key value as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple, TypeAlias

from config.language.policy_checks import ACTION_SENT
from config.scores import LoadedScore
from config.traits import Trait
from operators.matcher import OWN_WAY, Ways
from operators.paths import key_elements, needs_body
from operators.profiles.kept import kept_for
from operators.program import Key, Program, Spec
from operators.records import CUSTOMER, PROPERTIES, Event
from operators.scores import Scores

_CUSTOMER: Spec = (("customer_id",),)
_MAX_TYPES = 10_000
"""Distinct types remembered; a stream of ever new types must not fill memory."""

Keys: TypeAlias = Callable[[Event], list[tuple[Key, Any]]]
"""Every distinct key of an event with the list element it came by (None: no list)."""


class Listener(NamedTuple):
    """One way in which one trigger takes events of one type."""

    program: int
    spec: Spec | None
    """The paths the keys are read from, None for the match's own."""
    keys: Keys | None
    """None: the customer id itself."""
    ways: Ways
    """``spec`` as an automaton is told it."""


class Interest(NamedTuple):
    """What there is to do about one type of event."""

    home: tuple[Listener, ...]
    foreign: tuple[Listener, ...]
    arrivals: tuple[Listener, ...]
    """Single-step triggers, which fire when the event arrives."""
    foreign_arrivals: tuple[Listener, ...]
    body: bool
    """Whether a home listener reads the event's JSON."""
    forked: bool = False
    """Whether some trigger takes the event by several ways, which may lead to one key."""
    changes_profile: bool = False
    """Whether it may change what is kept of its customer's profile."""
    profile_body: bool = False
    """Whether its JSON is read for that."""
    reads_profile: bool = False
    """Whether a home listener reads the profile, or scores."""
    scores: tuple[str, ...] = ()
    """What scores home listeners ask of it."""


NOTHING = Interest((), (), (), (), False)


class Plan:
    """The triggers of a flow as seen from its events."""

    def __init__(
        self, programs: Sequence[Program], traits: Sequence[Trait] = (), scores: Sequence[LoadedScore] = ()
    ) -> None:
        self.programs = tuple(programs)
        self.decides_at_home = all(program.decides_at_home for program in programs)
        """Whether every recipient's actions are decided in the key group that finds their matches."""
        asked = {name for program in self.programs for _, name in program.needs.scores}
        self.scores = Scores(score for score in scores if score.name in asked)
        paths = {path for program in self.programs for path in program.needs.profile} | self.scores.customer_paths
        self.profiles = kept_for(paths, traits)
        """What is kept of every customer's profile: what the programs read, and nothing where none reads any."""
        self._interests: dict[str, Interest] = {}

    def interest(self, event_type: str) -> Interest:
        """What there is to do about this type."""
        found = self._interests.get(event_type)
        if found is None:
            found = self._work_out(event_type)
            if len(self._interests) < _MAX_TYPES:
                self._interests[event_type] = found
        return found

    def unknown_comparisons(self) -> int:
        """How many conditions were neither true nor false in this process."""
        return sum(matcher.unknown for program in self.programs for matcher in program.matchers)

    def _work_out(self, event_type: str) -> Interest:
        groups: dict[tuple[bool, bool], list[Listener]] = {}
        body = forked = reads_profile = False
        scores: set[str] = set()
        for program in self.programs:
            if program.listens is not None and event_type not in program.listens:
                continue
            specs = program.specs_of(event_type)
            forked |= len(specs) > 1
            for spec in specs:
                paths = program.key if spec is None else spec
                is_home = paths[0] == ("customer_id",)
                keys = None if paths == _CUSTOMER else _composite(paths)
                if event_type == ACTION_SENT:
                    keys, body = _of_others(program.name, keys or _composite(paths)), body or is_home
                listener = Listener(program.index, spec, keys, OWN_WAY if spec is None else (spec,))
                groups.setdefault((is_home, program.fires_on_arrival), []).append(listener)
                if is_home and program.fires_on_arrival and program.watch_us is not None:
                    groups.setdefault((True, False), []).append(listener)
                reads_key = any(needs_body(path) for path in paths)
                body |= is_home and (reads_key or program.bodies is None or event_type in program.bodies)
            reads_profile |= program.needs.asks_profile(event_type)
            scores |= program.needs.scores_of(event_type)
        changes_profile = self.profiles.hears(event_type)
        if not groups and not changes_profile:
            return NOTHING
        return Interest(
            home=tuple(groups.get((True, False), ())),
            foreign=tuple(groups.get((False, False), ())),
            arrivals=tuple(groups.get((True, True), ())),
            foreign_arrivals=tuple(groups.get((False, True), ())),
            body=body,
            forked=forked,
            changes_profile=changes_profile,
            profile_body=self.profiles.reads_body(event_type),
            reads_profile=reads_profile or bool(scores),
            scores=tuple(sorted(scores)),
        )


def keys_of(listener: Listener, event: Event) -> list[tuple[Key, Any]]:
    """The distinct keys by which this event concerns this listener, each with its list element."""
    if listener.keys is not None:
        return listener.keys(event)
    customer = event[CUSTOMER]
    return [] if customer is None else [(customer, None)]


def _of_others(trigger: str, keys: Keys) -> Keys:
    """The keys of an action that came back, for any trigger but the one that sent it: none hears of its own."""
    return lambda event: [] if event[PROPERTIES].get("trigger") == trigger else keys(event)


def _composite(paths: Spec) -> Keys:
    parts = [key_elements(path) for path in paths]
    if len(parts) == 1:
        single = parts[0]
        return lambda event: [(text, item) for text, item in single(event)]

    def keys(event: Event) -> list[tuple[Key, Any]]:
        return list(_combined([part(event) for part in parts]))

    return keys


def _combined(parts: list[list[tuple[str, Any]]]) -> Iterator[tuple[Key, Any]]:
    for combination in product(*parts):
        items = [item for _, item in combination if item is not None]
        yield tuple(text for text, _ in combination), (items[-1] if items else None)
