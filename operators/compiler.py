"""From the models of the trigger language to programs. What cannot run is refused here, when it is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from config.errors import ConfigError, Problem
from config.language import (
    ANY_TYPE,
    AbsentStep,
    Condition,
    EventStep,
    IdleStep,
    Matcher,
    Trigger,
    WaitStep,
    comparisons,
)
from config.loader import LoadedTrigger
from config.scores import LoadedScore
from operators.actions import compile_actions, compile_recipient
from operators.captures import CaptureLayout
from operators.conditions import compile_condition
from operators.needs import needs_of
from operators.paths import getter, needs_body
from operators.program import CompiledMatcher, Kind, Program, Spec, Stage
from operators.scores import score_problems
from operators.supported import unsupported


def compile_triggers(
    loaded: Sequence[LoadedTrigger], *, scores: Sequence[LoadedScore] = (), wants_expired: bool = False
) -> tuple[Program, ...]:
    """The programs of these triggers in order of name.

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
        _Compiler(trigger).program(index, wants_expired=wants_expired) for index, trigger in enumerate(ordered)
    )


class _Compiler:
    """Compiles one trigger. Two passes: which paths are referenced decides what captures keep."""

    def __init__(self, trigger: Trigger) -> None:
        self.trigger = trigger
        self.match = trigger.match
        self.layout = CaptureLayout(trigger)
        self.matchers: list[tuple[Matcher, CompiledMatcher]] = []
        self.body_types: set[str] = set()
        self.every_body = False

    def program(self, index: int, *, wants_expired: bool) -> Program:
        match = self.match
        exits = tuple(self._matcher(matcher) for matcher in match.exit)
        stages = self._stages(exits)
        recipient = compile_recipient(self.trigger.policy.recipient, self.layout)
        actions = compile_actions(self.trigger.actions, self.layout)
        per = None if match.per is None else getter(match.per)
        self._need_captured_bodies()
        first = match.steps[0]
        assert isinstance(first, EventStep)
        first_span = first.times.within_us if first.times is not None else None
        if match.within_us is not None and first.times is not None:
            first_span = min(first_span or match.within_us, match.within_us)
        return Program(
            index=index,
            name=self.trigger.trigger,
            version=self.trigger.version,
            fingerprint=self._fingerprint(),
            key=match.key,
            per=per,
            stages=stages,
            first_span_us=first_span,
            within_us=match.within_us,
            exits=exits,
            on_repeat=match.on_repeat,
            clears_window=match.effective_after_match.kind == "skip_past_last",
            fires_on_arrival=match.is_single_event,
            layouts=self.layout.getters(),
            listens=self._listens(),
            specs=self._specs(),
            bodies=None if self.every_body else frozenset(self.body_types),
            recipient=recipient,
            priority=self.trigger.policy.priority,
            actions=actions,
            wants_expired=wants_expired,
            needs=needs_of(self.trigger),
        )

    def _fingerprint(self) -> str:
        """Of what shapes the state of open matches, and of nothing else: a reworded description keeps them."""
        shape = [self.trigger.version, self.match.model_dump(mode="json", exclude_defaults=True), self.layout.paths]
        return hashlib.blake2b(msgspec.json.encode(shape), digest_size=8).hexdigest()

    def _stages(self, exits: tuple[CompiledMatcher, ...]) -> tuple[Stage, ...]:
        steps = self.match.steps
        last_event = max(i for i, step in enumerate(steps) if isinstance(step, EventStep))
        stages: list[Stage] = []
        for place, step in enumerate(steps):
            if isinstance(step, AbsentStep) and step.within_us is None:
                continue
            label, matcher, span, count = str(place), None, None, 1
            match step:
                case EventStep():
                    label = step.name or label
                    kind, matcher, span = Kind.EVENT, self._matcher(step.matcher), step.within_us
                    count = step.times.min if step.times is not None else 1
                case AbsentStep():
                    kind, matcher, span = Kind.ABSENT, self._matcher(step.matcher), step.within_us
                case IdleStep():
                    of = step.of
                    matcher = None if of is None else CompiledMatcher(frozenset(of), None, {})
                    kind, span = Kind.IDLE, step.for_us
                case WaitStep():
                    kind, span = Kind.WAIT, step.for_us
                case _:
                    raise AssertionError(f"refused before: {step}")
            guards = self._guards(place)
            stages.append(
                Stage(
                    kind=kind,
                    label=label,
                    matcher=matcher,
                    span_us=span,
                    guards=guards,
                    count=count,
                    events_remain=place <= last_event,
                    heeds=_types_of(
                        [*([matcher] if matcher is not None else []), *guards, *exits],
                        every=kind is Kind.IDLE and matcher is None,
                    ),
                    repeated=isinstance(step, EventStep) and step.times is not None,
                )
            )
        return tuple(stages)

    def _guards(self, place: int) -> tuple[CompiledMatcher, ...]:
        """The untimed absences between the event steps around this place, but for those not yet reached."""
        found = []
        for step in reversed(self.match.steps[:place]):
            if isinstance(step, EventStep):
                break
            if isinstance(step, AbsentStep) and step.within_us is None:
                found.append(self._matcher(step.matcher))
        following = self.match.steps[place + 1 :] if not isinstance(self.match.steps[place], EventStep) else ()
        for step in following:
            if isinstance(step, EventStep):
                break
            if isinstance(step, AbsentStep) and step.within_us is None:
                found.append(self._matcher(step.matcher))
        return tuple(found)

    def _matcher(self, matcher: Matcher) -> CompiledMatcher:
        condition = matcher.where
        types = None if matcher.types == ANY_TYPE else frozenset(matcher.types)
        compiled = CompiledMatcher(
            types,
            None if condition is None else compile_condition(condition, self.layout.resolve),
            self._own_specs(matcher),
        )
        self.matchers.append((matcher, compiled))
        if _reads_body(condition):
            self._need_bodies(types)
        return compiled

    def _own_specs(self, matcher: Matcher) -> dict[str, Spec]:
        if matcher.key is None:
            return {}
        if isinstance(matcher.key, dict):
            named = matcher.key.items()
        else:
            named = ((each, matcher.key) for each in matcher.types)  # type: ignore[assignment]
        return {event_type: paths for event_type, paths in named if paths != self.match.key}

    def _need_bodies(self, types: frozenset[str] | None) -> None:
        if types is None:
            self.every_body = True
        else:
            self.body_types |= types

    def _need_captured_bodies(self) -> None:
        for step, paths in zip(self.layout.steps, self.layout.paths, strict=True):
            wanted = [path for selector, path in paths if selector == "item" or needs_body(path)]
            if wanted or (self.match.per is not None and step is self.layout.steps[0]):
                self._need_bodies(None if step.types == ANY_TYPE else frozenset(step.types))
        for event_type, specs in self._specs().items():
            if any(needs_body(path) for spec in specs if spec is not None for path in spec):
                self.body_types.add(event_type)
        if any(needs_body(path) for path in self.match.key):
            self.every_body = True

    def _listens(self) -> frozenset[str] | None:
        if any(compiled.types is None for _, compiled in self.matchers):
            return None
        idles = [step for step in self.match.steps if isinstance(step, IdleStep)]
        if any(step.of is None for step in idles):
            return None
        types = {event_type for _, compiled in self.matchers for event_type in compiled.types or ()}
        return frozenset(types | {event_type for step in idles for event_type in step.of or ()})

    def _specs(self) -> dict[str, tuple[Spec | None, ...]]:
        by_type: dict[str, dict[Spec | None, None]] = {}
        for matcher, compiled in self.matchers:
            for event_type in set(matcher.types) | compiled.specs.keys():
                by_type.setdefault(event_type, {})[compiled.specs.get(event_type)] = None
        for event_type, specs in by_type.items():
            if self._takes_by_the_matchs_key(event_type):
                specs[None] = None
        return {event_type: tuple(specs) for event_type, specs in by_type.items() if tuple(specs) != (None,)}

    def _takes_by_the_matchs_key(self, event_type: str) -> bool:
        """Whether something that names no types, or an idle, takes this one by the key of the match."""
        idles = [step for step in self.match.steps if isinstance(step, IdleStep)]
        return any(compiled.types is None and event_type not in compiled.specs for _, compiled in self.matchers) or any(
            step.of is None or event_type in step.of for step in idles
        )


def _types_of(matchers: list[CompiledMatcher], *, every: bool) -> frozenset[str] | None:
    """The types that any of these matchers takes; None: every type."""
    if every or any(matcher.types is None for matcher in matchers):
        return None
    return frozenset(each for matcher in matchers for each in matcher.types or ())


def _reads_body(condition: Condition | None) -> bool:
    return any(needs_body(comparison.path) for comparison in comparisons(condition))
