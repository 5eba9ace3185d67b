"""Sees what a step of a flow raises, at the moment it does.

In a cluster of several processes Bytewax loses it: the engine's own threads end with an error of theirs, and only that
one reaches whoever started it; or none does, for the engine waits for the other processes, and they for this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from bytewax.dataflow import Dataflow, Operator

Saw = Callable[[BaseException], None]

_BUILT: Final = (
    *("next_batch", "next_awake", "write_batch", "on_batch", "on_notify", "on_eof", "notify_at", "snapshot", "close"),
)
"""What the engine calls of a partition or a logic, once it is built."""
_BUILDERS: Final = {"source": ("build_part", "build"), "sink": ("build_part", "build")}
_CALLED: Final = ("mapper", "predicate", "inspector")


def witness(flow: Dataflow, saw: Saw) -> None:
    """Tells ``saw`` every exception of the flow's own code but ``StopIteration``; each then goes on to the engine."""
    for step in _core(flow.substeps):
        for name, methods in _BUILDERS.items():
            edge = getattr(step, name, None)
            for method in methods:
                if hasattr(edge, method):
                    setattr(edge, method, _seeing_built(getattr(edge, method), saw))
        if hasattr(step, "builder"):
            object.__setattr__(step, "builder", _seeing_built(step.builder, saw))  # operators are frozen
        for name in _CALLED:
            if hasattr(step, name):
                object.__setattr__(step, name, _seeing(getattr(step, name), saw))


def _core(steps: Iterable[Operator]) -> Iterable[Any]:
    for step in steps:
        if step.substeps:
            yield from _core(step.substeps)
        else:
            yield step


def _seeing(call: Callable[..., Any], saw: Saw) -> Callable[..., Any]:
    def seeing(*arguments: Any) -> Any:
        try:
            found = call(*arguments)
            # Bytewax's own mappers are lazy: what they call would be called, and raise, outside of here.
            return list(found) if isinstance(found, Iterator) else found
        except StopIteration:
            raise
        except BaseException as error:
            saw(error)
            raise

    return seeing


def _seeing_built(build: Callable[..., Any], saw: Saw) -> Callable[..., Any]:
    def building(*arguments: Any) -> Any:
        built = build(*arguments)
        for name in _BUILT:
            if hasattr(built, name):
                setattr(built, name, _seeing(getattr(built, name), saw))
        return built

    return _seeing(building, saw)
