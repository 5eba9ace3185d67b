"""A whole trigger, from when it fires to what it sends."""

from config.language import Trigger
from config.language.uses import uses
from config.reading import match, policy


def reading_of(trigger: Trigger) -> tuple[str, ...]:
    """The sentences of a trigger: when it fires, then one for each further thing it says."""
    names = {use.reference.name for use in uses(trigger) if use.reference is not None and "data" not in use.location}
    expiry = trigger.match.on_expire
    return (
        match.headline(trigger.match, names),
        *match.more(trigger.match, names),
        *policy.policy(trigger.policy),
        *(policy.action(each, trigger.policy) for each in trigger.actions),
        *(
            f"a match that times out {policy.action(each, trigger.policy)}"
            for each in (expiry.actions if expiry is not None else ())
        ),
    )
