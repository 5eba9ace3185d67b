"""What a check of a trigger that loads can say: legal, and probably not meant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from config.errors import Location
from config.events import EventSchema


class Suspicion(NamedTuple):
    """`message` says what is odd, `way_out` what to write instead."""

    location: Location
    message: str
    way_out: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a trigger is checked against: declared events and what holds for every trigger.

    `types_are_declared` where most types that triggers name have a schema, so that one without is odd.
    """

    schemas: Mapping[str, EventSchema] = field(default_factory=dict)
    types_are_declared: bool = False
    default_timezone: str | None = None
