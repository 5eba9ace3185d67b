"""What cannot work between a trigger's policy and its match."""

from collections.abc import Iterator
from typing import Final

from config.errors import UNSHOWN, Refused
from config.language.conditions import AllOf, Comparison, Condition
from config.language.steps import EventStep
from config.language.trigger import Trigger
from config.language.uses import matchers
from config.model import Finding
from config.references import EventPath, Reference

ACTION_SENT: Final = "action_sent"
"""The type of the event that a sent action comes back as."""
_CUSTOMER: Final = ("customer_id",)
_ITS_TRIGGER: Final = ("properties", "trigger")


def check_policy(trigger: Trigger) -> Iterator[Finding]:
    """Marks that could not be kept, and a trigger that listens to itself."""
    if trigger.match.fires.kind != "always" and not _has_one_recipient(trigger):
        refused = Refused(
            "is kept with the recipient, and one key may have several",
            allowed="a recipient that is part of key: or is per:",
            hint="name the recipient's path in per:",
        )
        yield Finding(("match", "fires"), UNSHOWN, refused)
    for location, matcher in matchers(trigger):
        if ACTION_SENT in matcher.types:
            for comparison in _all_required(matcher.where):
                if comparison.path == _ITS_TRIGGER and (comparison.operator, comparison.value) == (
                    "eq",
                    trigger.trigger,
                ):
                    refused = Refused("is this trigger itself, which never hears of its own", allowed="another trigger")
                    yield Finding((*location, "where", *comparison.location), trigger.trigger, refused)


def recipient_path(trigger: Trigger) -> EventPath | None:
    """The path of an event that names the recipient; None where it is an element of a list."""
    recipient = trigger.policy.recipient
    if not isinstance(recipient, Reference):
        return recipient
    return None if recipient.selector == "item" else recipient.path


def _has_one_recipient(trigger: Trigger) -> bool:
    """Whether all matches of one key and `per` value have the same recipient."""
    match, recipient, path = trigger.match, trigger.policy.recipient, recipient_path(trigger)
    if match.key[0] == _CUSTOMER and path == _CUSTOMER:
        return True
    first = match.steps[0]
    if path is None or not isinstance(first, EventStep):
        return False
    if isinstance(recipient, Reference) and recipient.name != first.name:
        return False
    return path == match.per or (first.key is None and path in match.key)


def _all_required(condition: Condition | None) -> Iterator[Comparison]:
    """The comparisons that each must hold."""
    if isinstance(condition, Comparison):
        yield condition
    elif isinstance(condition, AllOf):
        for member in condition.members:
            yield from _all_required(member)
