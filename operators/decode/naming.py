"""What a source calls things, in our words: its types and properties by the vocabulary, numbers by the schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.events import EventSchema
from config.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Naming:
    """A topic's vocabulary and the schemas of its types."""

    vocabulary: Vocabulary
    schemas: Mapping[str, EventSchema]

    def type(self, source_name: str) -> str:
        """Our name of a source's event type."""
        return self.vocabulary.type(source_name)

    def properties(self, event_type: str, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties under our names; text that is a number becomes one where vocabulary or schema says so."""
        named = self.vocabulary.properties(event_type, properties)
        schema = self.schemas.get(event_type)
        return named if schema is None else schema.coerce(named)
