"""Actions compiled: who receives them and what they carry, read from what a match captured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from config.errors import Location
from config.language import Action, Trigger
from config.references import EventPath, Reference, Scaled
from operators.captures import CaptureLayout
from operators.conditions import Captures, Read, compile_scaled
from operators.paths import descend, key_text
from operators.program import CompiledAction
from operators.render import iso_ms


def compile_actions(trigger: Trigger, layout: CaptureLayout) -> tuple[CompiledAction, ...]:
    """The actions of a trigger in the order written, those of its ``on_expire`` last."""
    on_expire = trigger.match.on_expire
    return (
        *(_action(action, layout, on_expire=False) for action in trigger.actions),
        *(_action(action, layout, on_expire=True) for action in (on_expire.actions if on_expire is not None else ())),
    )


def compile_recipient(recipient: EventPath | Reference, layout: CaptureLayout) -> Read:
    """A reader of the recipient's id as text, None where the captures have none."""
    read = layout.resolve(recipient) if isinstance(recipient, Reference) else layout.read_first(recipient)
    return lambda captures: key_text(read(captures))


def _action(action: Action, layout: CaptureLayout, *, on_expire: bool) -> CompiledAction:
    fills: list[tuple[Location, Read]] = []
    data = _data(action.data, layout, (), fills)
    return CompiledAction(
        action.name, action.channel, action.template, data, action.tag, action.after_us, tuple(fills), on_expire
    )


def _data(
    data: Mapping[str, Any], layout: CaptureLayout, location: Location, fills: list[tuple[Location, Read]]
) -> Callable[[Captures], dict[str, Any]]:
    readers = {name: _value(value, layout, (*location, name), fills) for name, value in data.items()}
    return lambda captures: {name: read(captures) for name, read in readers.items()}


def _value(value: Any, layout: CaptureLayout, location: Location, fills: list[tuple[Location, Read]]) -> Read:
    """A reader of the value; what the profile holds is left empty, with its place among ``fills``."""
    reference = value.reference if isinstance(value, Scaled) else value
    if isinstance(reference, Reference) and reference.is_customer:
        fills.append((location, _of_profile(value, reference)))
        return lambda captures: None
    if isinstance(value, Scaled):
        return compile_scaled(value, layout.resolve)
    if isinstance(value, Reference):
        read = layout.resolve(value)
        if value.path == ("event_time",) and value.selector != "item":
            # None of a step that took no event.
            return lambda captures: None if (time_us := read(captures)) is None else iso_ms(time_us)
        return read
    if isinstance(value, Mapping):
        return _data(value, layout, location, fills)
    if isinstance(value, tuple):
        members = [_value(each, layout, (*location, place), fills) for place, each in enumerate(value)]
        return lambda captures: [read(captures) for read in members]
    return lambda captures: value


def _of_profile(value: Any, reference: Reference) -> Read:
    """A reader of a profile, given as the one thing captured."""

    def read(profile: Captures) -> Any:
        return descend(profile[0], reference.path)

    return compile_scaled(value, lambda _: read) if isinstance(value, Scaled) else read
