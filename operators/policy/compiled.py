"""A trigger's ``policy``, together with the policy for everybody, as deciding reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from config.common_policy import CommonPolicy
from config.language import Cap, Condition, Trigger, comparisons
from config.references import EventPath, Reference, Scaled
from operators.captures import CaptureLayout
from operators.conditions import Captures, Read, compile_condition
from operators.local_time import zone_named, zone_of
from operators.paths import Getter, descend
from operators.profile_reader import Profile

Subject: TypeAlias = tuple[Mapping[str, Any], Profile]
"""What conditions of a policy look at: the values a match carries, and the recipient's profile."""

Tester: TypeAlias = Callable[[Subject], bool | None]


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet hours as minutes of the day; ``timezone`` is a name, the key of a match's value, or the profile's path."""

    start_minute: int
    end_minute: int
    defers: bool
    timezone: str | Reference | None


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """One trigger's policy. ``caps`` are its own and everybody's."""

    values: Mapping[str, Read]
    """What a match carries of its captured events, by the text of its path."""
    consent: str | None
    where: Tester | None
    holdout: float
    common_holdout: float
    cooldown_us: int
    caps: tuple[Cap, ...]
    quiet: Quiet | None
    max_age_us: int | None
    arbitration_us: int
    default_zone: ZoneInfo
    once_us: int | None
    """``fires``: how long a mark holds; 0 is for ever, None: there are no marks."""
    decides_on_arrival: bool
    """Whether a match that fired on arrival is decided there and then."""

    def quiet_zone(self, match_values: Mapping[str, Any], profile: Profile) -> ZoneInfo:
        """The timezone that quiet hours are told in."""
        assert self.quiet is not None
        timezone = self.quiet.timezone
        if isinstance(timezone, Reference):
            value = descend(profile, timezone.path) if timezone.is_customer else match_values.get(str(timezone))
            return zone_of(value) or self.default_zone
        return self.default_zone if timezone is None else zone_of(timezone) or self.default_zone

    def customer_zone(self, profile: Profile) -> ZoneInfo:
        """The timezone that calendar periods are told in."""
        return zone_of(profile.get("timezone")) or self.default_zone


def compile_policy(trigger: Trigger, layout: CaptureLayout, common: CommonPolicy) -> CompiledPolicy:
    """The policy of one trigger under the policy for everybody."""
    policy = trigger.policy
    fires = trigger.match.fires
    values = dict(_values(trigger, layout))
    quiet = policy.quiet_hours
    default_zone = zone_named(common.default_timezone)
    assert default_zone is not None, "the policy file refuses other names"
    caps = (*policy.caps, *common.caps)
    return CompiledPolicy(
        values=values,
        consent=policy.consent,
        where=None if policy.where is None else _where(policy.where),
        holdout=policy.holdout,
        common_holdout=common.holdout,
        cooldown_us=policy.cooldown_us,
        caps=caps,
        quiet=None
        if quiet is None
        else Quiet(quiet.start.minute_of_day, quiet.end.minute_of_day, quiet.then == "defer", quiet.timezone),
        max_age_us=policy.max_age_us,
        arbitration_us=policy.arbitration_us,
        default_zone=default_zone,
        once_us=None if fires.kind == "always" else fires.period_us or 0,
        decides_on_arrival=policy.fits_on_arrival
        and fires.kind == "always"
        and all(action.after_us is None for action in trigger.actions)
        and not any(concerns(cap, action.channel, action.tag) for cap in caps for action in trigger.actions),
    )


def concerns(cap: Cap, channel: str, tag: str | None) -> bool:
    """Whether an action on this channel, with this tag, counts for the cap."""
    return cap.channel == channel if cap.channel is not None else cap.tag == tag


def _values(trigger: Trigger, layout: CaptureLayout) -> list[tuple[str, Callable[[Captures], Any]]]:
    """What ``where`` and the quiet hours' timezone read of captured events."""
    found: list[tuple[str, Callable[[Captures], Any]]] = []
    references: list[Any] = []
    for comparison in comparisons(trigger.policy.where):
        if comparison.path[0] != "$customer":
            found.append((_text(comparison.path), layout.read_first(comparison.path)))
        value = comparison.value
        references.append(value.reference if isinstance(value, Scaled) else value)
    if trigger.policy.quiet_hours is not None:
        references.append(trigger.policy.quiet_hours.timezone)
    found += [
        (str(each), layout.resolve(each)) for each in references if isinstance(each, Reference) and not each.is_customer
    ]
    return found


def _where(condition: Condition) -> Tester:
    test = compile_condition(condition, _resolve, _left)
    return lambda subject: test(subject, subject)


def _left(path: EventPath) -> Getter:
    if path[0] == "$customer":
        return lambda subject: descend(subject[1], path[1:])
    name = _text(path)
    return lambda subject: subject[0].get(name)


def _resolve(reference: Reference) -> Read:
    if reference.is_customer:
        return lambda subject: descend(subject[1], reference.path)
    name = str(reference)
    return lambda subject: subject[0].get(name)


def _text(path: EventPath) -> str:
    return ".".join(path)
