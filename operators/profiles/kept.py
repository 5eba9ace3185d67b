"""What of the profiles is kept: the attributes and traits that something reads, and nothing for anything else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from config.references import EventPath
from config.traits import Trait
from operators.profiles.aggregates import CompiledTrait, compile_traits

PROFILE_TYPES: Final = frozenset({"identify", "customer_updated"})
"""Events that set attributes, from their properties."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The part of every profile that something reads."""

    attributes: frozenset[EventPath] = frozenset()
    """Paths below the profile; one covers what is above and below it."""
    traits: tuple[CompiledTrait, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.attributes or self.traits)

    def wants(self, path: EventPath) -> bool:
        """Whether an assignment at this path can change what is read."""
        return any(path[: len(each)] == each[: len(path)] for each in self.attributes)

    def hears(self, event_type: str) -> bool:
        """Whether an event of this type can change a profile."""
        if self.attributes and event_type in PROFILE_TYPES:
            return True
        return any(trait.hears(event_type) for trait in self.traits)

    def reads_body(self, event_type: str) -> bool:
        """Whether the JSON of such an event has to be parsed for it."""
        if self.attributes and event_type in PROFILE_TYPES:
            return True
        return any(trait.reads_body and trait.hears(event_type) for trait in self.traits)


def kept_for(paths: Iterable[EventPath], traits: Iterable[Trait]) -> Kept:
    """What has to be kept so that ``paths`` (below ``$customer``) can be read; a trait hides its namesake."""
    paths = frozenset(paths)
    asked = {path[0] for path in paths}
    wanted = [trait for trait in traits if trait.trait in asked]
    names = {trait.trait for trait in wanted}
    return Kept(frozenset(path for path in paths if path[0] not in names), compile_traits(wanted))
