"""From the models of the trigger language to programs. What cannot run is refused here, when it is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from config.common_policy import NO_LIMITS, CommonPolicy
from config.durations import UNITS_US
from config.errors import ConfigError, Problem
from config.language import (
    ANY_TYPE,
    AllOf,
    Comparison,
    Condition,
    EventMember,
    EventStep,
    IdleStep,
    Matcher,
    Trigger,
    comparisons,
)
from config.language.uses import actions as actions_of
from config.loader import LoadedTrigger
from config.references import Reference
from config.scores import LoadedScore
from operators.actions import compile_actions, compile_recipient
from operators.captures import CaptureLayout
from operators.conditions import Read, compile_condition
from operators.matcher import CompiledMatcher
from operators.needs import needs_of
from operators.paths import getter, needs_body
from operators.policy.compiled import compile_policy
from operators.policy.home import recipient_is_key
from operators.program import Kind, Opening, Program, Skip, Spec, Stage
from operators.scores import score_problems
from operators.stages import Compiled, compile_stages, first_matchers, is_strict, taking_matchers, types_of
from operators.supported import unsupported


def compile_triggers(
    loaded: Sequence[LoadedTrigger],
    *,
    wants_expired: bool = False,
    common: CommonPolicy = NO_LIMITS,
    scores: Sequence[LoadedScore] = (),
) -> tuple[Program, ...]:
    """The programs of these triggers in order of name, under the policy for everybody.

    Raises ``ConfigError`` with one problem for everything in them that this version cannot run, and for every score
    they ask that is not among ``scores`` or cannot be inferred here.
    """
    problems: list[Problem] = score_problems(loaded, scores)
    for each in loaded:
        problems += [
            each.source.problem(found.location, found.value, found.refused) for found in unsupported(each.trigger)
        ]
    if problems:
        raise ConfigError(problems)
    ordered = sorted((each.trigger for each in loaded), key=lambda trigger: trigger.trigger)
    return tuple(
        _Compiler(trigger, common).program(index, wants_expired=wants_expired) for index, trigger in enumerate(ordered)
    )


_CUSTOMER = ("customer_id",)
_QUIET_US = 2 * UNITS_US["d"]
"""Quiet hours are over within a day, and once more where the release itself falls into them."""


class _Compiler:
    """Compiles one trigger. Two passes: which paths are referenced decides what captures keep."""

    def __init__(self, trigger: Trigger, common: CommonPolicy) -> None:
        self.trigger = trigger
        self.common = common
        self.match = trigger.match
        self.layout = CaptureLayout(trigger)
        self.matchers: list[tuple[Matcher, CompiledMatcher]] = []
        self.body_types: set[str] = set()
        self.every_body = False
        self.strict = False

    def program(self, index: int, *, wants_expired: bool) -> Program:
        trigger, match, layout = self.trigger, self.match, self.layout
        exits = tuple(self._matcher(matcher) for matcher in match.exit)
        compiled = compile_stages(match, layout, self._matcher, exits)
        stages = compiled.stages
        openings = self._openings(compiled)
        unless = self._unless()
        first = stages[0]
        recipient = compile_recipient(trigger.policy.recipient, layout)
        actions = compile_actions(trigger, layout)
        policy = compile_policy(trigger, layout, self.common)
        self.strict = any(map(is_strict, stages))
        self._need_captured_bodies()
        return Program(
            index=index,
            name=trigger.trigger,
            version=trigger.version,
            fingerprint=self._fingerprint(),
            key=match.key,
            per=None if match.per is None else getter(match.per),
            stages=stages,
            end=compiled.end,
            guards=compiled.guards,
            openings=openings,
            opens_plainly=first.kind is Kind.EVENT and not compiled.leading,
            first_types=types_of([each for place in openings for each in first_matchers(stages[place.place])]),
            opening_types=self._opening_types(compiled, openings),
            windows_heed_all=any(_is_disturbed(stages[each.place]) for each in openings),
            leading=compiled.leading,
            within_us=match.within_us,
            exits=exits,
            watch_us=self._watch_us() if exits or unless else None,
            unless=unless,
            on_repeat=match.on_repeat,
            skip=self._skip(),
            several=match.on_repeat == "overlap" or any(stage.each for stage in stages),
            fires_on_arrival=match.is_single_event,
            layouts=layout.getters(),
            labels=compiled.labels,
            groups=compiled.groups,
            matchers=tuple(each for _, each in self.matchers),
            listens=self._listens(),
            specs=self._specs(),
            default_specs=self._default_specs(),
            bodies=None if self.every_body else frozenset(self.body_types),
            recipient=recipient,
            priority=trigger.policy.priority,
            actions=actions,
            policy=policy,
            decides_at_home=recipient_is_key(trigger),
            wants_expired=wants_expired,
            needs=needs_of(trigger, self.common),
        )

    def _fingerprint(self) -> str:
        """Of what shapes the state of open matches, and of nothing else: a reworded description keeps them."""
        layout = self.layout
        match = self.match.model_dump(mode="json", exclude_defaults=True, exclude={"fires", "on_expire"})
        shape = [self.trigger.version, match, layout.paths, layout.aggregates]
        return hashlib.blake2b(msgspec.json.encode(shape), digest_size=8).hexdigest()

    # --- how a match begins and what it does to others ---------------------------------------------------------

    def _openings(self, compiled: Compiled) -> tuple[Opening, ...]:
        """The stages whose events can begin a match: the first, and what follows while it can be left out."""
        found = []
        for place, stage in enumerate(compiled.stages[: compiled.end]):
            span_us, size, loop = stage.span_us, None, stage.loop
            if loop is not None:
                span_us = loop.span_us
                if loop.having is None:
                    size = loop.min if self.match.on_repeat == "ignore" else loop.max or loop.min
            if self.match.within_us is not None:
                span_us = self.match.within_us if span_us is None else min(span_us, self.match.within_us)
            found.append(Opening(place, span_us, size))
            if not stage.passable:
                break
        return tuple(found)

    def _opening_types(self, compiled: Compiled, openings: Sequence[Opening]) -> frozenset[str] | None:
        stages = [compiled.stages[opening.place] for opening in openings]
        matchers = [matcher for stage in stages for matcher in taking_matchers(stage)]
        strict = any(stage.loop is not None and stage.loop.strict for stage in stages)
        return types_of([*matchers, *(each.matcher for each in compiled.leading)], every=strict)

    def _skip(self) -> Skip | None:
        rule = self.match.effective_after_match
        if rule.kind == "keep":
            return None
        return Skip(rule.kind, 0 if rule.name is None else self.layout.slots[rule.name])

    def _unless(self) -> tuple[tuple[str, tuple[CompiledMatcher, ...]], ...]:
        return tuple(
            (action.name, tuple(self._matcher(matcher) for matcher in action.unless))
            for _, action in actions_of(self.trigger)
            if action.unless
        )

    def _watch_us(self) -> int | None:
        """The longest that an action can wait: for its own time, for better matches, for quiet hours to be over."""
        policy = self.trigger.policy
        after_us = max(action.after_us or 0 for _, action in actions_of(self.trigger))
        quiet = policy.quiet_hours
        return after_us + policy.arbitration_us + (_QUIET_US if quiet and quiet.then == "defer" else 0) or None

    # --- matchers ---------------------------------------------------------------------------------------------

    def _matcher(self, matcher: Matcher, own: str | None = None) -> CompiledMatcher:
        condition = matcher.where
        types = None if matcher.types == ANY_TYPE else frozenset(matcher.types)

        def resolve(reference: Reference) -> Read:
            return self.layout.resolve(reference, own)

        specs, default_spec = self._own_specs(matcher)
        compiled = CompiledMatcher(
            types,
            None if condition is None else compile_condition(condition, resolve),
            specs,
            default_spec,
            of_one=self._is_of_one(condition),
        )
        self.matchers.append((matcher, compiled))
        if _reads_body(condition):
            self._need_bodies(types)
        return compiled

    def _is_of_one(self, condition: Condition | None) -> bool:
        """Whether what it asks names the customer that ``per`` tells matches apart by."""
        first = self.match.steps[0]
        if self.match.per != _CUSTOMER or not isinstance(first, EventStep) or first.name is None:
            return False
        asked = condition.members if isinstance(condition, AllOf) else (condition,)
        own = Reference(first.name, "last", _CUSTOMER)
        return any(
            isinstance(each, Comparison) and (each.path, each.operator, each.value) == (_CUSTOMER, "eq", own)
            for each in asked
        )

    def _own_specs(self, matcher: Matcher) -> tuple[dict[str, Spec], Spec | None]:
        """Where it finds the key, by type and of every other type; not where that is where the match does."""
        if matcher.key is None:
            return {}, None
        if isinstance(matcher.key, dict):
            return {each: paths for each, paths in matcher.key.items() if paths != self.match.key}, None
        if matcher.key == self.match.key:
            return {}, None
        if matcher.types == ANY_TYPE:
            return {}, matcher.key
        return dict.fromkeys(matcher.types, matcher.key), None

    # --- what events it needs, by which keys, and how much of them ---------------------------------------------

    def _need_bodies(self, types: frozenset[str] | None) -> None:
        if types is None:
            self.every_body = True
        else:
            self.body_types |= types

    def _need_captured_bodies(self) -> None:
        layout = self.layout
        for slot, (step, paths) in enumerate(zip(layout.steps, layout.paths, strict=True)):
            wanted = [path for selector, path in paths if selector == "item" or needs_body(path)]
            if wanted or (self.match.per is not None and slot in layout.opening):
                self._need_bodies(_types(step))
        for event_type, specs in self._specs().items():
            if any(needs_body(path) for spec in specs if spec is not None for path in spec):
                self.body_types.add(event_type)
        keys = [self.match.key, *(spec for spec in self._default_specs() if spec is not None)]
        if any(needs_body(path) for key in keys for path in key):
            self.every_body = True

    def _listens(self) -> frozenset[str] | None:
        idles = [step for step in self.match.steps if isinstance(step, IdleStep)]
        if self.strict or any(step.of is None for step in idles):
            return None
        types = types_of([compiled for _, compiled in self.matchers])
        return None if types is None else types | {each for step in idles for each in step.of or ()}

    def _specs(self) -> dict[str, tuple[Spec | None, ...]]:
        by_type: dict[str, dict[Spec | None, None]] = {}
        for matcher, compiled in self.matchers:
            for event_type in {*matcher.types, *compiled.specs} - {*ANY_TYPE}:
                by_type.setdefault(event_type, {})[compiled.specs.get(event_type)] = None
        for event_type, specs in by_type.items():
            for _, compiled in self.matchers:
                if compiled.types is None:
                    specs[compiled.specs.get(event_type, compiled.default_spec)] = None
            if self._takes_by_the_matchs_key(event_type):
                specs[None] = None
        default = self._default_specs()
        return {event_type: tuple(specs) for event_type, specs in by_type.items() if tuple(specs) != default}

    def _default_specs(self) -> tuple[Spec | None, ...]:
        """How types that nothing names find their keys."""
        specs = {compiled.default_spec: None for _, compiled in self.matchers if compiled.types is None}
        if not specs or self._takes_by_the_matchs_key(None):
            specs[None] = None
        return tuple(specs)

    def _takes_by_the_matchs_key(self, event_type: str | None) -> bool:
        """Whether something that asks for no matcher takes this type (None: any other) by the key of the match."""
        idles = [step for step in self.match.steps if isinstance(step, IdleStep)]
        return self.strict or any(step.of is None or event_type in step.of for step in idles)


def _is_disturbed(stage: Stage) -> bool:
    """Whether an event that does not fit can empty the window of this first step."""
    return stage.loop is not None and (stage.loop.strict or stage.loop.until is not None)


def _types(step: EventStep | EventMember) -> frozenset[str] | None:
    return None if step.types == ANY_TYPE else frozenset(step.types)


def _reads_body(condition: Condition | None) -> bool:
    return any(needs_body(comparison.path) for comparison in comparisons(condition))
