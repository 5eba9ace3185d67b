"""Whom a trigger tells what, and what holds it back."""

from collections.abc import Iterator

from config.language import Action, Cap, Policy, QuietHours
from config.reading import conditions, words
from config.references import Reference


def policy(of: Policy) -> Iterator[str]:
    """What holds an action back, in the order in which it is asked; a sentence each."""
    if of.max_age_us is not None:
        yield f"sends nothing that is older than {words.span(of.max_age_us)}"
    if of.consent is not None:
        yield f"asks for the consent {of.consent}"
    if of.where is not None:
        yield f"is for those{conditions.where(of.where)}"
    if of.holdout:
        yield f"{of.holdout * 100:g}% of the recipients are held out"
    if of.cooldown_us:
        yield f"tells a recipient at most once in {words.span(of.cooldown_us)}"
    for each in of.caps:
        yield cap(each)
    if of.quiet_hours is not None:
        yield quiet_hours(of.quiet_hours)
    if of.arbitration_us:
        yield f"competes with the actions of the {words.span(of.arbitration_us)} around it"
    if of.priority:
        yield f"has the priority {of.priority}"


def cap(of: Cap) -> str:
    """`at most 3 actions by email in 7 days`."""
    what = f"by {of.channel}" if of.channel is not None else f"tagged {of.tag}"
    actions = "1 action" if of.max == 1 else f"{of.max} actions"
    return f"at most {actions} {what} {'in ' + words.span(of.per_us) if of.per_us is not None else f'a {of.per}'}"


def quiet_hours(of: QuietHours) -> str:
    """`nothing from 21:00 to 08:00 of the customer's timezone: it is sent afterwards`."""
    match of.timezone:
        case None:
            zone = "the default timezone"
        case Reference():
            zone = words.reference(of.timezone)
        case _:
            zone = of.timezone
    then = "it is sent afterwards" if of.then == "defer" else "it is not sent"
    return f"sends nothing from {words.local_time(of.start)} to {words.local_time(of.end)} ({zone}): {then}"


def action(of: Action, policy_: Policy) -> str:
    """`sends cart-reminder by email to its customer_id, with product_id`."""
    text = f"sends {of.template} by {of.channel}{_to(policy_)}"
    if of.data:
        text += f", with {words.joined(of.data, 'and')}"
    if of.tag is not None:
        text += f", tagged {of.tag}"
    if of.written_name is not None:
        text += f", as {of.written_name}"
    if of.after_us is not None:
        text += f", {words.span(of.after_us)} later"
    if of.unless:
        text += f", unless {conditions.any_matched(of.unless)} comes before that"
    return text


def _to(policy_: Policy) -> str:
    if isinstance(policy_.recipient, Reference):
        return f" to {words.reference(policy_.recipient)}"
    return "" if policy_.recipient == ("customer_id",) else f" to its {words.path(policy_.recipient)}"
