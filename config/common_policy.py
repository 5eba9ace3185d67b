"""`config/policy.yaml`: what holds for everybody's triggers, and that each of them is only stricter."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final

from pydantic import ValidationError

from config.documents import read_document
from config.durations import UNITS_US, format_us
from config.errors import ConfigError, Problem, Refused, nearest
from config.language import Cap, Trigger
from config.language.fields import Identifier, Percent
from config.language.policy import read_timezone
from config.loader import LoadedTrigger
from config.model import ConfigModel, Finding, Reads
from config.refusals import in_file_order, problems_of

SHIPPED: Final = Path(__file__).parent / "policy.yaml"

# How long a calendar period can be, with the hour that a change of clocks adds.
_LONGEST_US: Final = {
    name: days * UNITS_US["d"] + UNITS_US["h"] for name, days in (("day", 1), ("week", 7), ("month", 31))
}


def _read_zone(raw: object) -> str:
    zone = read_timezone(raw)
    if not isinstance(zone, str):
        raise Refused("is not a timezone", allowed="an IANA name such as Europe/Oslo")
    return zone


class CommonPolicy(ConfigModel):
    """Consent names that exist, and limits that every trigger is under beside its own.

    `caps` count all actions to a recipient. `holdout` is the share of recipients held out of every trigger.
    """

    consent: tuple[Identifier, ...] = ()
    caps: tuple[Cap, ...] = ()
    holdout: Percent = 0.0
    default_timezone: Annotated[str, Reads(_read_zone, {"type": "string"})] = "UTC"


NO_LIMITS: Final = CommonPolicy()


def load_common_policy(path: Path = SHIPPED) -> CommonPolicy:
    """The policy in a file. Raises `ConfigError`."""
    document = read_document(path)
    try:
        return CommonPolicy.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(problems_of(error, document.source)) from None


def problems_under(common: CommonPolicy, loaded: Iterable[LoadedTrigger]) -> list[Problem]:
    """Everything in these triggers that asks for more than the policy for everybody has or allows."""
    problems: list[Problem] = []
    for each in loaded:
        found = [each.source.problem(*finding) for finding in _findings(common, each.trigger)]
        problems += in_file_order(found)
    return problems


def _findings(common: CommonPolicy, trigger: Trigger) -> Iterator[Finding]:
    name = trigger.policy.consent
    if name is not None and name not in common.consent:
        allowed = ", ".join(common.consent) or "no consent: the policy file declares none"
        refused = Refused("is not a consent of the policy file", allowed=allowed, hint=nearest(name, common.consent))
        yield Finding(("policy", "consent"), name, refused)
    for place, cap in enumerate(trigger.policy.caps):
        for limit in common.caps:
            if _never_binds(cap, limit):
                per = format_us(limit.per_us) if limit.per_us is not None else limit.calendar
                refused = Refused(
                    f"is looser than the policy file's cap of {limit.max} per {per}", allowed=f"{limit.max} or fewer"
                )
                yield Finding(("policy", "caps", place, "max"), cap.max, refused)
                break


def _never_binds(cap: Cap, limit: Cap) -> bool:
    """Whether `limit` is always reached before `cap`: more of the same in no more time."""
    same = (cap.channel, cap.tag) == (limit.channel, limit.tag)
    if not same or cap.max <= limit.max:
        return False
    if cap.per == limit.per:
        return True
    if limit.per_us is not None:
        return (cap.per_us or _LONGEST_US[str(cap.calendar)]) <= limit.per_us
    # A rolling span lies across two calendar periods, and a week across two months.
    return cap.calendar == "day"
