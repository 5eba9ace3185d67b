"""Names: each is given once, and what is asked of a captured event is there when it is asked."""

from collections.abc import Iterator

from config.errors import UNSHOWN, Refused, nearest
from config.language.conditions import Comparison, comparisons
from config.language.matcher import Matcher
from config.language.trigger import Trigger
from config.language.uses import Capture, Use, actions, captures, matchers, uses
from config.model import Finding
from config.references import AGGREGATES, Reference, Scaled

_OF_REPETITIONS = ("first", "prev", "count", *AGGREGATES)
_OF_ITSELF = ("last", "item")


def check_scope(trigger: Trigger) -> Iterator[Finding]:
    """Every name given twice and every reference that could not be answered."""
    captured = list(captures(trigger.match))
    yield from _names_given_twice(captured)
    yield from _action_names_given_twice(trigger)
    by_name = {capture.name: capture for capture in reversed(captured)}
    for use in uses(trigger):
        refused = _refusal(use.reference, use, by_name) if use.reference else None
        if refused is not None:
            yield Finding(use.location, str(use.reference), refused)
    yield from _unknown_skip(trigger, by_name)
    yield from _customer_without_its_key(trigger)
    yield from _customer_of_another_key(trigger)


def _names_given_twice(captured: list[Capture]) -> Iterator[Finding]:
    seen: dict[str, Capture] = {}
    for capture in captured:
        first = seen.setdefault(capture.name, capture)
        if first is not capture:
            refused = Refused(f"is already the name of an event in steps[{first.step}]", allowed="another name")
            yield Finding(capture.location, capture.name, refused)


def _action_names_given_twice(trigger: Trigger) -> Iterator[Finding]:
    seen: set[str] = set()
    for location, action in actions(trigger):
        if action.name in seen:
            word = "channel" if action.written_name is None else "name"
            refused = Refused("is already the name of an action", allowed="a name: of its own")
            yield Finding((*location, word), action.name, refused)
        seen.add(action.name)


def _refusal(reference: Reference, use: Use, by_name: dict[str, Capture]) -> Refused | None:
    name = reference.name
    if reference.is_customer:
        return None
    if name == use.own:
        if reference.selector not in _OF_ITSELF:
            return None
        return Refused("is this event itself", allowed=f"${name}.prev.PATH, ${name}.first.PATH, ${name}.count")
    known = [each.name for each in by_name.values() if use.step is None or each.step < use.step]
    if name not in known:
        place = "by any step" if use.step is None else "by an earlier step"
        allowed = ", ".join(f"${each}" for each in sorted(known)) or "nothing: no event has a name (as:) by then"
        return Refused(f"is not captured {place}", allowed=allowed, hint=_nearest_name(name, known))
    if reference.selector in _OF_REPETITIONS and not by_name[name].repeats:
        hint = f"give the step that captures {name} its times:"
        return Refused("asks for repetitions of a single event", allowed=f"${name}.PATH", hint=hint)
    return None


def _nearest_name(name: str, known: list[str]) -> str | None:
    return nearest(f"${name}", [f"${each}" for each in known])


def _unknown_skip(trigger: Trigger, by_name: dict[str, Capture]) -> Iterator[Finding]:
    after_match = trigger.match.after_match
    if after_match is None or after_match.name is None or after_match.name in by_name:
        return
    allowed = ", ".join(sorted(by_name)) or "nothing: no event has a name (as:)"
    refused = Refused("is not captured by any step", allowed=allowed, hint=nearest(after_match.name, by_name))
    yield Finding(("match", "after_match", after_match.kind), after_match.name, refused)


def _customer_without_its_key(trigger: Trigger) -> Iterator[Finding]:
    if trigger.match.key[0] == ("customer_id",):
        return
    for use in uses(trigger):
        if use.asks_customer and use.in_match:
            what = "the customer's profile or clock"
            refused = Refused(
                f"asks for {what}, and the key does not begin with customer_id",
                allowed="in policy.where, or with key: [customer_id, …]",
            )
            yield Finding(use.location, str(use.reference) if use.reference else UNSHOWN, refused)


def _customer_of_another_key(trigger: Trigger) -> Iterator[Finding]:
    """A matcher whose own key begins elsewhere: its events come to a place where their customer's profile is not."""
    if trigger.match.key[0] != ("customer_id",):
        return
    for location, matcher in matchers(trigger):
        if not _leaves_the_customer(matcher):
            continue
        for comparison in comparisons(matcher.where):
            asked = _asked_of_customer(comparison)
            if asked is not None:
                refused = Refused(
                    "asks for the customer's profile, and the matcher's key does not begin with customer_id",
                    allowed="with key: [customer_id, …]",
                )
                yield Finding((*location, "where", *comparison.location), asked, refused)


def _leaves_the_customer(matcher: Matcher) -> bool:
    keys = matcher.key.values() if isinstance(matcher.key, dict) else [matcher.key]
    return any(key is not None and key[0] != ("customer_id",) for key in keys)


def _asked_of_customer(comparison: Comparison) -> str | None:
    if comparison.path[0] in ("$customer", "score"):
        return ".".join(comparison.path)
    value = comparison.value.reference if isinstance(comparison.value, Scaled) else comparison.value
    return str(value) if isinstance(value, Reference) and value.is_customer else None
