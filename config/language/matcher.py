"""Which events fit: by type, by condition, and where they keep the match's key."""

from collections.abc import Mapping

from pydantic import Field, model_validator

from config.errors import Refused, nearest
from config.language.conditions import Where
from config.language.fields import ANY_TYPE, MatcherKey, Types
from config.model import ConfigModel, Finding, validation_error
from config.references import EventPath


class Matcher(ConfigModel):
    """One of `types` (`("*",)` is any) for which `where` holds.

    `key` where the match's key stands elsewhere in these events: paths for all types, or per type.
    """

    types: Types = Field(alias="event")
    where: Where | None = None
    key: MatcherKey | None = None

    def key_of(self, event_type: str) -> tuple[EventPath, ...] | None:
        """Where this type keeps the key; `None` where the match's own paths hold."""
        return self.key.get(event_type) if isinstance(self.key, dict) else self.key

    @model_validator(mode="after")
    def _keys_are_of_its_types(self) -> "Matcher":
        check_key_types(self.types, self.key)
        return self


def check_key_types(types: tuple[str, ...], key: object) -> None:
    """Refuses a `key: {TYPE: …}` for a type that the matcher does not have."""
    if not isinstance(key, Mapping) or types == ANY_TYPE:
        return
    allowed = ", ".join(types)
    refusals = ((each, Refused("is not of this matcher", allowed=allowed, hint=nearest(each, types))) for each in key)
    findings = [Finding(("key", each), each, refused) for each, refused in refusals if each not in types]
    if findings:
        raise validation_error("key", findings)
