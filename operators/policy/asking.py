"""What a policy asks about one recipient at one time: consent, timezone, conditions; the profile is read once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from operators.policy.compiled import CompiledPolicy
from operators.policy.local_time import QuietEnd, quiet_end
from operators.policy.values import Match
from operators.profile_reader import Profile, ProfileReader
from operators.program import CompiledAction
from operators.reasons import SuppressReason

_NOTHING: Final[Profile] = {}


class Asked:
    """One recipient as of one event time."""

    __slots__ = ("_profile", "_read", "at_us", "recipient")

    def __init__(self, recipient: str | None, at_us: int, read: ProfileReader) -> None:
        self.recipient = recipient or ""
        self.at_us = at_us
        self._read = read
        self._profile: Profile | None = None

    @property
    def profile(self) -> Profile:
        """The attributes; none of a customer nobody knows."""
        if self._profile is None:
            known = self._read(self.recipient, self.at_us) if self.recipient else None
            self._profile = _NOTHING if known is None else dict(known)
        return self._profile

    def consent(self, policy: CompiledPolicy) -> SuppressReason | None:
        """Why the recipient may not be contacted: the profile says no, or does not say."""
        if policy.consent is None:
            return None
        given = self.profile.get("consent")
        answer = given.get(policy.consent) if isinstance(given, Mapping) else None
        if answer is True:
            return None
        return SuppressReason.CONSENT if answer is False else SuppressReason.CONSENT_UNKNOWN

    def where(self, policy: CompiledPolicy, match: Match) -> bool | None:
        """Whether the policy's conditions hold; None where they cannot be told."""
        return True if policy.where is None else policy.where((match.values, self.profile))

    def quiet(self, policy: CompiledPolicy, match: Match) -> QuietEnd | None:
        """The quiet hours that hold now, None where none do."""
        quiet = policy.quiet
        if quiet is None:
            return None
        zone = policy.quiet_zone(match.values, self.profile)
        return quiet_end(self.at_us, zone, quiet.start_minute, quiet.end_minute)

    def data(self, action: CompiledAction, data: dict[str, Any]) -> dict[str, Any]:
        """What an action carries, with what the profile holds of it."""
        for location, read in action.fills:
            data = _with(data, location, read((self.profile,)))
        return data


def _with(value: Any, location: tuple[str | int, ...], new: Any) -> Any:
    """A copy of nested lists and mappings with another value at ``location``; as it is where there is no such place,
    because the match is older than the trigger's present text."""
    if not location:
        return new
    name, *rest = location
    inside = name in value if isinstance(value, dict) else isinstance(value, list) and name in range(len(value))
    if not inside:
        return value
    copy = value.copy()
    copy[name] = _with(value[name], tuple(rest), new)
    return copy
