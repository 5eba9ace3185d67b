"""One matcher of a trigger, compiled: which events fit it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from operators.body import by_item
from operators.captures import capture
from operators.conditions import Captures, Test
from operators.paths import Getter
from operators.records import TYPE, Event

Paths: TypeAlias = tuple[tuple[str, ...], ...]
Ways: TypeAlias = "tuple[Paths | None, ...] | dict[Paths | None, Any]"
"""The paths by which an event came to a key, None for the match's own. An event that came by several is still one:
then the list element it came by stands here by way, and not in the event."""

OWN_WAY: Final[Ways] = (None,)


class CompiledMatcher:
    """Types, key and condition of one matcher. ``unknown`` counts verdicts that were neither true nor false."""

    __slots__ = ("condition", "default_spec", "is_elsewhere", "of_one", "specs", "types", "unknown")

    def __init__(
        self,
        types: frozenset[str] | None,
        condition: Test | None,
        specs: Mapping[str, Paths],
        default_spec: Paths | None = None,
        *,
        of_one: bool = False,
    ) -> None:
        self.types = types
        """None: any type."""
        self.condition = condition
        self.specs = specs
        """By type, where this matcher finds the key if elsewhere than the match does."""
        self.default_spec = default_spec
        """The same of any type not in ``specs``."""
        self.is_elsewhere = bool(specs) or default_spec is not None
        self.of_one = of_one
        """Whether of the matches of a key it can fit those alone whose ``per`` is the event's customer."""
        self.unknown = 0

    def fits(self, event: Event, captures: Captures, ways: Ways) -> bool:
        """Whether the event certainly fits: for a step that acts."""
        return self._verdict(event, captures, ways) is True

    def blocks(self, event: Event, captures: Captures, ways: Ways) -> bool:
        """Whether the event may fit: for an absence or an exit, where in doubt nothing is sent."""
        return self._verdict(event, captures, ways) is not False

    def capture(self, event: Event, layout: tuple[Getter, ...], ways: Ways) -> tuple[Any, ...]:
        """What is kept of an event that fits."""
        if type(ways) is dict:
            item = ways[self.specs.get(event[TYPE], self.default_spec)]
            event = by_item(event, item)
        return capture(event, layout)

    def _verdict(self, event: Event, captures: Captures, ways: Ways) -> bool | None:
        event_type = event[TYPE]
        if self.types is not None and event_type not in self.types:
            return False
        if (self.is_elsewhere or ways is not OWN_WAY) and self.specs.get(event_type, self.default_spec) not in ways:
            return False
        if self.condition is None:
            return True
        verdict = self.condition(event, captures)
        if verdict is None:
            self.unknown += 1
        return verdict
