"""Actions compiled: who receives them and what they carry, read from what a match captured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from config.language import Action
from config.references import EventPath, Reference, Scaled
from operators.captures import CaptureLayout
from operators.conditions import Captures, Read, compile_scaled
from operators.paths import key_text
from operators.program import CompiledAction
from operators.render import iso_ms


def compile_actions(actions: Sequence[Action], layout: CaptureLayout) -> tuple[CompiledAction, ...]:
    """The actions of a trigger, in the order written."""
    return tuple(
        CompiledAction(action.name, action.channel, action.template, _data(action.data, layout)) for action in actions
    )


def compile_recipient(recipient: EventPath | Reference, layout: CaptureLayout) -> Read:
    """A reader of the recipient's id as text, None where the captures have none."""
    read = layout.resolve(recipient) if isinstance(recipient, Reference) else layout.read_first(recipient)
    return lambda captures: key_text(read(captures))


def _data(data: Mapping[str, Any], layout: CaptureLayout) -> Callable[[Captures], dict[str, Any]]:
    readers = {name: _value(value, layout) for name, value in data.items()}
    return lambda captures: {name: read(captures) for name, read in readers.items()}


def _value(value: Any, layout: CaptureLayout) -> Read:
    if isinstance(value, Scaled):
        return compile_scaled(value, layout.resolve)
    if isinstance(value, Reference):
        read = layout.resolve(value)
        if value.path == ("event_time",) and value.selector != "item":
            # None of a step that took no event.
            return lambda captures: None if (time_us := read(captures)) is None else iso_ms(time_us)
        return read
    if isinstance(value, Mapping):
        return _data(value, layout)
    if isinstance(value, tuple):
        members = [_value(each, layout) for each in value]
        return lambda captures: [read(captures) for read in members]
    return lambda captures: value
