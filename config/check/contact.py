"""Suspicions about whom a trigger tells what."""

from collections.abc import Iterator
from typing import Final

from config.check.suspicion import Surroundings, Suspicion
from config.language import Trigger
from config.language.uses import actions

# Where a message without the customer's consent is against the law in many countries.
MARKETING_CHANNELS: Final = ("email", "sms", "push", "whatsapp", "phone", "mail")


def no_consent(trigger: Trigger, around: Surroundings) -> Iterator[Suspicion]:
    """A message to a customer for which no consent is asked."""
    if trigger.policy.consent is not None:
        return
    for location, action in actions(trigger):
        if action.channel in MARKETING_CHANNELS:
            yield Suspicion(
                (*location, "channel"),
                f"{action.channel} reaches customers, and no consent is asked",
                "policy: {consent: marketing}, unless the message is owed to them",
            )
