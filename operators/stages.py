"""From the steps of a match to the stages of a program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from config.language import (
    AbsentStep,
    AllStep,
    AnyStep,
    AtStep,
    EventMember,
    EventStep,
    Having,
    IdleStep,
    Match,
    Member,
    Step,
    WaitStep,
    comparisons,
)
from config.references import Reference, Scaled
from operators.captures import CaptureLayout
from operators.conditions import Captures, comparator, compile_scaled
from operators.groups import AbsentMember, Group, Leaf, Node, units
from operators.matcher import CompiledMatcher
from operators.moments import Moment, at_as_said, at_local, wait_as_said
from operators.program import TAKING, Kind, Leading, Loop, Stage, united

Compile = Callable[..., CompiledMatcher]
"""(matcher, name of the repetition whose own ``where`` it is)."""

Guards = dict[tuple[int, int], tuple[CompiledMatcher, ...]]


@dataclass
class Compiled:
    """The stages of a match, the absences that lead to them and those between them."""

    stages: tuple[Stage, ...]
    end: int
    guards: Guards
    leading: tuple[Leading, ...]
    labels: tuple[str, ...]
    groups: tuple[tuple[int, int], ...]


def compile_stages(
    match: Match, layout: CaptureLayout, compile_matcher: Compile, exits: Sequence[CompiledMatcher]
) -> Compiled:
    """Everything that ``match.steps`` says."""
    stages: list[Stage] = []
    gaps: list[tuple[CompiledMatcher, ...]] = []
    leading: list[Leading] = []
    labels: list[str] = []
    groups: list[tuple[int, int]] = []
    between: list[CompiledMatcher] = []
    for place, step in enumerate(match.steps):
        if isinstance(step, AbsentStep) and (step.within_us is None or not stages):
            matcher = compile_matcher(step.matcher)
            if step.within_us is None:
                between.append(matcher)
            else:
                leading.append(Leading(matcher, step.within_us))
            continue
        stages.append(_stage(step, place, len(labels), layout, compile_matcher))
        gaps.append(tuple(between))
        between = []
        if isinstance(step, AllStep | AnyStep):
            groups.append((len(labels), len(labels) + len(layout.by_step[place])))
        labels += _labels(step, str(place))
    end = len(stages)
    if stages[-1].kind is Kind.LOOP:
        stages.append(_bare(Kind.END, "", len(labels)))
        gaps.append(())
    guards = _guards(stages, gaps, end)
    finished = _Finisher(stages, guards, end, exits, match.within_us)
    return Compiled(
        stages=tuple(finished.stage(place) for place in range(len(stages))),
        end=end,
        guards=guards,
        leading=tuple(leading),
        labels=tuple(labels),
        groups=tuple(groups),
    )


def types_of(matchers: Sequence[CompiledMatcher], *, every: bool = False) -> frozenset[str] | None:
    """The types that any of these matchers takes; None: every type."""
    return None if every else united(matcher.types for matcher in matchers)


def first_matchers(stage: Stage) -> list[CompiledMatcher]:
    """The matchers of the events that a stage takes."""
    if stage.group is not None:
        return [leaf.matcher for leaf in stage.group.leaves]
    return [] if stage.matcher is None else [stage.matcher]


def taking_matchers(stage: Stage) -> list[CompiledMatcher]:
    """The matchers that a stage shows an event to, but for its guards."""
    found = first_matchers(stage)
    if stage.group is not None:
        found += [absent.matcher for absent in stage.group.absent]
    if stage.loop is not None and stage.loop.until is not None:
        found.append(stage.loop.until)
    return found


def is_strict(stage: Stage) -> bool:
    """Whether events that fit nothing can end what waits at the stage."""
    return stage.strict or (stage.loop is not None and stage.loop.strict)


# --- one stage -----------------------------------------------------------------------------------------------------


def _stage(step: Step, place: int, slot: int, layout: CaptureLayout, compile_matcher: Compile) -> Stage:
    label = str(place)
    match step:
        case EventStep():
            return _event_stage(step, step.name or label, slot, layout, compile_matcher)
        case AllStep() | AnyStep():
            bare = _bare(Kind.GROUP, label, slot)
            return replace(
                bare,
                span_us=step.within_us,
                strict=step.contiguity == "strict",
                each=step.contiguity == "each",
                group=_group(step, compile_matcher),
            )
        case AbsentStep():
            bare = _bare(Kind.ABSENT, label, slot)
            return replace(bare, matcher=compile_matcher(step.matcher), lasts_us=step.within_us)
        case IdleStep():
            heard = None if step.of is None else CompiledMatcher(frozenset(step.of), None, {})
            return replace(_bare(Kind.IDLE, label, slot), matcher=heard, lasts_us=step.for_us)
        case WaitStep() | AtStep():
            lasts_us = step.for_us if isinstance(step, WaitStep) else None
            return replace(_bare(Kind.WAIT, label, slot), lasts_us=lasts_us, moment=_moment(step, layout))


def _bare(kind: Kind, label: str, slot: int) -> Stage:
    return Stage(kind, label, None, None, None, (), -1, None, None, False, slot)


def _event_stage(step: EventStep, label: str, slot: int, layout: CaptureLayout, compile_matcher: Compile) -> Stage:
    times = step.times
    loop = None
    if times is not None or step.optional:
        loop = Loop(
            min=1 if times is None else times.min,
            max=1 if times is None else times.max,
            span_us=None if times is None else times.within_us,
            growth=layout.growth(slot),
            strict=times is not None and times.contiguity == "strict",
            greedy=step.greedy,
            optional=step.optional,
            until=None if step.until is None else compile_matcher(step.until),
            having=None if step.having is None else _having(step.having, slot, layout),
            reads_own=_reads_own(step),
        )
    return replace(
        _bare(Kind.EVENT if loop is None else Kind.LOOP, label, slot),
        matcher=compile_matcher(step.matcher, step.name if times is not None else None),
        span_us=step.within_us,
        strict=step.contiguity == "strict",
        each=step.contiguity == "each",
        loop=loop,
    )


def _reads_own(step: EventStep) -> bool:
    values = (
        comparison.value.reference if isinstance(comparison.value, Scaled) else comparison.value
        for comparison in comparisons(step.where)
    )
    return any(isinstance(value, Reference) and value.name == step.name for value in values)


def _having(having: Having, slot: int, layout: CaptureLayout) -> Callable[[Captures], bool | None]:
    read = layout.aggregate(slot, having.aggregate, having.path)
    bounds = []
    for bound in having.bounds:
        value = bound.value
        if isinstance(value, Scaled):
            wanted = compile_scaled(value, layout.resolve)
        elif isinstance(value, Reference):
            wanted = layout.resolve(value)
        else:
            wanted = _constant(value)
        bounds.append((comparator(bound.operator), wanted))

    def holds(captures: Captures) -> bool | None:
        found = read(captures)
        verdicts = [compare(found, wanted(captures)) for compare, wanted in bounds]
        return False if False in verdicts else None if None in verdicts else True

    return holds


def _constant(value: int | float) -> Callable[[Captures], int | float]:
    return lambda captures: value


def _moment(step: WaitStep | AtStep, layout: CaptureLayout) -> Moment | None:
    reference = step.reference
    if isinstance(step, WaitStep):
        return None if reference is None else wait_as_said(layout.resolve(reference))
    if reference is None:
        assert step.local_time is not None
        return at_local(step.local_time)
    in_us = reference.path == ("event_time",) and reference.selector != "item"
    return at_as_said(layout.resolve(reference), step.offset_us, in_us=in_us)


def _group(step: AllStep | AnyStep, compile_matcher: Compile) -> Group:
    leaves: list[Leaf] = []
    absent: list[AbsentMember] = []

    def member(each: Member) -> Leaf | AbsentMember | Node:
        if isinstance(each, EventMember):
            leaves.append(Leaf(len(leaves), compile_matcher(each.matcher)))
            return leaves[-1]
        if isinstance(each, AbsentStep):
            assert each.within_us is not None
            absent.append(AbsentMember(len(absent), compile_matcher(each.matcher), each.within_us))
            return absent[-1]
        return node(each)

    def node(each: AllStep | AnyStep) -> Node:
        return Node("all" if isinstance(each, AllStep) else "any", tuple(member(one) for one in each.members))

    root = node(step)
    return Group(root, tuple(leaves), tuple(absent), tuple(units(root)))


def _labels(step: Step | Member, label: str) -> list[str]:
    """By slot of the step: the name of the event, or its place."""
    if isinstance(step, EventStep | EventMember):
        return [step.name or label]
    if isinstance(step, AllStep | AnyStep):
        return [each for place, one in enumerate(step.members) for each in _labels(one, f"{label}.{place}")]
    return []


# --- what stages know of each other ----------------------------------------------------------------------------------


def _guards(stages: list[Stage], gaps: list[tuple[CompiledMatcher, ...]], end: int) -> Guards:
    """By (last event stage done, stage it waits at), the untimed absences between it and the next needed event."""
    found: Guards = {}
    for place in range(len(stages)):
        last = place
        while last < end - 1 and not _is_needed(stages[last]):
            last += 1
        for floor in range(-1, place + 1):
            found[floor, place] = tuple(guard for gap in gaps[floor + 1 : last + 1] for guard in gap)
    return found


def _is_needed(stage: Stage) -> bool:
    return stage.kind in TAKING and not stage.passable


class _Finisher:
    """Gives each stage what it must know of the others."""

    def __init__(
        self,
        stages: list[Stage],
        guards: Guards,
        end: int,
        exits: Sequence[CompiledMatcher],
        within_us: int | None,
    ) -> None:
        self._stages, self._guards, self._end, self._exits, self._within_us = stages, guards, end, exits, within_us
        self._strict = any(map(is_strict, stages))
        self._fixed = not any(stage.passable for stage in stages)

    def stage(self, place: int) -> Stage:
        """The stage at ``place``, complete."""
        stage = self._stages[place]
        before = max((i for i in range(place) if self._stages[i].kind in TAKING), default=-1)
        return replace(
            stage,
            before=before,
            guards=self._guards[before, place],
            whole_us=self._within_us if any(map(_is_needed, self._stages[place : self._end])) else None,
            heeds=self._heeds(place, before),
            plain=self._is_plain(place),
        )

    def _is_plain(self, place: int) -> bool:
        stage = self._stages[place]
        if stage.kind is Kind.EVENT:
            return not stage.strict and not stage.each
        return stage.kind not in (*TAKING, Kind.END) and not self._strict

    def _heeds(self, place: int, before: int) -> frozenset[str] | None:
        stages = self._stages
        here = [stages[place]]
        behind = place - 1
        while behind >= 0 and stages[behind].kind is Kind.LOOP:
            here.append(stages[behind])
            if not stages[behind].passable:
                break
            behind -= 1
        floors = [before] if self._fixed else list(range(-1, place + 1))
        guards = [guard for floor in floors for guard in self._guards[floor, place]]
        matchers = [matcher for stage in here for matcher in taking_matchers(stage)]
        any_type = stages[place].kind is Kind.IDLE and stages[place].matcher is None
        return types_of([*matchers, *guards, *self._exits], every=any_type or self._strict)
