"""Two triggers that always fire together: the same situation, however it is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass

from config.check.suspicion import Suspicion
from config.language import AllOf, AnyOf, Comparison, Condition, Match, Trigger
from config.language.uses import captures
from config.loader import LoadedTrigger
from config.model import ConfigModel
from config.references import Reference

# What says nothing of the situation, or is looked at apart.
_LEFT_OUT = frozenset({"name", "location", "on_expire", "after_match"})
_SET_LIKE = frozenset({"types", "exit", "members"})


def same_match(loaded: Sequence[LoadedTrigger]) -> Iterator[tuple[LoadedTrigger, Suspicion]]:
    """Each trigger whose match and `policy.where` an earlier one has already."""
    seen: dict[str, LoadedTrigger] = {}
    for each in loaded:
        first = seen.setdefault(situation(each.trigger), each)
        if first is not each:
            message = f"is the same as the match of {first.trigger.trigger} ({first.source.file}): they fire together"
            yield each, Suspicion(("match",), message, "one trigger with the actions of both")


def situation(trigger: Trigger) -> str:
    """When a trigger fires, as a text that does not depend on names, on the order of alternatives, on defaults."""
    match = trigger.match
    names = {capture.name: f"#{place}" for place, capture in enumerate(captures(match))}
    parts = [_plain(match, names), _plain(trigger.policy.where, names)]
    if match.is_single_event:
        # On arrival nothing is ever open.
        alone = match.model_copy(update={"on_repeat": "restart", "after_match": None})
        return repr([_plain(alone, names), *parts[1:]])
    return repr([*parts, _after_match(match, names)])


def _after_match(match: Match, names: Mapping[str, str]) -> object:
    after = match.effective_after_match
    return (after.kind, names.get(after.name or "", after.name))


def _plain(part: object, names: Mapping[str, str]) -> object:
    match part:
        case Reference():
            return (names.get(part.name, part.name), part.selector, part.path)
        case Comparison() if part.operator in ("in", "not_in") and isinstance(part.value, tuple):
            return (part.path, part.operator, sorted(map(repr, part.value)))
        case AllOf() | AnyOf():
            word = type(part).__name__
            return (word, sorted(repr(_plain(member, names)) for member in _flat(part)))
        case ConfigModel():
            fields_ = type(part).model_fields
            return [(name, _field(name, getattr(part, name), names)) for name in fields_ if name not in _LEFT_OUT]
        case tuple() | list():
            return [_plain(each, names) for each in part]
        case dict():
            return sorted((key, repr(_plain(value, names))) for key, value in part.items())
        case _ if is_dataclass(part):
            own = ((each.name, getattr(part, each.name)) for each in fields(part) if each.name not in _LEFT_OUT)
            return [type(part).__name__, *((name, _plain(value, names)) for name, value in own)]
        case _:
            return part


def _field(name: str, value: object, names: Mapping[str, str]) -> object:
    plain = _plain(value, names)
    return sorted(map(repr, plain)) if name in _SET_LIKE and isinstance(plain, list) else plain


def _flat(group: AllOf | AnyOf) -> Iterator[Condition]:
    """The members, with those of groups of the same kind."""
    for member in group.members:
        if type(member) is type(group):
            yield from _flat(member)
        else:
            yield member
