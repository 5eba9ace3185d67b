"""Conditions and matchers: which events are meant."""

from typing import Final

from config.language import AllOf, AnyOf, Comparison, Condition, Matcher, Not
from config.reading import words
from config.references import EventPath

_OPERATORS: Final = {
    "eq": "is",
    "ne": "is not",
    "gt": "is more than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "matches": "matches",
}


def operator(name: str) -> str:
    """`is at least`, as it stands between a path and a value."""
    return _OPERATORS[name]


def comparison(of: Comparison) -> str:
    """`price is at least 20`."""
    path = words.path(of.path)
    if of.operator == "exists":
        return f"{path} is there" if of.value else f"{path} is missing"
    return f"{path} {operator(of.operator)} {words.value(of.value, is_time=of.path == ('event_time',))}"


def condition(of: Condition, *, inside: bool = False) -> str:
    """The whole condition; `inside` another it stands in brackets where it is more than one thing."""
    match of:
        case Comparison():
            return comparison(of)
        case Not(member):
            return f"not ({condition(member)})"
        case AllOf(members) | AnyOf(members):
            word = " and " if isinstance(of, AllOf) else " or "
            text = word.join(condition(member, inside=True) for member in members)
            return f"({text})" if inside and len(members) > 1 else text


def where(of: Condition | None) -> str:
    """` where price is at least 20`, or nothing."""
    return "" if of is None else f" where {condition(of)}"


def own_key(of: Matcher) -> str:
    """` (purchase by customer_id and products.product_id)`, or nothing where the match's key holds."""
    if of.key is None:
        return ""
    if isinstance(of.key, dict):
        return f" ({', '.join(f'{each} {_by(paths)}' for each, paths in of.key.items())})"
    return f" ({_by(of.key)})"


def _by(paths: tuple[EventPath, ...]) -> str:
    return f"by {words.joined(map(words.path, paths), 'and')}"


def matched(of: Matcher) -> str:
    """`a cart_add where price is at least 20`."""
    return f"{words.an_event(of.types)}{own_key(of)}{where(of.where)}"


def not_matched(of: Matcher) -> str:
    """`no cart_add where price is at least 20`."""
    return f"{words.no_event(of.types)}{own_key(of)}{where(of.where)}"


def any_matched(matchers: tuple[Matcher, ...]) -> str:
    """One of several."""
    return words.joined(map(matched, matchers), "or")
